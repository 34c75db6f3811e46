"""Attention beyond its case: what no mask may let through, and the switch between two arrangements."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator

from groundup.cases.ops.attention import attention_samples
from groundup.ops.attention import (
    LONGEST_PLAIN,
    plain_attention,
    plain_is_faster,
    scaled_dot_product_attention,
)
from groundup.parity.compare import PART_BOUND, compare_functions

ARRANGEMENTS = {
    "tensors": scaled_dot_product_attention.tensors,
    "fused": scaled_dot_product_attention.fused,
    "plain": plain_attention,
}
EVERY_ARRANGEMENT = pytest.mark.parametrize("attend", ARRANGEMENTS.values(), ids=ARRANGEMENTS)


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=Generator().manual_seed(seed))


def triple(queries=5, keys=6, dtype=torch.float64):
    shapes = [(2, 3, queries, 4), (2, 3, keys, 4), (2, 3, keys, 4)]
    return [draw(*shape, seed=seed, dtype=dtype).requires_grad_() for seed, shape in enumerate(shapes)]


@pytest.fixture
def medium():
    """Products in the precision under which the plain arrangement is chosen."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    yield
    torch.set_float32_matmul_precision(before)


def hiding(mask, kind):
    return mask if kind == "bool" else torch.zeros(mask.shape, dtype=torch.float64).masked_fill(~mask, -torch.inf)


@EVERY_ARRANGEMENT
@pytest.mark.parametrize("kind", ["bool", "additive"])
def test_a_masked_key_never_reaches_the_output(attend, kind):
    mask = torch.ones(2, 1, 1, 6, dtype=torch.bool)
    mask[1, ..., 4:] = False
    query, key, value = triple()
    output = attend(query, key, value, hiding(mask, kind))
    output.square().sum().backward()
    for part in (key, value):
        assert part.grad[1, :, 4:].eq(0).all() and part.grad[0].ne(0).all() and part.grad[1, :, :4].ne(0).all()

    other_key, other_value = key.detach().clone(), value.detach().clone()
    other_key[1, :, 4:], other_value[1, :, 4:] = 1e3, -1e3
    assert torch.equal(attend(query, other_key, other_value, hiding(mask, kind)), output)


@EVERY_ARRANGEMENT
@pytest.mark.parametrize("kind", ["bool", "additive"])
def test_a_masked_key_stays_hidden_where_all_the_others_fit_badly(attend, kind):
    query, key, value = torch.ones(1, 1, 1, 4), torch.full((1, 1, 2, 4), -1e4), torch.tensor([3.0, 5.0]).view(1, 1, 2, 1)
    mask = hiding(torch.tensor([[True, False]]), kind)
    assert attend(query.double(), key.double(), value.double(), mask).item() == 3


@EVERY_ARRANGEMENT
def test_causal_attention_never_looks_ahead(attend):
    query, key, value = triple(queries=6)
    output = attend(query, key, value, is_causal=True)
    for last in range(5):
        other_key, other_value = key.detach().clone(), value.detach().clone()
        other_key[:, :, last + 1 :], other_value[:, :, last + 1 :] = 7.0, -7.0
        other = attend(query, other_key, other_value, is_causal=True)
        assert torch.equal(other[:, :, : last + 1], output[:, :, : last + 1])
        assert other[:, :, last + 1 :].ne(output[:, :, last + 1 :]).all()


@EVERY_ARRANGEMENT
@pytest.mark.parametrize("kind", ["bool", "additive"])
def test_a_query_that_may_see_nothing_gives_zero_and_hurts_nobody(attend, kind):
    mask = torch.ones(5, 6, dtype=torch.bool)
    mask[3] = False
    query, key, value = triple()
    output = attend(query, key, value, hiding(mask, kind))
    output.square().sum().backward()
    assert output[:, :, 3].eq(0).all() and output[:, :, :3].ne(0).all()
    assert all(part.grad.isfinite().all() for part in (query, key, value))
    assert query.grad[:, :, 3].eq(0).all()


@EVERY_ARRANGEMENT
def test_attention_is_stable_for_large_scores(attend):
    query, key, value = (part.detach() for part in triple())
    output = attend(1e5 * query, 1e5 * key, value)
    best = (query @ key.mT).argmax(-1, keepdim=True)
    torch.testing.assert_close(output, value.gather(2, best.expand(-1, -1, -1, 4)))


@EVERY_ARRANGEMENT
def test_a_single_key_is_all_that_can_be_answered(attend):
    query, key, value = triple(keys=1)
    torch.testing.assert_close(attend(query, key, value), value.expand(-1, -1, 5, -1))


@EVERY_ARRANGEMENT
def test_dropout_strikes_out_weights_and_keeps_the_mean(attend):
    query, key, value = torch.zeros(100, 1, 8, 2), torch.zeros(100, 1, 16, 2), torch.ones(100, 1, 16, 1)
    output = attend(query, key, value, dropout_p=0.25)
    assert output.mean().item() == pytest.approx(1.0, abs=0.02)
    kept = output * 16 * 0.75  # of 16 equal weights, how many were left
    torch.testing.assert_close(kept, kept.round())
    assert kept.mean().item() == pytest.approx(12, abs=0.3) and kept.std() > 0.5


def test_the_plain_arrangement_equals_the_librarys_kernel():
    for sample in attention_samples(Generator().manual_seed(1)):
        if sample.args[0].dim() == 4:
            errors = compare_functions(plain_attention, F.scaled_dot_product_attention, sample.args, sample.kwargs)
            assert errors.within(PART_BOUND), errors


@pytest.mark.parametrize("mask", ["none", "causal", "padding"])
@pytest.mark.parametrize("length", [LONGEST_PLAIN, LONGEST_PLAIN + 1])
def test_both_sides_of_the_switch_are_equal(medium, length, mask):
    padding = (torch.arange(length) < length - 9)[None]
    kwargs = {"none": {}, "causal": {"is_causal": True}, "padding": {"attn_mask": padding}}[mask]
    exact = triple(length, length)
    short = [part.float() for part in exact]
    assert plain_is_faster(*short[:2]) == (length == LONGEST_PLAIN)
    assert compare_functions(plain_attention, F.scaled_dot_product_attention, exact, kwargs).within(PART_BOUND)
    # on some processors "medium" means products in bfloat16
    torch.testing.assert_close(
        scaled_dot_product_attention.fused(*short, **kwargs).double(),
        scaled_dot_product_attention.tensors(*exact, **kwargs),
        rtol=0.03,
        atol=0.03,
    )


def test_the_librarys_kernel_is_left_only_where_plain_products_were_measured_to_be_faster(medium):
    query, key, _ = triple(32, 33, torch.float32)
    assert plain_is_faster(query, key)
    assert plain_is_faster(query.bfloat16(), key.bfloat16())
    assert not plain_is_faster(query.detach().bfloat16(), key.detach().bfloat16())
    assert not plain_is_faster(query[:, :, :31], key[:, :, :33])
    assert not plain_is_faster(query.double(), key.double())
    assert not plain_is_faster(key[0], key[0])
    assert not plain_is_faster(query, key[:, :1])
    torch.set_float32_matmul_precision("highest")
    assert not plain_is_faster(query, key)


def test_no_length_is_written_into_an_exported_graph(medium):
    class Attention(torch.nn.Module):
        def forward(self, query, key, value):
            return scaled_dot_product_attention(query, key, value, is_causal=True)

    args = tuple(part.detach() for part in triple(40, 40, torch.float32))
    length = torch.export.Dim("length", min=2, max=1024)
    program = torch.export.export(Attention(), args, dynamic_shapes=({2: length},) * 3)
    longer = [part.detach() for part in triple(300, 300, torch.float32)]
    torch.testing.assert_close(program.module()(*longer), scaled_dot_product_attention(*longer, is_causal=True))


@settings(max_examples=15, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(2, 5), st.integers(1, 5)),
    keys=st.integers(2, 6),  # one query that sees one key alone has a gradient of 0 but for rounding
    mask=st.sampled_from(["none", "causal", "bool", "additive"]),
    seed=st.integers(0, 99),
)
def test_attention_equals_torchs_on_any_shape(sizes, keys, mask, seed):
    batch, heads, queries, dim = sizes
    args = [draw(batch, heads, length, dim, seed=seed + length) for length in (queries, keys, keys + 1)]
    args[2] = args[2][:, :, :keys]
    may = draw(queries, keys, seed=seed).abs() < 1
    may[:, :2] = True
    kwargs = {
        "none": {},
        "causal": {"is_causal": True},
        "bool": {"attn_mask": may},
        "additive": {"attn_mask": draw(queries, keys, seed=seed).masked_fill(~may, -torch.inf)},
    }[mask]
    for attend in ARRANGEMENTS.values():
        errors = compare_functions(attend, F.scaled_dot_product_attention, args, kwargs)
        assert errors.within(PART_BOUND), errors


@pytest.mark.parametrize("rung", ["tensors", "fused"])
@pytest.mark.parametrize(
    ("change", "kwargs", "message"),
    [
        ({}, {"attn_mask": torch.ones(5, 6, dtype=torch.bool), "is_causal": True}, "attn_mask or is_causal, not both"),
        ({}, {"attn_mask": torch.ones(5, 6, dtype=torch.int64)}, r"of bool .* or of floating point, .* given torch.int64"),
        ({1: (2, 3, 6, 5)}, {}, r"query \(2, 3, 5, 4\), key \(2, 3, 6, 5\)"),
        ({2: (2, 3, 7, 4)}, {}, r"key \(2, 3, 6, 4\), value \(2, 3, 7, 4\)"),
    ],
)
def test_what_does_not_fit_is_named(rung, change, kwargs, message):
    args = triple()
    for position, shape in change.items():
        args[position] = draw(*shape)
    with pytest.raises(ValueError, match=message):
        getattr(scaled_dot_product_attention, rung)(*args, **kwargs)
