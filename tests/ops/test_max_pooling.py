"""Max pooling beyond its cases: random geometries, ties, padding, infinities, hand-written gradients, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.ladder import RUNGS
from groundup.ops.max_pooling import largest_pixels, max_pool2d
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS_BY_HAND = ("loops", "tensors", "manual")


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


@st.composite
def geometries(draw_from):
    """A picture's shape and the options; a quarter of the pictures end where a window just does."""

    def pair(low, high):
        return draw_from(st.tuples(st.integers(low, high), st.integers(low, high)))

    kernel, stride, dilation = pair(1, 4), pair(1, 4), pair(1, 2)
    padding = tuple(draw_from(st.integers(0, k // 2)) for k in kernel)
    size = tuple(d * (k - 1) + 1 + m for d, k, m in zip(dilation, kernel, pair(0, 6)))
    shape = (draw_from(st.integers(1, 2)), draw_from(st.integers(1, 3)), *size)
    options = dict(kernel_size=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=draw_from(st.booleans()))
    return shape, options


@settings(max_examples=20, deadline=None)
@given(geometries(), st.booleans())
def test_max_pool2d_equals_torchs_for_every_geometry(geometry, return_indices):
    shape, options = geometry
    options |= {"return_indices": return_indices}
    for rung in RUNGS_BY_HAND:
        assert compare_functions(getattr(max_pool2d, rung), F.max_pool2d, [draw(*shape)], options).within(PART_BOUND)


@settings(max_examples=20, deadline=None)
@given(geometries(), st.integers(0, 2**20))
def test_few_different_values_pool_as_torchs_do(geometry, seed):
    """Ties, infinities and NaN: where they lie decides who takes the gradient."""
    shape, options = geometry
    values = torch.tensor([0.0, 1.0, -torch.inf, -torch.inf, torch.inf, torch.nan], dtype=torch.float64)
    input = values[torch.randint(0, len(values), shape, generator=torch.Generator().manual_seed(seed))]
    options |= {"return_indices": True}
    for rung in RUNGS_BY_HAND:
        assert compare_functions(getattr(max_pool2d, rung), F.max_pool2d, [input], options).within(PART_BOUND)


@pytest.mark.parametrize("size", range(3, 12))
@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
def test_ceil_mode_keeps_the_last_window_only_if_it_starts_before_the_padding(rung, size):
    options = dict(kernel_size=2, stride=3, padding=1, ceil_mode=True)
    input = draw(1, 1, size, size)
    assert getattr(max_pool2d, rung)(input, **options).shape == F.max_pool2d(input, **options).shape


@pytest.mark.parametrize("rung", RUNGS)
def test_a_picture_alone_has_its_indices_alone(rung):
    input = torch.tensor([[[1.0, 5.0, 2.0], [7.0, 3.0, 9.0]]])
    largest, indices = getattr(max_pool2d, rung)(input, (2, 1), return_indices=True)
    assert torch.equal(largest, torch.tensor([[[7.0, 5.0, 9.0]]]))
    assert torch.equal(indices, torch.tensor([[[3, 1, 5]]]))
    assert indices.dtype == torch.int64


@pytest.mark.parametrize("rung", RUNGS)
def test_padding_never_is_the_largest_pixel(rung):
    output = getattr(max_pool2d, rung)(torch.full((1, 1, 4, 4), -5.0), 3, 2, 1)
    assert torch.equal(output, torch.full((1, 1, 2, 2), -5.0))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_window_of_minus_infinity_alone_gives_its_gradient_to_its_first_pixel_and_not_to_the_padding(rung):
    input = torch.full((1, 1, 3, 3), -torch.inf).requires_grad_()
    output, indices = getattr(max_pool2d, rung)(input, 3, 2, 1, return_indices=True)
    assert indices.flatten().tolist() == [0, 1, 3, 4]
    output.backward(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    assert torch.equal(input.grad, torch.tensor([[[[1.0, 2.0, 0.0], [3.0, 4.0, 0.0], [0.0, 0.0, 0.0]]]]))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_window_that_no_pixel_lies_in_is_minus_infinity(rung):
    output = getattr(max_pool2d, rung)(torch.zeros(1, 1, 2, 2), 2, padding=1, dilation=3)
    assert torch.equal(output, torch.full((1, 1, 1, 1), -torch.inf))


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
def test_a_window_that_no_pixel_lies_in_sends_its_gradient_nowhere(rung):
    input = draw(1, 1, 2, 2)
    output, indices = getattr(max_pool2d, rung)(input, 2, padding=1, dilation=3, return_indices=True)
    assert indices.tolist() == [[[[-1]]]]
    if output.requires_grad:
        output.sum().backward()
        assert torch.equal(input.grad, torch.zeros(1, 1, 2, 2, dtype=torch.float64))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_nan_is_not_swept_under_a_maximum(rung):
    input = torch.zeros(1, 1, 2, 4)
    input[0, 0, 0, 1] = torch.nan
    assert torch.equal(getattr(max_pool2d, rung)(input, 2).isnan(), torch.tensor([[[[True, False]]]]))


@pytest.mark.parametrize("rung", RUNGS)
def test_whole_numbers_have_a_maximum_too(rung):
    input = torch.arange(-16, 0).view(1, 1, 4, 4)
    output, indices = getattr(max_pool2d, rung)(input, 3, 2, 1, return_indices=True)
    assert torch.equal(output, torch.tensor([[[[-11, -9], [-3, -1]]]]))
    assert torch.equal(indices, torch.tensor([[[[5, 7], [13, 15]]]]))


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_the_output_has_the_inputs_dtype(rung, dtype):
    assert getattr(max_pool2d, rung)(torch.zeros(1, 2, 3, 3, dtype=dtype), 2, 1, 1).dtype == dtype


def test_pixels_that_share_memory_each_count():
    row = draw(1, 1, 1, 6)
    reference = row.detach().clone().requires_grad_()
    for rung, leaf in (("tensors", row), ("fused", reference)):
        getattr(max_pool2d, rung)(leaf.expand(1, 2, 4, 6), 3, 1, 1).square().sum().backward()
    torch.testing.assert_close(row.grad, reference.grad)


@pytest.mark.parametrize("rung", ["tensors", "manual"])
def test_max_pooling_passes_gradcheck_twice_over(rung):
    spread = torch.randperm(2 * 2 * 5 * 4).double().view(2, 2, 5, 4).requires_grad_()  # no two pixels nearly tie
    args = (spread, (2, 3), (1, 2), 1, (2, 1), True)
    assert gradcheck(getattr(max_pool2d, rung), args)
    assert gradgradcheck(getattr(max_pool2d, rung), args)


def test_finding_the_largest_keeps_no_graph():
    assert not largest_pixels(draw(1, 1, 4, 4), (2, 2), 2, None, 0, 1).requires_grad


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize(
    ("input", "options", "message"),
    [
        ((5, 5), {"kernel_size": 2}, r"or \(channels, height, width\); it was given \(5, 5\)"),
        ((1, 1, 1, 5, 5), {"kernel_size": 2}, r"it was given \(1, 1, 1, 5, 5\)"),
        ((1, 3, 5, 5), {"kernel_size": 3, "padding": 2}, "padding 2 must lie between 0 and half of the kernel 3"),
        ((1, 3, 5, 5), {"kernel_size": (4, 1), "padding": (0, 1)}, r"padding \(0, 1\) must lie between"),
        ((1, 3, 5, 5), {"kernel_size": 2, "padding": -1}, "padding -1 must lie between"),
        ((1, 3, 2, 5), {"kernel_size": 3}, "3x3 kernel with dilation 1 does not fit into 2x5 pixels padded by 0"),
        ((1, 3, 5, 2), {"kernel_size": 2, "dilation": 2}, "2x2 kernel with dilation 2 does not fit into 5x2 pixels"),
        ((1, 3, 5, 5), {"kernel_size": (2, 0)}, r"kernel_size must be at least 1; it was given \(2, 0\)"),
        ((1, 3, 5, 5), {"kernel_size": 2, "stride": 0}, "stride must be at least 1"),
        ((1, 3, 5, 5), {"kernel_size": 2, "dilation": 0}, "dilation must be at least 1"),
        ((1, 0, 5, 5), {"kernel_size": 2}, r"only the batch may be empty; it was given \(1, 0, 5, 5\)"),
        ((0, 5, 5), {"kernel_size": 2}, r"only the batch may be empty; it was given \(0, 5, 5\)"),
        ((1, 3, 5, 5), {"kernel_size": (2, 2, 2)}, "one number, or 2"),
    ],
)
def test_what_does_not_fit_is_named(rung, input, options, message):
    with pytest.raises(ValueError, match=f"max_pool2d.*{message}|^{message}"):
        getattr(max_pool2d, rung)(draw(*input), **options)
