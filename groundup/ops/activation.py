"""Activations: functions of each number alone, without which a stack of layers would be no more than one layer.

What turns a whole row of numbers into shares stands in `softmax.py`.
"""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder


def check_floating(name: str, input: Tensor) -> None:
    """A ValueError for numbers that have no fractions."""
    if not input.is_floating_point():
        raise ValueError(f"{name} takes floating-point numbers; it was given {input.dtype}: call .float() on them first")


def with_fractions(input: Tensor) -> Tensor:
    """The input; whole numbers in the default floating-point type, as torch too reads them."""
    return input if input.is_floating_point() else input.to(torch.get_default_dtype())


def relu_loops(input: Tensor, inplace: bool = False) -> Tensor:
    output = torch.zeros_like(input)
    for index in product(*map(range, input.shape)):
        if not input[index] <= 0:
            output[index] = input[index]
    return input.copy_(output) if inplace else output


def relu_tensors(input: Tensor, inplace: bool = False) -> Tensor:
    """The positive part of each number: max(x, 0).

    Its gradient at exactly 0 is taken as 0. A NaN stays a NaN. With `inplace` the result is written over the input, which
    spares the memory of a map that nobody asks for again, such as what a batch norm gives; the one op that is not pure.

    Shapes: any -> the same.
    Equals: torch.nn.functional.relu.
    """
    output = torch.where(input <= 0, 0, input)
    return input.copy_(output) if inplace else output


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


def relu_manual(input: Tensor, inplace: bool = False) -> Tensor:
    output = ReluManual.apply(input)
    return input.copy_(output) if inplace else output


def leaky_relu_tensors(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x where x is positive, negative_slope * x elsewhere.

    Shapes: any -> the same.
    Raises: ValueError for whole numbers.
    Equals: torch.nn.functional.leaky_relu.
    """
    check_floating("leaky_relu", input)
    return torch.where(input > 0, input, input * negative_slope)


def leaky_relu_fused(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    try:
        return F.leaky_relu(input, negative_slope)
    except RuntimeError:
        check_floating("leaky_relu", input)
        raise


def sigmoid_loops(input: Tensor) -> Tensor:
    input = with_fractions(input)
    output = torch.empty_like(input)
    for index in product(*map(range, input.shape)):
        x = input[index]
        output[index] = x.exp() / (1 + x.exp()) if x < 0 else 1 / (1 + (-x).exp())
    return output


def sigmoid_tensors(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x)), between 0 and 1: the probability whose logarithmic odds are x.

    Shapes: any -> the same.
    Equals: torch.nn.functional.sigmoid.
    """
    input = with_fractions(input)
    # for a negative x, above and below times exp(x): then no power overflows, and no gradient is infinity times 0
    negative = input < 0
    power = torch.where(negative, input, -input).exp()
    return torch.where(negative, power, 1) / (1 + power)


class SigmoidManual(torch.autograd.Function):
    """sigmoid with its backward pass by hand: the derivative of y is y (1 - y)."""

    @staticmethod
    def forward(input):
        return sigmoid_tensors(input)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (output,) = ctx.saved_tensors
        return grad_output * output * (1 - output)


def tanh_tensors(input: Tensor) -> Tensor:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), between -1 and 1.

    Shapes: any -> the same.
    Equals: torch.nn.functional.tanh.
    """
    input = with_fractions(input)
    # tanh is odd, so it is computed for |x|, above and below divided by exp(|x|): then no power overflows
    negative = input < 0
    power = torch.expm1(2 * torch.where(negative, input, -input))  # exp(-2 |x|) - 1, exact for small x as well
    size = -power / (power + 2)
    return torch.where(negative, -size, size)


def softplus_tensors(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * x)) / beta: a relu with a round bend, the rounder the smaller beta.

    Where beta * x is above the threshold it is x itself, which no rounding can tell from the formula.

    Shapes: any -> the same.
    Raises: ValueError for whole numbers.
    Equals: torch.nn.functional.softplus.
    """
    check_floating("softplus", input)
    straight = beta * input > threshold
    return torch.where(straight, input, torch.where(straight, 0, beta * input).exp().log1p() / beta)


def softplus_fused(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    try:
        return F.softplus(input, beta, threshold)
    except RuntimeError:
        check_floating("softplus", input)
        raise


def logsigmoid_tensors(input: Tensor) -> Tensor:
    """The logarithm of the sigmoid: min(x, 0) - log(1 + exp(-|x|)), which no x makes overflow or vanish.

    Shapes: any -> the same.
    Raises: ValueError for whole numbers.
    Equals: torch.nn.functional.logsigmoid.
    """
    check_floating("logsigmoid", input)
    negative = input < 0
    return torch.where(negative, input, 0) - torch.where(negative, input, -input).exp().log1p()


def logsigmoid_fused(input: Tensor) -> Tensor:
    try:
        return F.logsigmoid(input)
    except RuntimeError:
        check_floating("logsigmoid", input)
        raise


relu = Ladder(relu_tensors, loops=relu_loops, manual=relu_manual, fused=F.relu)
leaky_relu = Ladder(leaky_relu_tensors, fused=leaky_relu_fused)
sigmoid = Ladder(sigmoid_tensors, loops=sigmoid_loops, manual=SigmoidManual.apply, fused=torch.sigmoid)
tanh = Ladder(tanh_tensors, fused=torch.tanh)
softplus = Ladder(softplus_tensors, fused=softplus_fused)
logsigmoid = Ladder(logsigmoid_tensors, fused=logsigmoid_fused)
