"""Convolution beyond its case: the errors it answers with, and its hand-written gradients."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.convolution import conv2d


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).requires_grad_()


def test_manual_conv2d_passes_gradcheck_twice_over():
    args = (draw(2, 4, 4, 3), draw(2, 2, 2, 2), draw(2), 2, 1, (1, 2), 2)
    assert gradcheck(conv2d.manual, args)
    assert gradgradcheck(conv2d.manual, args)


@pytest.mark.parametrize("rung", ["loops", "tensors", "manual"])
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
