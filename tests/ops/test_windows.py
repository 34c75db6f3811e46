"""Windows: how many there are, what lies under each, and the way back."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.windows import (
    as_batch,
    check_at_least,
    numbers,
    output_size,
    pad_for_windows,
    pair,
    scatter_windows,
    shifted,
    span,
    windows2d,
)


def test_one_number_stands_for_all_directions():
    assert pair(3) == pair((3,)) == pair([3, 3]) == (3, 3)
    assert numbers((1, 2), 2) == (1, 2)
    assert numbers(4, 1) == numbers((4,), 1) == (4,)
    assert numbers(2, 3) == (2, 2, 2)


@pytest.mark.parametrize(("value", "directions"), [((1, 2, 3), 2), ((), 2), ((1, 2), 1), ((1, 2), 3)])
def test_numbers_for_other_directions_are_refused(value, directions):
    with pytest.raises(ValueError, match=rf"one number, or {directions}, .* was given"):
        numbers(value, directions)


def test_a_number_below_the_least_is_named():
    check_at_least("op", 1, stride=1, dilation=(1, 2))
    check_at_least("op", 0, 1, padding=(0,))
    with pytest.raises(ValueError, match=r"op: dilation must be at least 1; it was given \(1, 0\)"):
        check_at_least("op", 1, stride=1, dilation=(1, 0))


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_the_windows_that_fit_are_those_that_one_can_count(ceil_mode):
    for size, kernel, stride, padding, dilation in (
        (s, k, t, p, d) for s in range(3, 9) for k in (1, 2, 3) for t in (1, 2, 3) for p in range(k // 2 + 1) for d in (1, 2)
    ):
        last = dilation * (kernel - 1)  # from a window's first pixel to its last
        if last >= size + 2 * padding:
            continue
        starts = range(-padding, size + padding, stride)
        whole = [start for start in starts if start + last < size + padding]
        if ceil_mode and whole and whole[-1] + last < size + padding - 1:
            whole += [start for start in (whole[-1] + stride,) if start < size]
        assert output_size(size, kernel, stride, padding, dilation, ceil_mode) == len(whole)


def test_the_span_reaches_from_the_first_pixel_to_the_last():
    assert span(1, 1, 5, 7) == 1
    assert span(3, 2, 4, 5) == len(range(0, 2 * 4 + 5 + 1))


def test_a_picture_alone_is_a_batch_of_one():
    assert as_batch(torch.zeros(3, 4, 5)).shape == (1, 3, 4, 5)
    assert as_batch(torch.zeros(0, 3, 4, 5)).shape == (0, 3, 4, 5)


@st.composite
def geometries(draw_from):
    def pair(low, high):
        return draw_from(st.tuples(st.integers(low, high), st.integers(low, high)))

    kernel, stride, padding, dilation, more = pair(1, 3), pair(1, 3), pair(0, 2), pair(1, 2), pair(0, 4)
    size = tuple(max(1, d * (k - 1) + 1 - 2 * p) + m for d, k, p, m in zip(dilation, kernel, padding, more))
    count = tuple(map(output_size, size, kernel, stride, padding, dilation))
    return size, kernel, count, stride, padding, dilation


@settings(max_examples=25, deadline=None)
@given(geometries(), st.integers(0, 2))
def test_a_window_holds_the_pixels_that_lie_under_it(geometry, batch):
    size, kernel, count, stride, padding, dilation = geometry
    input = torch.randn(batch, *size, 2)
    windows = windows2d(input, kernel, count, stride, padding, dilation)
    assert windows.shape == (batch, *count, *kernel, 2)
    for y in range(count[0]):
        for x in range(count[1]):
            for i in range(kernel[0]):
                for j in range(kernel[1]):
                    row, column = y * stride[0] - padding[0] + i * dilation[0], x * stride[1] - padding[1] + j * dilation[1]
                    inside = 0 <= row < size[0] and 0 <= column < size[1]
                    expected = input[:, row, column] if inside else torch.zeros(batch, 2)
                    assert torch.equal(windows[:, y, x, i, j], expected)


@settings(max_examples=25, deadline=None)
@given(geometries())
def test_the_shifted_pictures_are_the_windows_place_by_place(geometry):
    size, kernel, count, stride, padding, dilation = geometry
    input = torch.randn(2, *size, 3)
    padded = pad_for_windows(input, kernel, count, stride, padding, dilation)
    places = torch.stack(shifted(padded, kernel, count, stride, dilation), 3)
    assert torch.equal(places, windows2d(input, kernel, count, stride, padding, dilation).flatten(3, 4))


@settings(max_examples=25, deadline=None)
@given(geometries())
def test_scattering_is_the_transpose_of_cutting(geometry):
    size, kernel, count, stride, padding, dilation = geometry
    input = torch.randn(2, *size, 3, dtype=torch.float64)
    windows = torch.randn(2, *count, *kernel, 3, dtype=torch.float64)
    back = scatter_windows(windows, size, stride, padding, dilation)
    assert back.shape == input.shape
    torch.testing.assert_close((windows2d(input, kernel, count, stride, padding, dilation) * windows).sum(), (input * back).sum())


def test_padding_is_filled_with_what_is_asked_and_no_more_is_added_than_the_windows_need():
    input = torch.ones(1, 2, 3, 1)
    assert pad_for_windows(input, 1, (2, 3), 1, 0, 1) is input
    padded = pad_for_windows(input, (2, 1), (2, 2), (2, 1), (1, 0), 1, fill=7)
    assert torch.equal(padded[0, :, :, 0], torch.tensor([[7.0, 7, 7], [1, 1, 1], [1, 1, 1], [7, 7, 7]]))
    assert pad_for_windows(input, 1, (2, 1), 1, (0, 1), 1).shape == (1, 2, 4, 1)  # one before, and nothing is needed after


@pytest.mark.parametrize("transposed", [False, True])
def test_what_hangs_over_the_end_is_not_put_back_anywhere(transposed):
    """Three windows of two pixels, 3 apart, on seven pixels: the last place of the last lies beyond them."""
    windows, size, stride = torch.ones(1, 1, 3, 1, 2, 1), (1, 7), (1, 3)
    expected = torch.tensor([1.0, 1, 0, 1, 1, 0, 1])
    if transposed:
        windows, size, stride = windows.transpose(1, 2).transpose(3, 4), size[::-1], stride[::-1]
    assert torch.equal(scatter_windows(windows, size, stride, 0, 1).flatten(), expected)
