"""Softmax, which turns a row of numbers into positive shares of one, and the logarithm of it."""

from itertools import product

import torch
from torch import Tensor

from groundup.ops.ladder import Ladder


def check_softmax(name: str, input: Tensor, dim: int, dtype: torch.dtype | None) -> None:
    """A ValueError that says what does not fit."""
    if not (dtype or input.dtype).is_floating_point:
        raise ValueError(f"{name} takes floating-point numbers, or a dtype of such to compute in; it was given {input.dtype}")
    rank = input.dim() or 1
    if not -rank <= dim < rank:
        raise ValueError(f"{name}: an input of shape {tuple(input.shape)} has no dimension {dim}: give {-rank} to {rank - 1}")


def softmax_loops(input: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
    check_softmax("softmax", input, dim, dtype)
    rows = (input if input.dim() else input[None]).to(dtype or input.dtype).movedim(dim, -1)
    output = torch.empty_like(rows)
    for index in product(*map(range, rows.shape[:-1])):
        largest = max(rows[index].tolist(), default=None)
        powers = [(number - largest).exp() for number in rows[index]]
        total = sum(powers)
        for position, power in enumerate(powers):
            output[index][position] = power / total
    return output.movedim(-1, dim).reshape(input.shape)


def shifted(input: Tensor, dim: int, dtype: torch.dtype | None) -> Tensor:
    """The numbers in the type asked for, less the largest along the dimension: then no power of theirs overflows."""
    input = input if dtype is None else input.to(dtype)
    return input - input.amax(dim, keepdim=True).detach() if input.numel() else input.clone()


def softmax_tensors(input: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
    """Positive shares that sum to 1 along a dimension: exp(x_i) / sum over j of exp(x_j).

    The largest number is first subtracted from all, which changes no share and keeps exp from overflowing.
    `dtype` is the type in which to compute and to return. A row of minus infinities alone has no shares: it gives NaN.

    Shapes: any -> the same.
    Raises: ValueError for a dimension that is none of the input's, and for whole numbers without a `dtype`.
    Equals: torch.nn.functional.softmax.
    """
    check_softmax("softmax", input, dim, dtype)
    powers = shifted(input, dim, dtype).exp()
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
        ctx.dtype, ctx.dim = inputs[0].dtype, inputs[1]
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (shares,) = ctx.saved_tensors
        mean = (grad_output * shares).sum(ctx.dim, keepdim=True)
        return (shares * (grad_output - mean)).to(ctx.dtype), None, None


def softmax_fused(input: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
    try:
        return torch.softmax(input, dim, dtype)
    except (IndexError, RuntimeError):
        check_softmax("softmax", input, dim, dtype)
        raise


def log_softmax_tensors(input: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
    """The logarithms of softmax's shares: x_i - log(sum over j of exp(x_j)).

    Formed without the shares themselves, it stays exact where a share is too small to be written down.
    `dtype` is the type in which to compute and to return.

    Shapes: any -> the same.
    Raises: ValueError for a dimension that is none of the input's, and for whole numbers without a `dtype`.
    Equals: torch.nn.functional.log_softmax.
    """
    check_softmax("log_softmax", input, dim, dtype)
    input = shifted(input, dim, dtype)
    return input - input.exp().sum(dim, keepdim=True).log()


class LogSoftmaxManual(torch.autograd.Function):
    """log_softmax with its backward pass by hand: what reaches the logarithms together is taken back by the shares.

    The derivative of logarithm i by number j is (1 if i is j else 0) - y_j, with the shares y.
    """

    @staticmethod
    def forward(input, dim, dtype=None):
        return log_softmax_tensors(input, dim, dtype)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.dtype, ctx.dim = inputs[0].dtype, inputs[1]
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (logarithms,) = ctx.saved_tensors
        total = grad_output.sum(ctx.dim, keepdim=True)
        return (grad_output - logarithms.exp() * total).to(ctx.dtype), None, None


def log_softmax_fused(input: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
    try:
        return torch.log_softmax(input, dim, dtype)
    except (IndexError, RuntimeError):
        check_softmax("log_softmax", input, dim, dtype)
        raise


softmax = Ladder(softmax_tensors, loops=softmax_loops, manual=SoftmaxManual.apply, fused=softmax_fused)
log_softmax = Ladder(log_softmax_tensors, manual=LogSoftmaxManual.apply, fused=log_softmax_fused)
