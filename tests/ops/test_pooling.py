"""Pooling beyond its cases: random geometries, ties, padding, hand-written gradients, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.ladder import RUNGS
from groundup.ops.pooling import avg_pool2d, max_pool2d
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS_BY_HAND = ("loops", "tensors", "manual")


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


@st.composite
def geometries(draw_from):
    """A picture's shape and the options that both poolings know; a quarter of the pictures end where a window just does."""

    def pair(low, high):
        return draw_from(st.tuples(st.integers(low, high), st.integers(low, high)))

    kernel, stride = pair(1, 4), pair(1, 4)
    padding = tuple(draw_from(st.integers(0, k // 2)) for k in kernel)
    size = tuple(k + m for k, m in zip(kernel, pair(0, 6)))
    shape = (draw_from(st.integers(1, 2)), draw_from(st.integers(1, 3)), *size)
    return shape, dict(kernel_size=kernel, stride=stride, padding=padding, ceil_mode=draw_from(st.booleans()))


@settings(max_examples=15, deadline=None)
@given(geometries(), st.tuples(st.integers(1, 2), st.integers(1, 2)))
def test_max_pool2d_equals_torchs_for_every_geometry(geometry, dilation):
    shape, options = geometry
    kernel = [d * (k - 1) + 1 for d, k in zip(dilation, options["kernel_size"])]
    shape = (*shape[:2], *(max(size, reach) for size, reach in zip(shape[2:], kernel)))
    for rung in RUNGS_BY_HAND:
        function = getattr(max_pool2d, rung)
        assert compare_functions(function, F.max_pool2d, [draw(*shape)], options | {"dilation": dilation}).within(PART_BOUND)


@settings(max_examples=15, deadline=None)
@given(geometries(), st.booleans(), st.sampled_from([None, 1, 7]))
def test_avg_pool2d_equals_torchs_for_every_geometry(geometry, count_include_pad, divisor):
    shape, options = geometry
    options |= {"count_include_pad": count_include_pad, "divisor_override": divisor}
    for rung in RUNGS_BY_HAND:
        assert compare_functions(getattr(avg_pool2d, rung), F.avg_pool2d, [draw(*shape)], options).within(PART_BOUND)


@pytest.mark.parametrize("size", range(3, 12))
@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
def test_ceil_mode_keeps_the_last_window_only_if_it_starts_before_the_padding(rung, size):
    options = dict(kernel_size=2, stride=3, padding=1, ceil_mode=True)
    input = draw(1, 1, size, size)
    for ours, theirs in ((max_pool2d, F.max_pool2d), (avg_pool2d, F.avg_pool2d)):
        assert getattr(ours, rung)(input, **options).shape == theirs(input, **options).shape


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
def test_of_equal_pixels_the_first_takes_the_gradient_as_torchs_does(rung):
    for input in (torch.zeros(1, 1, 5, 5), torch.randint(0, 2, (2, 3, 6, 6)).float()):
        args, options = [input.double()], dict(kernel_size=3, stride=1, padding=1)
        assert compare_functions(getattr(max_pool2d, rung), F.max_pool2d, args, options).within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS)
def test_padding_never_is_the_largest_pixel(rung):
    output = getattr(max_pool2d, rung)(torch.full((1, 1, 4, 4), -5.0), 3, 2, 1)
    assert torch.equal(output, torch.full((1, 1, 2, 2), -5.0))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_window_that_no_pixel_lies_in_is_minus_infinity(rung):
    output = getattr(max_pool2d, rung)(torch.zeros(1, 1, 2, 2), 2, padding=1, dilation=3)
    assert torch.equal(output, torch.full((1, 1, 1, 1), -torch.inf))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_nan_is_not_swept_under_a_maximum(rung):
    input = torch.zeros(1, 1, 2, 4)
    input[0, 0, 0, 1] = torch.nan
    assert torch.equal(getattr(max_pool2d, rung)(input, 2).isnan(), torch.tensor([[[[True, False]]]]))


@pytest.mark.parametrize("rung", RUNGS)
def test_whole_numbers_have_a_maximum_too(rung):
    input = torch.arange(-16, 0).view(1, 1, 4, 4)
    output = getattr(max_pool2d, rung)(input, 3, 2, 1)
    assert torch.equal(output, torch.tensor([[[[-11, -9], [-3, -1]]]]))


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
def test_pixels_that_share_memory_each_count(pool):
    row = draw(1, 1, 1, 6)
    reference = row.detach().clone().requires_grad_()
    for rung, leaf in (("tensors", row), ("fused", reference)):
        getattr(pool, rung)(leaf.expand(1, 2, 4, 6), 3, 1, 1).square().sum().backward()
    torch.testing.assert_close(row.grad, reference.grad)


def test_manual_pooling_passes_gradcheck_twice_over():
    spread = torch.randperm(2 * 2 * 5 * 4).double().view(2, 2, 5, 4).requires_grad_()  # no two pixels nearly tie
    for function, args in (
        (max_pool2d.manual, (spread, (2, 3), (1, 2), 1, (2, 1), True)),
        (avg_pool2d.manual, (draw(2, 2, 5, 4), (2, 3), (2, 1), 1, True, False)),
    ):
        assert gradcheck(function, args)
        assert gradgradcheck(function, args)


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
@pytest.mark.parametrize(
    ("input", "options", "message"),
    [
        ((3, 5, 5), {"kernel_size": 2}, r"was given \(3, 5, 5\)"),
        ((1, 3, 5, 5), {"kernel_size": 3, "padding": 2}, "padding 2 must lie between 0 and half of the kernel 3"),
        ((1, 3, 5, 5), {"kernel_size": (4, 1), "padding": (0, 1)}, r"padding \(0, 1\) must lie between"),
        ((1, 3, 5, 5), {"kernel_size": 2, "padding": -1}, "padding -1 must lie between"),
        ((1, 3, 2, 5), {"kernel_size": 3}, "3x3 kernel .* does not fit into 2x5 pixels"),
    ],
)
def test_what_does_not_fit_is_named(rung, pool, input, options, message):
    with pytest.raises(ValueError, match=f"{pool.__name__}.*{message}"):
        getattr(pool, rung)(draw(*input), **options)


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
def test_a_divisor_of_nothing_is_refused(rung):
    with pytest.raises(ValueError, match="divisor_override must not be 0"):
        getattr(avg_pool2d, rung)(draw(1, 1, 4, 4), 2, divisor_override=0)
