"""The linear map: every output is a weighted sum of all the inputs."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder


def check_linear(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    """A ValueError that says what does not fit."""
    if weight.dim() != 2:
        raise ValueError(f"linear takes a weight of shape (out features, in features); it was given {tuple(weight.shape)}")
    if input.dim() == 0 or input.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"linear: a weight of shape {tuple(weight.shape)} takes {weight.shape[1]} features in the last dimension; "
            f"the input has shape {tuple(input.shape)}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(
            f"linear: {weight.shape[0]} outputs take a bias of as many numbers, not one of shape {tuple(bias.shape)}"
        )


def linear_loops(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    check_linear(input, weight, bias)
    out_features, in_features = weight.shape
    output = input.new_zeros(*input.shape[:-1], out_features)
    for index in product(*map(range, input.shape[:-1])):
        for o in range(out_features):
            total = input.new_zeros(()) if bias is None else bias[o]
            for i in range(in_features):
                total = total + input[index][i] * weight[o, i]
            output[index][o] = total
    return output


def linear_tensors(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """output[..., o] = bias[o] + sum over i of input[..., i] * weight[o, i].

    Shapes: input (..., in features), weight (out features, in features), bias (out features) -> (..., out features).
    Raises: ValueError for features that do not match.
    Equals: torch.nn.functional.linear.
    """
    check_linear(input, weight, bias)
    output = input @ weight.T
    return output if bias is None else output + bias


class LinearManual(torch.autograd.Function):
    """linear with its backward pass by hand: the gradients of input and weight are again products."""

    @staticmethod
    def forward(input, weight, bias=None):
        return linear_tensors(input, weight, bias)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, weight, bias = inputs
        ctx.save_for_backward(input, weight)
        ctx.has_bias = bias is not None

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_tensors
        out_features, in_features = weight.shape
        rows = grad_output.reshape(-1, out_features)
        grad_input = grad_output @ weight
        grad_weight = rows.T @ input.reshape(-1, in_features)
        grad_bias = rows.sum(0) if ctx.has_bias else None
        return grad_input, grad_weight, grad_bias


def linear_fused(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    try:
        return F.linear(input, weight, bias)
    except RuntimeError:
        check_linear(input, weight, bias)
        raise


linear = Ladder(linear_tensors, loops=linear_loops, manual=LinearManual.apply, fused=linear_fused)
