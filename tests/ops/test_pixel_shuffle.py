"""Pixel shuffle beyond its cases: there and back, order, what does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.ladder import RUNGS
from groundup.ops.pixel_shuffle import pixel_shuffle, pixel_unshuffle


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 2), max_size=2), st.integers(0, 2), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_unshuffling_undoes_shuffling_and_both_equal_torchs(batch, channels, factor, height, width):
    input = torch.randn(*batch, channels * factor * factor, height, width)
    shuffled = pixel_shuffle.tensors(input, factor)
    assert torch.equal(pixel_unshuffle.tensors(shuffled, factor), input)
    if input.numel():  # torch forgets the sides of what is empty
        assert torch.equal(shuffled, pixel_shuffle.fused(input, factor))
        assert torch.equal(pixel_unshuffle.fused(shuffled, factor), input)


@pytest.mark.parametrize("rung", RUNGS)
def test_four_channels_become_a_square_row_by_row(rung):
    input = torch.arange(4).view(4, 1, 1)
    assert getattr(pixel_shuffle, rung)(input, 2).tolist() == [[[0, 1], [2, 3]]]


@pytest.mark.parametrize(("shape", "factor"), [((2, 2), 1), ((6, 2, 2), 2), ((2, 3, 2, 2), 3), ((4, 2, 2), 0), ((4, 2, 2), -2)])
def test_what_cannot_be_shuffled_is_named(shape, factor):
    with pytest.raises(ValueError, match=rf"pixel_shuffle takes .* given \({', '.join(map(str, shape))}\) and {factor}"):
        pixel_shuffle.tensors(torch.zeros(shape), factor)


@pytest.mark.parametrize(("shape", "factor"), [((2, 2), 1), ((1, 3, 2), 2), ((1, 2, 3), 2), ((1, 2, 2), 0), ((1, 2, 2), -2)])
def test_what_cannot_be_unshuffled_is_named(shape, factor):
    with pytest.raises(ValueError, match=rf"pixel_unshuffle takes .* given \({', '.join(map(str, shape))}\) and {factor}"):
        pixel_unshuffle.tensors(torch.zeros(shape), factor)
