"""Positions beyond their cases: continued caches, defaults, how they start, what does not fit."""

from functools import partial

import pytest
import torch

from groundup.cases.case import ModuleCase
from groundup.cases.layers.position import T5_WEIGHTS, T5Bias, lengths
from groundup.layers.initialization import trunc_normal_
from groundup.layers.position import (
    LearnedPosition,
    RelativePositionBias,
    RotaryPosition,
    SinusoidalPosition,
    SinusoidalPosition2d,
    WindowPositionBias,
)
from groundup.ops.position import sinusoidal_positions, sinusoidal_positions2d
from groundup.ops.rotary import rotary_angles, rotate

ADDED = {"SinusoidalPosition": SinusoidalPosition, "LearnedPosition": LearnedPosition}
BOTH = pytest.mark.parametrize("name", ADDED)


@BOTH
def test_a_sequence_in_two_parts_gets_the_positions_of_the_whole(name):
    layer, x = ADDED[name](max_seq_len=9, embed_dim=4), torch.randn(2, 9, 4)
    parts = [layer(x[:, :5]), layer(x[:, 5:], torch.arange(5, 9))]
    assert torch.equal(torch.cat(parts, 1), layer(x))


@BOTH
def test_an_example_may_have_positions_of_its_own(name):
    layer, x = ADDED[name](max_seq_len=9, embed_dim=4), torch.randn(2, 3, 4)
    added = layer(x, torch.tensor([[0, 1, 2], [7, 0, 7]])) - x
    torch.testing.assert_close(added[0], layer(x[:1])[0] - x[0])
    torch.testing.assert_close(added[1, 0], added[1, 2])


@BOTH
def test_a_single_sequence_needs_no_batch(name):
    layer, x = ADDED[name](max_seq_len=9, embed_dim=4), torch.randn(3, 4)
    assert torch.equal(layer(x), layer(x.unsqueeze(0))[0])


@BOTH
def test_what_does_not_fit_a_table_of_positions_is_named(name):
    layer = ADDED[name](max_seq_len=6, embed_dim=4)
    assert layer(torch.zeros(1, 6, 4)).shape == (1, 6, 4)
    with pytest.raises(ValueError, match=f"{name} knows 6 positions; it was given a sequence of 7"):
        layer(torch.zeros(1, 7, 4))
    for shape in ((2, 3, 5), (4,)):
        with pytest.raises(ValueError, match=rf"{name} takes \(batch, length, 4\); it was given \({shape[0]}"):
            layer(torch.zeros(shape))
    with pytest.raises(ValueError, match="index 6 is outside a vocabulary of 6"):
        layer(torch.zeros(1, 2, 4), torch.tensor([5, 6]))


def test_sinusoids_are_interleaved_with_base_10000_and_never_saved():
    layer = SinusoidalPosition(max_seq_len=5, embed_dim=4)
    assert torch.equal(layer(torch.zeros(1, 5, 4))[0], sinusoidal_positions(5, 4))
    other = SinusoidalPosition(max_seq_len=5, embed_dim=4, base=10.0, layout="halves")
    assert torch.equal(other(torch.zeros(1, 5, 4))[0], sinusoidal_positions(5, 4, 10.0, "halves"))
    assert not layer.state_dict() and not list(layer.parameters())


def test_a_grid_has_base_10000_is_never_saved_and_takes_its_own_number_of_patches():
    layer = SinusoidalPosition2d(height=2, width=3, embed_dim=8)
    assert torch.equal(layer(torch.zeros(1, 6, 8))[0], sinusoidal_positions2d(2, 3, 8))
    other = SinusoidalPosition2d(height=2, width=3, embed_dim=8, base=10.0)
    assert torch.equal(other(torch.zeros(1, 6, 8))[0], sinusoidal_positions2d(2, 3, 8, 10.0))
    assert not layer.state_dict()
    for shape in ((1, 5, 8), (1, 6, 4), (8,)):
        with pytest.raises(ValueError, match=r"SinusoidalPosition2d takes \(batch, 6, 8\); it was given"):
            layer(torch.zeros(shape))


def test_learnt_positions_start_small_and_are_trained():
    layer = LearnedPosition(max_seq_len=300, embed_dim=40)
    assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert abs(layer.weight.mean().item()) < 1e-3
    layer(torch.zeros(2, 5, 40)).sum().backward()
    assert layer.weight.grad[:5].eq(2).all() and layer.weight.grad[5:].eq(0).all()


def test_rotary_turns_whole_heads_in_halves_with_base_10000_if_nothing_is_said():
    query, key = torch.randn(1, 2, 3, 6), torch.randn(1, 1, 3, 6)
    cos, sin = rotary_angles(torch.arange(3), 6, 10000.0)
    turned = RotaryPosition(head_dim=6)(query, key)
    assert torch.equal(turned[0], rotate(query, cos, sin)) and torch.equal(turned[1], rotate(key, cos, sin))


def test_rotated_queries_go_on_where_a_cache_of_keys_ended():
    layer, query, key = RotaryPosition(head_dim=4), torch.randn(1, 2, 6, 4), torch.randn(1, 2, 6, 4)
    whole = layer(query, key)
    last = layer(query[:, :, 5:], key[:, :, 5:], torch.tensor([5]))
    torch.testing.assert_close(last[0], whole[0][:, :, 5:])
    torch.testing.assert_close(last[1], whole[1][:, :, 5:])


@pytest.mark.parametrize("rotary_dim", [0, 3, 10])
def test_a_part_of_a_head_that_cannot_be_turned_is_named(rotary_dim):
    with pytest.raises(ValueError, match=f"rotary_dim is even and 2 to head_dim=8, not {rotary_dim}"):
        RotaryPosition(head_dim=8, rotary_dim=rotary_dim)
    assert RotaryPosition(head_dim=8, rotary_dim=8).rotary_dim == 8
    assert RotaryPosition(head_dim=8, rotary_dim=2).rotary_dim == 2


def test_an_odd_head_and_another_pairing_are_refused():
    with pytest.raises(ValueError, match="head_dim=7, not 7"):
        RotaryPosition(head_dim=7)
    with pytest.raises(ValueError, match="pairing is 'halves' or 'interleaved', not 'thirds'"):
        RotaryPosition(head_dim=8, pairing="thirds")


def test_the_bias_of_a_decoder_equals_t5s():
    case = ModuleCase(
        name="RelativePositionBias",
        reference="T5Attention.compute_bias",
        ours=partial(RelativePositionBias, num_heads=3, num_buckets=16, max_distance=40, bidirectional=False),
        theirs=partial(T5Bias, is_decoder=True),
        weights=T5_WEIGHTS,
        samples=lengths,
    )
    assert case.run().passed


def test_a_bias_looks_both_ways_through_32_buckets_if_nothing_is_said():
    torch.manual_seed(0)
    layer = RelativePositionBias(num_heads=2)
    assert layer.weight.shape == (32, 2)
    torch.manual_seed(0)
    assert torch.equal(layer.weight, torch.empty(32, 2).normal_())
    bias = layer(torch.tensor([0]), torch.tensor([-128, -127, 1, 90, 91]))[0, :, 0]
    assert torch.equal(bias, layer.weight[[15, 15, 17, 30, 31]].T)
    assert torch.equal(bias[:, 0], layer(torch.tensor([500]), torch.tensor([0]))[0, :, 0, 0])


def test_a_windows_bias_starts_as_swins_and_saves_its_table_alone():
    torch.manual_seed(4)
    layer = WindowPositionBias(window_size=(2, 3), num_heads=5)
    torch.manual_seed(4)
    assert torch.equal(layer.weight, trunc_normal_(torch.empty(15, 5), std=0.02))
    assert list(layer.state_dict()) == ["weight"]
    assert layer().shape == (1, 5, 6, 6)
    with pytest.raises(ValueError, match="takes a window"):
        WindowPositionBias(window_size=(0, 3), num_heads=5)
