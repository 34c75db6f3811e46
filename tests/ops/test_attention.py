"""Attention beyond its case: what no mask may let through, dropout, weights for pictures, types of numbers."""

import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from groundup.ops.attention import BLOCK, attention_weights, scaled_dot_product_attention
from groundup.ops.attention_fused import plain_attention
from groundup.ops.ladder import RUNGS
from groundup.parity.compare import PART_BOUND, compare_functions

ARRANGEMENTS = {name: getattr(scaled_dot_product_attention, name) for name in RUNGS} | {"plain": plain_attention}
EVERY_ARRANGEMENT = pytest.mark.parametrize("attend", ARRANGEMENTS.values(), ids=ARRANGEMENTS)
QUICK = {name: attend for name, attend in ARRANGEMENTS.items() if name != "loops"}
EVERY_QUICK_ONE = pytest.mark.parametrize("attend", QUICK.values(), ids=QUICK)


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=Generator().manual_seed(seed))


def triple(queries=5, keys=6, dtype=torch.float64):
    shapes = [(2, 3, queries, 4), (2, 3, keys, 4), (2, 3, keys, 4)]
    return [draw(*shape, seed=seed, dtype=dtype).requires_grad_() for seed, shape in enumerate(shapes)]


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


@pytest.mark.parametrize("attend", [ARRANGEMENTS[name] for name in ("loops", "tensors", "manual", "plain")])
def test_a_nan_is_not_swept_under_a_mean(attend):
    query, key, value = (part.detach() for part in triple())
    query[0, 1, 2, 3] = torch.nan
    where = attend(query, key, value).isnan()
    assert where[0, 1, 2].all() and where.sum() == 4


@EVERY_ARRANGEMENT
def test_dropout_strikes_out_weights_and_keeps_the_mean(attend):
    texts = 4 if attend is scaled_dot_product_attention.loops else 100
    query, key, value = torch.zeros(texts, 1, 8, 2), torch.zeros(texts, 1, 16, 2), torch.ones(texts, 1, 16, 1)
    output = attend(query, key, value, dropout_p=0.25)
    assert output.mean().item() == pytest.approx(1.0, abs=0.2 / texts**0.5)
    kept = output * 16 * 0.75  # of 16 equal weights, how many were left
    torch.testing.assert_close(kept, kept.round())
    assert kept.mean().item() == pytest.approx(12, abs=3 / texts**0.5) and kept.std() > 0.5
    assert attend(query, key, value, dropout_p=1.0).eq(0).all()


@EVERY_QUICK_ONE
def test_dropout_draws_what_torchs_draws(attend):
    def seeded(function):
        def run(*args, **kwargs):
            torch.manual_seed(3)
            return function(*args, **kwargs)

        return run

    sizes = [5, BLOCK + 2] if attend is not plain_attention else [5]
    for queries in sizes:
        for kwargs in ({"dropout_p": 0.3}, {"dropout_p": 0.6, "is_causal": True}):
            errors = compare_functions(seeded(attend), seeded(F.scaled_dot_product_attention), triple(queries), kwargs)
            assert errors.within(PART_BOUND), errors


@pytest.mark.parametrize("name", ["tensors", "manual", "fused"])
@pytest.mark.parametrize("lead", [(), (3,), (2, 1, 3)])
def test_dropout_draws_what_torchs_draws_on_any_rank(name, lead):
    args = [draw(*lead, length, 4, seed=length) for length in (5, 6, 6)]
    torch.manual_seed(0)
    expected = F.scaled_dot_product_attention(*args, dropout_p=0.4)
    torch.manual_seed(0)
    torch.testing.assert_close(getattr(scaled_dot_product_attention, name)(*args, dropout_p=0.4), expected)


def test_manual_attention_draws_dropout_for_every_text_and_head_even_where_they_share_a_query():
    query, key, value = draw(1, 2, 3, 4), draw(3, 2, 5, 4), torch.eye(5).double().expand(3, 2, 5, 5)
    torch.manual_seed(0)
    output = scaled_dot_product_attention.manual(query, key, value, dropout_p=0.5)
    assert output.eq(0).flatten(1).unique(dim=0).shape[0] == 3


@EVERY_ARRANGEMENT
@pytest.mark.parametrize("mask", [None, torch.float32, torch.bfloat16, torch.bool])
def test_what_goes_in_as_bfloat16_comes_out_as_bfloat16(attend, mask):
    args = [part.detach().bfloat16() for part in triple()]
    mask = None if mask is None else torch.ones(5, 6).to(mask)
    output = attend(*args, mask)
    assert output.dtype == torch.bfloat16
    torch.testing.assert_close(output, F.scaled_dot_product_attention(*args, mask), rtol=0.03, atol=0.03)


@pytest.mark.parametrize("name", ["tensors", "manual", "fused"])
def test_under_autocast_types_may_differ(name):
    query, key, value = (part.detach().float() for part in triple())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = getattr(scaled_dot_product_attention, name)(query, key.bfloat16(), value.bfloat16())
    torch.testing.assert_close(output.float(), F.scaled_dot_product_attention(query, key, value), rtol=0.03, atol=0.03)


def test_weights_are_the_shares_by_which_values_are_mixed():
    query, key, value = draw(2, 4, 5, 3), draw(2, 2, 6, 3), draw(2, 2, 6, 3)
    for options in ({}, {"is_causal": True}, {"scale": 0.3}, {"attn_mask": draw(5, 6)}, {"attn_mask": draw(5, 6) > 0}):
        weights = attention_weights(query, key, **options, enable_gqa=True)
        assert weights.shape == (2, 4, 5, 6)
        expected = F.scaled_dot_product_attention(query, key, value, **options, enable_gqa=True)
        torch.testing.assert_close(weights @ value.repeat_interleave(2, 1), expected)
    may = torch.tensor([[True] * 6, [False] * 6, [False, True] * 3, [True] + [False] * 5, [True] * 6])
    weights = attention_weights(query, key.repeat_interleave(2, 1), may)
    torch.testing.assert_close(weights.sum(-1), torch.tensor([1, 0, 1, 1, 1]).double().expand(2, 4, 5))
    assert weights.masked_select(~may).eq(0).all() and weights[:, :, 3, 0].eq(1).all()
    with pytest.raises(ValueError, match="wants one last dimension"):
        attention_weights(query, key[..., :2])
    with pytest.raises(ValueError, match="for heads that share keys, set enable_gqa"):
        attention_weights(query, key)
