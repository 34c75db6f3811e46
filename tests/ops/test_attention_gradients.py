"""Attention of any shape, its hand-written gradients, and its blocks."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator
from torch.autograd import gradcheck, gradgradcheck
from torch.utils.flop_counter import FlopCounterMode

from groundup.ops.attention import BLOCK, scaled_dot_product_attention
from groundup.parity.compare import PART_BOUND, compare_functions


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=Generator().manual_seed(seed))


def triple(queries=5, keys=6, dtype=torch.float64):
    shapes = [(2, 3, queries, 4), (2, 3, keys, 4), (2, 3, keys, 4)]
    return [draw(*shape, seed=seed, dtype=dtype).requires_grad_() for seed, shape in enumerate(shapes)]


def test_causal_attention_skips_the_keys_behind_each_block():
    counts = {}
    for is_causal in (False, True):
        query, key, value = (draw(1, 1, 512, 4) for _ in range(3))
        with FlopCounterMode(display=False) as counter:
            scaled_dot_product_attention.tensors(query, key, value, is_causal=is_causal)
        counts[is_causal] = counter.get_total_flops()
    assert counts[False] == 2 * 2 * 512 * 512 * 4
    assert counts[True] == 2 * 2 * 128 * (128 + 256 + 384 + 512) * 4


@pytest.mark.parametrize("queries", [BLOCK, BLOCK + 1])
def test_both_sides_of_a_block_are_equal(queries):
    args = triple(queries, BLOCK + 1)
    function = scaled_dot_product_attention.tensors
    with FlopCounterMode(display=False) as counter:
        function(*args, is_causal=True)
    whole = 2 * 2 * 6 * queries * (BLOCK + 1) * 4
    assert (counter.get_total_flops() == whole) == (queries == BLOCK)
    assert compare_functions(function, F.scaled_dot_product_attention, args, {"is_causal": True}).within(PART_BOUND)


@st.composite
def calls(draw_from):
    """Query, key and value of any rank, some of their dimensions 1, or shared heads; a mask that broadcasts in any way."""
    lead = draw_from(st.lists(st.integers(1, 3), max_size=3))
    queries, keys, dim = draw_from(st.tuples(st.integers(1, 5), st.integers(2, 6), st.integers(1, 5)))
    options = {"scale": draw_from(st.sampled_from([None, 0.3, -1.0]))}
    leads = [list(lead) for _ in range(3)]
    if lead and draw_from(st.booleans()):
        options["enable_gqa"] = True
        leads[0][-1] *= draw_from(st.integers(1, 3))
    elif lead and draw_from(st.booleans()):
        leads[draw_from(st.integers(1, 2))][draw_from(st.integers(0, len(lead) - 1))] = 1
    shapes = [(*leads[0], queries, dim), (*leads[1], keys, dim), (*leads[2], keys, dim + 1)]
    kind = draw_from(st.sampled_from(["none", "causal", "bool", "additive"]))
    if kind == "causal":
        options["is_causal"] = True
    elif kind != "none":
        whole = (*leads[0], queries, keys)
        shape = [size if draw_from(st.booleans()) else 1 for size in whole]
        shape = shape[draw_from(st.integers(0, len(whole) - 2)) :]
        seed = draw_from(st.integers(0, 99))
        may = draw(*shape, seed=seed).abs() < 1
        options["attn_mask"] = may if kind == "bool" else draw(*shape, seed=seed).masked_fill(~may, -torch.inf)
    return shapes, options


@settings(max_examples=25, deadline=None)
@given(calls(), st.integers(0, 99))
def test_attention_equals_torchs_on_any_shape(call, seed):
    shapes, options = call
    args = [draw(*shape, seed=seed + i) for i, shape in enumerate(shapes)]
    for name in ("tensors", "manual", "fused"):
        # one that sees a single key has a gradient of nothing but rounding: hold it against 1, not against itself
        errors = compare_functions(
            lambda q, k, v, name=name, **more: (getattr(scaled_dot_product_attention, name)(q, k, v, **more), q, k),
            lambda q, k, v, **more: (F.scaled_dot_product_attention(q, k, v, **more), q, k),
            args,
            options,
        )
        assert errors.within(PART_BOUND), (name, errors)


@pytest.mark.parametrize("name", ["manual", "tensors"])
def test_attention_passes_gradcheck_twice_over(name):
    attend = getattr(scaled_dot_product_attention, name)
    args = [part[:1, :2].detach().requires_grad_() for part in triple(3, 4)]
    mask = draw(2, 1, 4, seed=9).requires_grad_()
    may = torch.tensor([[True, True, False, True]] * 2 + [[False] * 4])

    def struck(*args):
        torch.manual_seed(0)
        return attend(*args, dropout_p=0.4)

    for function, inputs in (
        (lambda q, k, v: attend(q, k, v, scale=0.7), args),
        (attend, (*args, mask)),
        (lambda q, k, v: attend(q, k, v, may), args),
        (lambda q, k, v: attend(q, k[:, :1], v[:, :1], is_causal=True, enable_gqa=True), args),
        (lambda q, k, v: attend(q, k[:, :1], v[:, :1]), args),
        (struck, args),
    ):
        assert gradcheck(function, inputs)
        assert gradgradcheck(function, inputs)


def test_a_mask_that_takes_no_gradient_gets_none_and_one_that_does_keeps_its_shape():
    args, mask = triple(), draw(1, 3, 1, 6)
    scaled_dot_product_attention.manual(*args, mask).sum().backward()
    assert mask.grad is None
    mask.requires_grad_()
    scaled_dot_product_attention.manual(*args, mask).square().sum().backward()
    assert mask.grad.shape == (1, 3, 1, 6) and mask.grad.ne(0).all()
