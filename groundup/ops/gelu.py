"""Activations that let a number through by a share which it chooses itself: SiLU, GELU, and the quick GELU of CLIP."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.activation import check_floating, sigmoid_tensors, tanh_tensors
from groundup.ops.ladder import Ladder

QUICK = 1.702  # the logistic curve of this steepness lies within 0.0095 of the normal distribution's
BEND = 0.044715  # of the cubic term inside the tanh form of GELU


def silu_tensors(input: Tensor) -> Tensor:
    """x * sigmoid(x).

    Shapes: any -> the same.
    Raises: ValueError for whole numbers.
    Paper: Gaussian Error Linear Units, https://arxiv.org/abs/1606.08415, section 2; called swish in
    https://arxiv.org/abs/1710.05941.
    Equals: torch.nn.functional.silu.
    """
    check_floating("silu", input)
    return input * sigmoid_tensors(input)


class SiluManual(torch.autograd.Function):
    """silu with its backward pass by hand: s + x s (1 - s), where s is the sigmoid of x."""

    @staticmethod
    def forward(input):
        return silu_tensors(input)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        share = sigmoid_tensors(input)
        return grad_output * share * (1 + input * (1 - share))


def silu_fused(input: Tensor) -> Tensor:
    try:
        return F.silu(input)
    except RuntimeError:
        check_floating("silu", input)
        raise


def gelu_tensors(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the probability that a standard normal number lies below x.

    approximate "none": x / 2 * (1 + erf(x / sqrt(2)))
    approximate "tanh": x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), the form that GPT-2 was trained with

    Shapes: any -> the same.
    Raises: ValueError for another `approximate` and for whole numbers.
    Paper: Gaussian Error Linear Units, https://arxiv.org/abs/1606.08415, section 2.
    Equals: torch.nn.functional.gelu.
    """
    check_gelu(input, approximate)
    if approximate == "none":
        return input / 2 * (1 + torch.erf(input / math.sqrt(2)))
    return input / 2 * (1 + tanh_tensors(math.sqrt(2 / math.pi) * (input + BEND * input**3)))


def check_gelu(input: Tensor, approximate: str) -> None:
    """A ValueError that says what gelu does not know."""
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate is 'none' or 'tanh', not {approximate!r}")
    check_floating("gelu", input)


class GeluManual(torch.autograd.Function):
    """gelu with its backward pass by hand: the share, plus x times the share's own derivative.

    Of the exact share that is the density of the normal distribution, exp(-x^2 / 2) / sqrt(2 pi).
    """

    @staticmethod
    def forward(input, approximate="none"):
        return gelu_tensors(input, approximate)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, ctx.approximate = inputs
        ctx.save_for_backward(input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        if ctx.approximate == "none":
            share = (1 + torch.erf(input / math.sqrt(2))) / 2
            slope = torch.exp(-(input**2) / 2) / math.sqrt(2 * math.pi)
        else:
            bent = tanh_tensors(math.sqrt(2 / math.pi) * (input + BEND * input**3))
            share = (1 + bent) / 2
            slope = (1 - bent**2) / 2 * math.sqrt(2 / math.pi) * (1 + 3 * BEND * input**2)
        return grad_output * (share + input * slope), None


def gelu_fused(input: Tensor, approximate: str = "none") -> Tensor:
    try:
        return F.gelu(input, approximate=approximate)
    except RuntimeError:
        check_gelu(input, approximate)
        raise


def quick_gelu_tensors(input: Tensor) -> Tensor:
    """x * sigmoid(1.702 x): gelu with the logistic curve in place of the normal one. CLIP was trained with it.

    Shapes: any -> the same.
    Paper: Gaussian Error Linear Units, https://arxiv.org/abs/1606.08415, section 2.
    Equals: transformers' QuickGELUActivation.
    """
    return input * sigmoid_tensors(QUICK * input)


def quick_gelu_fused(input: Tensor) -> Tensor:
    return F.silu(QUICK * input) / QUICK  # silu's kernel does in one pass what sigmoid and product do in two


silu = Ladder(silu_tensors, manual=SiluManual.apply, fused=silu_fused)
gelu = Ladder(gelu_tensors, manual=GeluManual.apply, fused=gelu_fused)
quick_gelu = Ladder(quick_gelu_tensors, fused=quick_gelu_fused)
