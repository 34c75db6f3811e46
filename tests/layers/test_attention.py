"""MultiHeadAttention beyond its cases: its biases, its start, its masks, its weights, shared heads, what does not fit."""

import math

import pytest
import torch
from torch import Generator, nn

from groundup.cases.layers.attention import WEIGHTS, call_torch, sentences, torch_mask
from groundup.layers.attention import MultiHeadAttention
from groundup.layers.kv_cache import KVCache
from groundup.layers.position import RotaryPosition
from groundup.parity.compare import PART_BOUND, backward, named_gradients, randomize, relative_error, tensors_in
from groundup.weights.rules import rename, restore


def pair() -> tuple[MultiHeadAttention, nn.MultiheadAttention]:
    theirs = randomize(nn.MultiheadAttention(12, 3, batch_first=True).double())
    ours = MultiHeadAttention(embed_dim=12, num_heads=3).double()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS))
    return ours, theirs


def layer(**options) -> MultiHeadAttention:
    return randomize(MultiHeadAttention(**dict(embed_dim=12, num_heads=3) | options).double())


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64)


def test_biases_and_their_gradients_equal_torchs():
    # the key's bias alone has a gradient of 0 but for rounding, so that it is held in torch's layout, beside the others
    for sample in sentences(Generator().manual_seed(2)):
        ours, theirs = pair()
        outputs = ours(*sample.args, **sample.kwargs), call_torch(theirs, *sample.args, **sample.kwargs)
        assert relative_error(*outputs) <= PART_BOUND
        for output in outputs:
            backward(tensors_in(output))
        gradients = restore(named_gradients(ours), [rule for rule in WEIGHTS if not rule.theirs[1:].startswith("_proj")])
        for name, gradient in named_gradients(theirs).items():
            assert relative_error(gradients[name], gradient) <= PART_BOUND, name


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("widths", [{}, {"key_dim": 12, "value_dim": 12}, {"key_dim": 7, "value_dim": 9}, {"value_dim": 9}])
def test_attention_starts_as_torchs_does(bias, widths):
    torch.manual_seed(4)
    theirs = nn.MultiheadAttention(12, 3, bias=bias, **{name[0] + "dim": width for name, width in widths.items()}).state_dict()
    ours = MultiHeadAttention(embed_dim=12, num_heads=3, bias=bias, **widths)
    torch.manual_seed(4)
    ours.reset_parameters()
    theirs = rename(theirs, WEIGHTS)
    assert theirs.keys() == ours.state_dict().keys()
    for name, value in theirs.items():
        torch.testing.assert_close(ours.state_dict()[name], value)


def test_shared_heads_start_within_glorots_bound_of_all_that_is_projected_at_once():
    ours = MultiHeadAttention(embed_dim=64, num_heads=8, num_kv_heads=2)
    bound = math.sqrt(6 / (64 + 64 + 16 + 16))
    for projection in (ours.query, ours.key, ours.value):
        assert 0.95 * bound < projection.weight.abs().max() <= bound
    assert ours.key.weight.shape == ours.value.weight.shape == (16, 64)


def test_torchs_two_masks_are_one_of_ours():
    ours, theirs = pair()
    x, hidden, padding = draw(2, 5, 12), torch.rand(5, 5) > 0.7, torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    hidden.fill_diagonal_(False)
    expected = theirs(x, x, x, key_padding_mask=padding, attn_mask=hidden, need_weights=False)[0]
    mask = ~hidden & ~padding[:, None, None]
    assert relative_error(ours(x, mask=mask)[:1], expected[:1]) <= PART_BOUND
    assert relative_error(ours(x, mask=mask)[1, :3], expected[1, :3]) <= PART_BOUND


def test_padding_never_reaches_another_position():
    layer, x = MultiHeadAttention(embed_dim=12, num_heads=3), torch.randn(2, 5, 12)
    mask = torch.ones(2, 1, 1, 5, dtype=torch.bool)
    mask[1, ..., 3:] = False
    other = x.clone()
    other[1, 3:] = 9.0
    assert torch.equal(layer(x, mask=mask)[0], layer(other, mask=mask)[0])
    torch.testing.assert_close(layer(x, mask=mask)[1, :3], layer(other, mask=mask)[1, :3])
    torch.testing.assert_close(layer(x, mask=mask)[1, :3], layer(x[1:, :3])[0])


@pytest.mark.parametrize("mask", [None, torch.ones(1, 5, dtype=torch.bool), torch.zeros(3, 1, 5)], ids=["none", "bool", "added"])
def test_what_comes_later_never_reaches_an_earlier_position(mask):
    layer, x = MultiHeadAttention(embed_dim=12, num_heads=3), torch.randn(2, 5, 12)
    for length in range(1, 5):
        torch.testing.assert_close(layer(x, mask=mask, is_causal=True)[:, :length], layer(x[:, :length], is_causal=True))


def test_cross_attention_does_not_depend_on_the_order_of_its_context():
    layer, x, context = MultiHeadAttention(embed_dim=12, num_heads=3), torch.randn(2, 4, 12), torch.randn(2, 6, 12)
    output = layer(x, context)
    assert output.shape == (2, 4, 12)
    torch.testing.assert_close(layer(x, context.flip(1)), output)
    assert not torch.allclose(layer(x), output)


def test_a_projected_context_stands_for_the_context_itself():
    attention, x, context, values = layer(key_dim=7, value_dim=9), draw(2, 4, 12), draw(2, 6, 7), draw(2, 6, 9)
    known = attention.project(context, values)
    assert torch.equal(attention(x, known), attention(x, context, values=values))
    rows = torch.tensor([1, 1, 0])
    assert torch.equal(attention(x[rows], known.reorder(rows)), attention(x[rows], context[rows], values=values[rows]))
    assert torch.equal(attention.weights(x, known), attention.weights(x, known.reorder(torch.tensor([0, 1]))))


def test_heads_of_keys_repeated_are_shared_heads():
    shared, own = layer(embed_dim=24, num_heads=6, num_kv_heads=2), layer(embed_dim=24, num_heads=6)
    state = shared.state_dict()
    for name in ("key", "value"):
        for kind in ("weight", "bias"):
            heads = state[f"{name}.{kind}"].unflatten(0, (2, 4))
            state[f"{name}.{kind}"] = heads.repeat_interleave(3, 0).flatten(0, 1)
    own.load_state_dict(state)
    x = draw(2, 5, 24)
    assert relative_error(shared(x, is_causal=True), own(x, is_causal=True)) <= PART_BOUND
    assert relative_error(shared.weights(x, is_causal=True), own.weights(x, is_causal=True)) <= PART_BOUND


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"mask": torch.rand(2, 1, 5, 6) > 0.4}, {"mask": draw(5, 6)}])
def test_weights_are_torchs_head_by_head_and_in_their_mean(options):
    ours, theirs = pair()
    x, context = draw(2, 5, 12), draw(2, 6, 12)
    mask = torch_mask(3, x, context, options.get("mask"), options.get("is_causal", False))
    expected = theirs(x, context, context, attn_mask=mask, average_attn_weights=False)[1]
    found = ours.weights(x, context, **options)
    assert found.shape == (2, 3, 5, 6)
    seen = expected.isfinite()  # theirs are NaN for a query that may see nothing
    assert relative_error(found.where(seen, 0), expected.where(seen, 0)) <= PART_BOUND
    if not options:
        assert relative_error(found.mean(1), theirs(x, context, context)[1]) <= PART_BOUND


def test_weights_without_a_context_are_those_of_self_attention():
    ours, theirs = pair()
    x = draw(2, 5, 12)
    assert relative_error(ours.train().weights(x), theirs(x, x, x, average_attn_weights=False)[1]) <= PART_BOUND


def test_dropout_acts_in_training_alone():
    attention, x = layer(dropout=0.5), draw(2, 5, 12)
    assert not torch.allclose(attention(x), attention(x))
    assert torch.equal(attention.weights(x), attention.weights(x))
    attention.eval()
    assert torch.equal(attention(x), attention(x))
    assert layer().dropout == 0.0


def test_dropout_is_torchs_after_the_same_seed():
    theirs = randomize(nn.MultiheadAttention(12, 3, dropout=0.4, batch_first=True).double())
    ours = MultiHeadAttention(embed_dim=12, num_heads=3, dropout=0.4).double()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS))
    x = draw(2, 5, 12)
    torch.manual_seed(0)
    output = ours(x)
    torch.manual_seed(0)
    assert relative_error(output, theirs(x, x, x, need_weights=False)[0]) <= PART_BOUND


def test_rotated_heads_know_only_how_far_apart_they_are():
    seen = []

    def turn(query, key, positions):
        seen.append((query.shape, key.shape, positions.tolist()))
        return RotaryPosition(head_dim=4)(query, key, positions)

    attention, x = layer(embed_dim=24, num_heads=6, num_kv_heads=2, rotate=turn), draw(2, 5, 24)
    output = attention(x)
    assert seen == [((2, 6, 5, 4), (2, 2, 5, 4), [0, 1, 2, 3, 4])]
    assert not torch.allclose(attention(x.flip(1)).flip(1), output)  # unlike attention without positions
    plain = layer(embed_dim=24, num_heads=6, num_kv_heads=2)
    torch.testing.assert_close(plain(x.flip(1)).flip(1), plain(x))

    attention.rotate = lambda query, key, positions: turn(query, key, positions + 7)
    torch.testing.assert_close(attention(x), output, atol=1e-5, rtol=0)  # float32 angles


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(num_heads=5), "5 heads do not divide embed_dim=12"),
        (dict(num_heads=0), "0 heads do not divide embed_dim=12"),
        (dict(num_kv_heads=2), "num_kv_heads=2 does not divide num_heads=3"),
        (dict(num_kv_heads=0), "num_kv_heads=0 does not divide num_heads=3"),
        (dict(num_kv_heads=6), "num_kv_heads=6 does not divide num_heads=3"),
        (dict(dropout=1.5), "dropout is a probability between 0 and 1, not 1.5"),
        (dict(dropout=-0.5), "not -0.5"),
    ],
)
def test_heads_and_probabilities_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MultiHeadAttention(**dict(embed_dim=12, num_heads=3) | options)


def test_dropout_may_be_all_and_a_head_may_be_one():
    assert layer(dropout=1.0)(draw(1, 2, 12)).shape == (1, 2, 12)
    assert layer(num_heads=1, num_kv_heads=1)(draw(1, 2, 12)).shape == (1, 2, 12)


@pytest.mark.parametrize(
    ("x", "kwargs", "message"),
    [
        ((2, 5, 11), {}, r"query takes \(..., length, 12\); it was given \(2, 5, 11\)"),
        ((12,), {}, r"query takes \(..., length, 12\); it was given \(12,\)"),
        ((2, 5, 12), {"context": (2, 5, 12)}, r"key takes \(..., length, 7\); it was given \(2, 5, 12\)"),
        ((2, 5, 12), {"context": (2, 5, 7)}, r"value takes \(..., length, 9\); it was given \(2, 5, 7\)"),
        ((2, 5, 12), {"context": (2, 5, 7), "values": (2, 5, 7)}, r"value takes \(..., length, 9\)"),
        ((2, 5, 12), {"context": (2, 5, 7), "values": (2, 4, 9)}, "one length for key and value"),
        ((2, 5, 12), {"context": (3, 5, 7), "values": (3, 5, 9)}, "dimensions before the length that broadcast"),
        ((2, 5, 12), {"context": (2, 6, 7), "values": (2, 6, 9), "mask": (5, 5)}, r"mask \(5, 5\) does not broadcast"),
    ],
)
def test_vectors_that_do_not_fit_are_named(x, kwargs, message):
    attention = layer(key_dim=7, value_dim=9)
    with pytest.raises(ValueError, match=message):
        attention(draw(*x), **{name: draw(*shape) for name, shape in kwargs.items()})


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.ones(5, 4, dtype=torch.bool), r"mask \(5, 4\) does not broadcast"),
        (torch.ones(4, 5, dtype=torch.bool), r"mask \(4, 5\) does not broadcast"),
        (torch.ones(2, 5, 5, dtype=torch.bool), r"mask \(2, 5, 5\) does not broadcast"),
        (torch.ones(5, 5, dtype=torch.int64), "attn_mask is of bool .* given torch.int64"),
        (torch.ones(5, 5, dtype=torch.float16), "attn_mask is of bool .* given torch.float16"),
    ],
)
def test_masks_that_do_not_fit_are_named(mask, is_causal, message):
    with pytest.raises(ValueError, match=message):
        layer()(draw(2, 5, 12), mask=mask, is_causal=is_causal)


def test_a_cache_or_rotation_beside_a_context_is_refused_and_so_are_values_beside_projected_ones():
    attention, x = layer(), draw(2, 5, 12)
    cache = KVCache(batch_size=2, num_kv_heads=3, max_seq_len=5, head_dim=4, dtype=torch.float64)
    with torch.no_grad(), pytest.raises(ValueError, match="cache and rotate are for self-attention"):
        attention(x, x, cache=cache)
    with pytest.raises(ValueError, match="give none beside"):
        attention(x, attention.project(x), values=x)
    with pytest.raises(ValueError, match="cache and rotate are for self-attention"):
        layer(rotate=RotaryPosition(head_dim=4))(x, x)
    assert cache.length == 0
