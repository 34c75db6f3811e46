"""Straight-through estimators: steps whose gradient, which is 0 almost everywhere, is replaced by that of a line.

A network with weights or activations of one bit, or of whole numbers, can be trained only so.
Paper: Estimating or Propagating Gradients Through Stochastic Neurons for Conditional Computation,
https://arxiv.org/abs/1308.3432 (the last of its four estimators).
"""

import torch
from torch import Tensor

from groundup.ops.activation import check_floating
from groundup.ops.ladder import Ladder


def sign_of(input: Tensor) -> Tensor:
    """1 from 0 on, -1 below; a NaN stays a NaN."""
    return torch.where(input.isnan(), input, torch.where(input >= 0, 1, -1))


def step_of(input: Tensor) -> Tensor:
    """1 above 0, 0 elsewhere; a NaN stays a NaN."""
    return torch.where(input.isnan(), input, torch.where(input > 0, 1, 0))


def along_a_line(output: Tensor, input: Tensor, clip: bool) -> Tensor:
    """The output, with the gradient of the line y = x, which `clip` holds level outside of -1 to 1.

    The line is added and subtracted again; detached, what is subtracted has no gradient, and nor has a step. Shapes: all
    the same.
    """
    line = torch.where(input.abs() <= 1, input, 0) if clip else input
    return output + (line - line.detach())


def straight_through_sign_tensors(input: Tensor, clip: bool = True) -> Tensor:
    """1 for a number from 0 on, -1 for one below, with the gradient of a line.

    output = sign(x), gradient of x = gradient of the output; with `clip` only where |x| <= 1, and 0 elsewhere: a number
    already far on its side of the threshold is pushed no further.

    Shapes: any -> the same.
    Raises: ValueError for whole numbers.
    Paper: Binarized Neural Networks, https://arxiv.org/abs/1602.02830, section 1.3 and equation 4.
    """
    check_floating("straight_through_sign", input)
    return along_a_line(sign_of(input), input, clip)


def straight_through_step_tensors(input: Tensor, clip: bool = True) -> Tensor:
    """1 for a number above 0, else 0, with the gradient of a line: a neuron that fires or does not.

    output = 1 if x > 0 else 0, gradient of x = gradient of the output; with `clip` only where |x| <= 1.

    Shapes: any -> the same.
    Raises: ValueError for whole numbers.
    Paper: https://arxiv.org/abs/1308.3432 (the straight-through estimator).
    """
    check_floating("straight_through_step", input)
    return along_a_line(step_of(input), input, clip)


def straight_through_round_tensors(input: Tensor, clip: bool = False) -> Tensor:
    """The nearest whole number, of two equally near ones the even, with the gradient of a line.

    output = round(x), gradient of x = gradient of the output; with `clip` only where |x| <= 1.

    Shapes: any -> the same.
    Raises: ValueError for whole numbers.
    Paper: https://arxiv.org/abs/1308.3432 (the straight-through estimator).
    """
    check_floating("straight_through_round", input)
    return along_a_line(input.round(), input, clip)


class StraightThrough(torch.autograd.Function):
    """A step function whose backward pass, written by hand, pays no heed to it."""

    @staticmethod
    def forward(input, step, clip):
        return step(input)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, _, ctx.clip = inputs
        ctx.save_for_backward(input if ctx.clip else None)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return torch.where(input.abs() <= 1, grad_output, 0) if ctx.clip else grad_output, None, None


def straight_through_sign_manual(input: Tensor, clip: bool = True) -> Tensor:
    check_floating("straight_through_sign", input)
    return StraightThrough.apply(input, sign_of, clip)


def straight_through_step_manual(input: Tensor, clip: bool = True) -> Tensor:
    check_floating("straight_through_step", input)
    return StraightThrough.apply(input, step_of, clip)


def straight_through_round_manual(input: Tensor, clip: bool = False) -> Tensor:
    check_floating("straight_through_round", input)
    return StraightThrough.apply(input, torch.round, clip)


straight_through_sign = Ladder(straight_through_sign_tensors, manual=straight_through_sign_manual)
straight_through_step = Ladder(straight_through_step_tensors, manual=straight_through_step_manual)
straight_through_round = Ladder(straight_through_round_tensors, manual=straight_through_round_manual)
