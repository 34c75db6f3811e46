"""Convolution and its transpose beyond their cases: random geometries, hand-written gradients, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.convolution import conv2d
from groundup.ops.convolution_transpose import conv_transpose2d
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS_BY_HAND = ("loops", "tensors", "manual")


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def geometries(draw_from):
    """Batch, groups, channels of a group in and out, pixels beyond the kernel's reach, and the options of both convolutions."""
    batch, groups, inputs, outputs = (draw_from(st.integers(1, 3)) for _ in range(4))
    kernel, stride, dilation = (draw_from(pairs(1, 3)) for _ in range(3))
    padding, more = draw_from(pairs(0, 3)), draw_from(pairs(0, 5))
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    size = [max(3, r - 2 * p) + m for r, p, m in zip(reach, padding, more)]  # of 3, a stride of 3 leaves out at most 2
    options = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    return (batch, groups * inputs, *size), (groups * outputs, inputs, *kernel), options


@settings(max_examples=15, deadline=None)
@given(geometries())
def test_conv2d_equals_torchs_for_every_geometry(geometry):
    input, weight, options = geometry
    args = draw(*input), draw(*weight), draw(weight[0])
    for rung in ("tensors", "manual"):
        assert compare_functions(getattr(conv2d, rung), F.conv2d, args, options).within(PART_BOUND)


@settings(max_examples=15, deadline=None)
@given(geometries(), pairs(0, 2))
def test_conv_transpose2d_equals_torchs_for_every_geometry(geometry, extra):
    """The geometry is that of the convolution which is run backwards."""
    input, weight, options = geometry
    extra = tuple(min(e, max(s, d) - 1) for e, s, d in zip(extra, options["stride"], options["dilation"]))
    size = F.conv2d(draw(*input), draw(*weight), **options).shape
    args = draw(*size), draw(*weight), draw(input[1])
    for rung in ("tensors", "manual"):
        function = getattr(conv_transpose2d, rung)
        assert compare_functions(function, F.conv_transpose2d, args, options | {"output_padding": extra}).within(PART_BOUND)


@settings(max_examples=15, deadline=None)
@given(geometries())
def test_conv_transpose2d_is_the_transpose_of_conv2d(geometry):
    """<conv2d(x), y> = <x, conv_transpose2d(y)> for all x and y, with the size of x given back by output_padding."""
    input, weight, options = geometry
    x, kernel = draw(*input), draw(*weight)
    y = torch.randn_like(conv2d.tensors(x, kernel, **options))
    lost = conv_transpose2d.tensors(y, kernel, **options).shape[2:]
    extra = tuple(full - size for full, size in zip(input[2:], lost))
    back = conv_transpose2d.tensors(y, kernel, output_padding=extra, **options)
    torch.testing.assert_close((conv2d.tensors(x, kernel, **options) * y).sum(), (x * back).sum())


def test_manual_conv2d_passes_gradcheck_twice_over():
    args = (draw(2, 4, 4, 3), draw(2, 2, 2, 2), draw(2), 2, 1, (1, 2), 2)
    assert gradcheck(conv2d.manual, args)
    assert gradgradcheck(conv2d.manual, args)


def test_manual_conv_transpose2d_passes_gradcheck_twice_over():
    args = (draw(2, 4, 2, 3), draw(4, 1, 2, 2), draw(2), (2, 1), 1, (1, 0), 2, (1, 2))
    assert gradcheck(conv_transpose2d.manual, args)
    assert gradgradcheck(conv_transpose2d.manual, args)


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize(
    ("input", "weight", "options", "message"),
    [
        ((1, 3, 5, 5), (4, 2, 3, 3), {}, "takes 2 channels; the input has 3"),
        ((3, 5, 5), (4, 3, 3, 3), {}, r"was given \(3, 5, 5\)"),
        ((1, 3, 2, 5), (4, 3, 3, 3), {}, "3x3 kernel .* does not fit into 2x5 pixels"),
        ((1, 4, 5, 5), (3, 2, 3, 3), {"groups": 2}, "3 output channels do not divide into 2 groups"),
    ],
)
def test_what_does_not_fit_is_named(rung, input, weight, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(conv2d, rung)(draw(*input), draw(*weight), **options)


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize(
    ("input", "weight", "options", "message"),
    [
        ((1, 3, 5, 5), (2, 4, 3, 3), {}, "takes 2 channels; the input has 3"),
        ((3, 5, 5), (3, 4, 3, 3), {}, r"was given \(3, 5, 5\)"),
        ((1, 3, 5, 5), (3, 4, 3, 3), {"groups": 2}, "3 input channels do not divide into 2 groups"),
        ((1, 3, 2, 2), (3, 4, 1, 1), {"padding": 1}, "padding 1 cuts away the whole output and leaves 0x0 pixels"),
        ((1, 3, 2, 2), (3, 4, 2, 2), {"stride": 2, "output_padding": 2}, "2 must be smaller than stride 2 or dilation 1"),
        ((1, 3, 2, 2), (3, 4, 2, 2), {"stride": (2, 1), "output_padding": 1}, "1 must be smaller than stride"),
    ],
)
def test_what_does_not_fit_the_transpose_is_named(rung, input, weight, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(conv_transpose2d, rung)(draw(*input), draw(*weight), **options)
