"""Activations: functions of each number alone, and softmax, which turns a row of numbers into shares of one."""

import math
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder


def relu_loops(input: Tensor) -> Tensor:
    output = torch.zeros_like(input)
    for index in product(*map(range, input.shape)):
        if not input[index] <= 0:
            output[index] = input[index]
    return output


def relu_tensors(input: Tensor) -> Tensor:
    """The positive part of each number: max(x, 0).

    Its gradient at exactly 0 is taken as 0. A NaN stays a NaN.

    Shapes: any -> the same.
    Equals: torch.nn.functional.relu.
    """
    return torch.where(input <= 0, 0, input)


class ReluManual(torch.autograd.Function):
    """relu with its backward pass by hand: the gradient passes where the output is positive."""

    @staticmethod
    def forward(input):
        return relu_tensors(input)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (output,) = ctx.saved_tensors
        return torch.where(output <= 0, 0, grad_output)


relu = Ladder(relu_tensors, loops=relu_loops, manual=ReluManual.apply, fused=torch.relu)


def leaky_relu_tensors(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x where x is positive, negative_slope * x elsewhere.

    Shapes: any -> the same.
    Equals: torch.nn.functional.leaky_relu.
    """
    return torch.where(input > 0, input, input * negative_slope)


def leaky_relu_fused(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    return F.leaky_relu(input, negative_slope)


leaky_relu = Ladder(leaky_relu_tensors, fused=leaky_relu_fused)


def tanh_tensors(input: Tensor) -> Tensor:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), between -1 and 1.

    Shapes: any -> the same.
    Equals: torch.nn.functional.tanh.
    """
    # tanh is odd, so it is computed for |x|, above and below divided by exp(|x|): then no power overflows
    negative = input < 0
    power = torch.expm1(2 * torch.where(negative, input, -input))  # exp(-2 |x|) - 1, exact for small x as well
    size = -power / (power + 2)
    return torch.where(negative, -size, size)


tanh = Ladder(tanh_tensors, fused=torch.tanh)


def gelu_tensors(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the probability that a standard normal number lies below x.

    approximate "none": x / 2 * (1 + erf(x / sqrt(2)))
    approximate "tanh": x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), the form that GPT-2 was trained with

    Paper: Gaussian Error Linear Units, https://arxiv.org/abs/1606.08415, section 2.
    Shapes: any -> the same.
    Raises: ValueError for another `approximate`.
    Equals: torch.nn.functional.gelu.
    """
    if approximate == "none":
        return input / 2 * (1 + torch.erf(input / math.sqrt(2)))
    if approximate == "tanh":
        return input / 2 * (1 + tanh(math.sqrt(2 / math.pi) * (input + 0.044715 * input**3)))
    raise ValueError(f"gelu: approximate is 'none' or 'tanh', not {approximate!r}")


def gelu_fused(input: Tensor, approximate: str = "none") -> Tensor:
    return F.gelu(input, approximate=approximate)


gelu = Ladder(gelu_tensors, fused=gelu_fused)


def softmax_loops(input: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
    rows = (input if dtype is None else input.to(dtype)).movedim(dim, -1)
    output = torch.zeros_like(rows)
    for index in product(*map(range, rows.shape[:-1])):
        largest = max(rows[index].tolist())
        powers = [(number - largest).exp() for number in rows[index]]
        total = sum(powers)
        for position, power in enumerate(powers):
            output[index][position] = power / total
    return output.movedim(-1, dim)


def softmax_tensors(input: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
    """Positive shares that sum to 1 along a dimension: exp(x_i) / sum over j of exp(x_j).

    The largest number is first subtracted from all, which changes no share and keeps exp from overflowing.
    `dtype` is the type in which to compute and to return. A row of minus infinities alone has no shares: it gives NaN.

    Shapes: any -> the same.
    Equals: torch.nn.functional.softmax.
    """
    if dtype is not None:
        input = input.to(dtype)
    powers = (input - input.amax(dim, keepdim=True).detach()).exp()
    return powers / powers.sum(dim, keepdim=True)


class SoftmaxManual(torch.autograd.Function):
    """softmax with its backward pass by hand.

    The derivative of share i by number j is y_i * ((1 if i is j else 0) - y_j). Summed against the gradient g of the
    shares that is y_j * (g_j - sum over i of g_i y_i): no matrix of derivatives is ever written out.
    """

    @staticmethod
    def forward(input, dim, dtype=None):
        return softmax_tensors(input, dim, dtype)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, ctx.dim, _ = inputs
        ctx.dtype = input.dtype
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (shares,) = ctx.saved_tensors
        mean = (grad_output * shares).sum(ctx.dim, keepdim=True)
        return (shares * (grad_output - mean)).to(ctx.dtype), None, None


softmax = Ladder(softmax_tensors, loops=softmax_loops, manual=SoftmaxManual.apply, fused=torch.softmax)
