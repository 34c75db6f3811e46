"""KVCache: the same numbers with and without, however the text is cut; masks, beams, drafts taken back; what does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.layers.attention import MultiHeadAttention
from groundup.layers.kv_cache import KeysAndValues, KVCache, one_each
from groundup.layers.position import RotaryPosition
from groundup.ops.ladder import rung
from groundup.parity.compare import PART_BOUND, randomize, relative_error

SIZE = dict(batch_size=2, num_kv_heads=3, max_seq_len=6, head_dim=4, dtype=torch.float64)


@pytest.fixture(autouse=True)
def without_gradients():
    with torch.no_grad():
        yield


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64)


def layer(**options):
    return randomize(MultiHeadAttention(**dict(embed_dim=12, num_heads=3) | options).double())


def in_pieces(attention, x, pieces, **options):
    """What attention gives when the text comes in pieces of these lengths, through a cache with places to spare."""
    cache, outputs = attention.new_cache(len(x), x.shape[1] + 2), []
    for piece in x.split(pieces, 1):
        outputs.append(attention(piece, cache=cache, **options))
    assert int(cache.length) == x.shape[1]
    return torch.cat(outputs, 1)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.sampled_from(["tensors", "manual", "fused"]), st.booleans())
def test_a_text_in_pieces_equals_the_text_at_once(pieces, name, shared):
    attention = layer(num_kv_heads=1) if shared else layer(rotate=RotaryPosition(head_dim=4))
    x = draw(2, sum(pieces), 12)
    with rung(name), torch.no_grad():
        assert relative_error(in_pieces(attention, x, pieces, is_causal=True), attention(x, is_causal=True)) <= PART_BOUND


@pytest.mark.parametrize("kind", ["bool", "added"])
def test_padding_on_the_left_stays_hidden_in_every_piece(kind):
    attention, x = layer(), draw(2, 7, 12)
    mask = torch.ones(2, 1, 1, 9, dtype=torch.bool)
    mask[1, ..., :3] = False
    mask = mask if kind == "bool" else torch.zeros(2, 1, 1, 9).double().masked_fill(~mask, -torch.inf)
    found = in_pieces(attention, x, [4, 1, 2], mask=mask, is_causal=True)
    assert relative_error(found, attention(x, mask=mask[..., :7], is_causal=True)) <= PART_BOUND
    assert relative_error(found[1:, 3:], attention(x[1:, 3:], is_causal=True)) <= PART_BOUND


def test_without_causality_a_piece_sees_all_of_itself_and_all_before_it():
    attention, x = layer(), draw(2, 5, 12)
    found = in_pieces(attention, x, [3, 2])
    assert relative_error(found[:, :3], attention(x[:, :3])) <= PART_BOUND
    assert relative_error(found[:, 3:], attention(x[:, 3:], x)) <= PART_BOUND


def test_no_piece_sees_the_places_that_are_still_empty():
    attention, x = layer(), draw(2, 3, 12)
    cache = attention.new_cache(2, 9)
    cache.keys.fill_(50), cache.values.fill_(50)
    assert relative_error(attention(x, cache=cache, is_causal=True), attention(x, is_causal=True)) <= PART_BOUND


def test_a_cache_has_the_type_and_the_heads_of_its_layer():
    cache = MultiHeadAttention(embed_dim=24, num_heads=6, num_kv_heads=2).bfloat16().new_cache(3, 7)
    assert cache.keys.shape == cache.values.shape == (3, 2, 7, 4)
    assert cache.keys.dtype == cache.values.dtype == torch.bfloat16
    assert cache.max_seq_len == 7 and cache.length.dtype == torch.int64
    on_meta = MultiHeadAttention(embed_dim=12, num_heads=3).to("meta").new_cache(1, 2)
    assert {on_meta.keys.device.type, on_meta.values.device.type, on_meta.length.device.type} == {"meta"}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert MultiHeadAttention(embed_dim=12, num_heads=3).new_cache(1, 2).keys.dtype == torch.bfloat16
        assert layer().new_cache(1, 2).keys.dtype == torch.float64  # which autocast leaves as it is


def test_what_only_a_device_knows_is_not_waited_for():
    cache, part = KVCache(**SIZE, device="meta"), draw(2, 3, 5, 4).to("meta")
    assert cache.held() is None and KVCache(**SIZE).held() == 0
    cache.append(part, part)
    cache.append(part, part)  # more than fit: to ask would be to wait
    cache.reorder(torch.tensor([1, 0], device="meta"))
    cache.truncate(3)
    assert cache.positions(2).device.type == "meta"


def test_a_cache_works_under_autocast():
    attention, x = MultiHeadAttention(embed_dim=12, num_heads=3), torch.randn(2, 5, 12)
    for cache in (None, KVCache(**SIZE | {"dtype": torch.float32})):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            cache = attention.new_cache(2, 6) if cache is None else cache
            pieces = [attention(piece, cache=cache, is_causal=True) for piece in x.split([3, 2], 1)]
        torch.testing.assert_close(torch.cat(pieces, 1).float(), attention(x, is_causal=True), rtol=0.05, atol=0.02)


def test_what_was_appended_stands_behind_what_was_there():
    cache, first, second = KVCache(**SIZE), draw(2, 3, 4, 4), draw(2, 3, 2, 4)
    assert cache.positions(4).tolist() == [0, 1, 2, 3]
    cache.append(first, -first)
    assert cache.positions(2).tolist() == [4, 5]
    keys, values = cache.append(second, -second)
    assert torch.equal(keys, torch.cat([first, second], 2)) and torch.equal(values, -keys)
    assert torch.equal(keys, cache.keys) and cache.length == 6


def test_truncate_takes_back_what_a_draft_guessed_wrong():
    attention, x, guess = layer(), draw(2, 4, 12), torch.full((2, 2, 12), torch.nan).double()
    cache = attention.new_cache(2, 6)
    attention(x[:, :3], cache=cache, is_causal=True)
    attention(guess, cache=cache, is_causal=True)
    cache.truncate(3)
    assert cache.length == 3
    assert relative_error(attention(x[:, 3:], cache=cache, is_causal=True), attention(x, is_causal=True)[:, 3:]) <= PART_BOUND
    cache.truncate(4)
    assert cache.length == 4


def test_reset_forgets_everything():
    attention, x = layer(), draw(2, 6, 12)
    cache = attention.new_cache(2, 6)
    attention(torch.full_like(x, torch.nan), cache=cache)
    cache.reset()
    assert cache.length == 0
    assert relative_error(attention(x, cache=cache), attention(x)) <= PART_BOUND


def test_reorder_lets_each_beam_go_on_from_the_text_it_was_kept_for():
    attention, x, rows = layer(), draw(3, 5, 12), torch.tensor([2, 0, 2])
    cache = attention.new_cache(3, 7)
    attention(x[:, :4], cache=cache, is_causal=True)
    cache.reorder(rows)
    text = torch.cat([x[rows, :4], x[:, 4:]], 1)
    assert relative_error(attention(x[:, 4:], cache=cache, is_causal=True), attention(text, is_causal=True)[:, 4:]) <= PART_BOUND


def test_one_step_is_compiled_once_for_all_lengths():
    from torch._dynamo.testing import CompileCounter

    attention, x, counter = layer(), draw(2, 6, 12), CompileCounter()
    step = torch.compile(attention, backend=counter, dynamic=False, fullgraph=True)
    cache = attention.new_cache(2, 6)
    outputs = [step(x[:, i : i + 1], cache=cache, is_causal=True) for i in range(6)]
    assert counter.frame_count == 1
    assert relative_error(torch.cat(outputs, 1), attention(x, is_causal=True)) <= PART_BOUND
    torch._dynamo.reset()


def test_a_text_that_does_not_fit_is_refused_and_leaves_the_cache_as_it_was():
    attention, x = layer(), draw(2, 7, 12)
    cache = attention.new_cache(2, 6)
    attention(x[:, :4], cache=cache)
    before = cache.keys.clone()
    with pytest.raises(ValueError, match="room for 6 tokens: it holds 4, and 3 more do not fit; make it with a larger"):
        attention(x[:, 4:], cache=cache)
    with pytest.raises(ValueError, match="it holds 4, and 3 more do not fit"):
        cache.append(draw(2, 3, 3, 4), draw(2, 3, 3, 4))
    assert torch.equal(cache.keys, before) and cache.length == 4
    attention(x[:, 4:6], cache=cache)
    assert cache.length == 6


@pytest.mark.parametrize(
    ("keys", "values", "message"),
    [
        ((3, 3, 1, 4), (3, 3, 1, 4), r"takes keys and values of shape \(2, 3, tokens, 4\); it was given \(3, 3, 1, 4\)"),
        ((2, 1, 1, 4), (2, 1, 1, 4), r"given \(2, 1, 1, 4\)"),
        ((2, 3, 1, 5), (2, 3, 1, 5), r"given \(2, 3, 1, 5\)"),
        ((2, 3, 1, 4), (2, 3, 1, 5), r"given \(2, 3, 1, 5\)"),
        ((3, 1, 4), (3, 1, 4), r"given \(3, 1, 4\)"),
        ((2, 3, 2, 4), (2, 3, 1, 4), "there are 2 keys and 1 values"),
    ],
)
def test_what_is_of_another_shape_is_refused(keys, values, message):
    cache = KVCache(**SIZE)
    with pytest.raises(ValueError, match=message):
        cache.append(draw(*keys), draw(*values))
    assert cache.length == 0 and cache.keys.eq(0).all()


def test_a_batch_of_another_size_is_refused_by_the_layer():
    attention = layer()
    with pytest.raises(ValueError, match=r"shape \(2, 3, tokens, 4\); it was given \(1, 3, 5, 4\)"):
        attention(draw(1, 5, 12), cache=attention.new_cache(2, 6))


def test_a_mask_counts_all_places_of_the_cache():
    attention = layer()
    cache, mask = attention.new_cache(2, 6), torch.ones(5, 5, dtype=torch.bool)
    with pytest.raises(
        ValueError, match=r"mask \(5, 5\) does not broadcast to 5 queries and 6 keys \(of a cache, all its places"
    ):
        attention(draw(2, 5, 12), mask=mask, is_causal=True, cache=cache)
    with pytest.raises(ValueError, match="and 6 keys"):
        attention(draw(2, 5, 12), mask=mask, cache=cache)
    assert cache.length == 0


def test_gradients_are_refused_where_there_would_be_some():
    cache, part = KVCache(**SIZE), draw(2, 3, 1, 4)
    for keys, values in ((part.clone().requires_grad_(), part), (part, part.clone().requires_grad_())):
        with torch.enable_grad(), pytest.raises(ValueError, match=r"without gradients: .* within torch\.no_grad\(\)"):
            cache.append(keys, values)
        cache.append(keys, values)
    with torch.enable_grad():
        cache.append(part, part)
    assert cache.length == 3 and not cache.keys.requires_grad


@pytest.mark.parametrize("length", [-1, 4])
def test_a_cache_is_cut_back_only_to_what_it_holds(length):
    cache = KVCache(**SIZE)
    cache.append(draw(2, 3, 3, 4), draw(2, 3, 3, 4))
    with pytest.raises(ValueError, match=f"cannot be cut back to {length} tokens: it holds 3"):
        cache.truncate(length)


@pytest.mark.parametrize("rows", [[0], [0, 1, 0], [[0, 1]]])
def test_every_text_has_a_row_to_go_on_from(rows):
    with pytest.raises(ValueError, match="holds 2 texts and takes as many row numbers"):
        KVCache(**SIZE).reorder(torch.tensor(rows))


def test_each_block_has_its_own_or_none_has_any():
    assert one_each(None, 3) == [None] * 3
    assert one_each([1, 2], 2) == [1, 2]
    for given_ in ([], [1], [1, 2, 3]):
        with pytest.raises(ValueError, match=f"each of 2 blocks has its own cache, or memory; {len(given_)} were given"):
            one_each(given_, 2)


def test_projected_contexts_are_taken_by_row():
    keys, values = draw(3, 2, 4, 5), draw(3, 2, 4, 5)
    kept = KeysAndValues(keys, values).reorder(torch.tensor([2, 0]))
    assert torch.equal(kept.keys, keys[[2, 0]]) and torch.equal(kept.values, values[[2, 0]])
