"""Losses of a number that should have been another: how far off counts, plainly, squared, or squared only near zero."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.reduction import check_reduction, check_same_shape, reduce


def check_regression(name: str, input: Tensor, target: Tensor, reduction: str, weight: Tensor | None = None) -> None:
    """A ValueError that says what does not fit."""
    if not (input.is_floating_point() or target.is_floating_point()):
        raise ValueError(f"{name} takes floating-point numbers; it was given {input.dtype} and {target.dtype}")
    check_same_shape(name, input, target)
    if weight is not None and weight.shape != input.shape:
        raise ValueError(f"{name} weighs each error: weight must be {tuple(input.shape)}; it was given {tuple(weight.shape)}")
    check_reduction(name, reduction)


def weighted_mean(losses: Tensor, reduction: str, weight: Tensor | None) -> Tensor:
    """The losses, times their weights, reduced; the mean is divided by the sum of the weights."""
    return reduce(losses, reduction) if weight is None else reduce(losses * weight, reduction, weight.sum())


def l1_loss_tensors(input: Tensor, target: Tensor, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """How far off: |input - target|, times its weight.

    Its slope is 1 however small the error, and 0 at none. The mean is divided by the sum of the weights.

    Shapes: input, target and weight alike, of any shape -> () for "mean" and "sum", that shape for "none".
    Raises: ValueError for shapes that differ and where both are integers.
    Equals: torch.nn.functional.l1_loss.
    """
    check_regression("l1_loss", input, target, reduction, weight)
    return weighted_mean((input - target).abs(), reduction, weight)


def l1_loss_fused(input: Tensor, target: Tensor, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    if weight is not None:  # torch has no kernel for weighted errors
        return l1_loss_tensors(input, target, reduction, weight)
    check_regression("l1_loss", input, target, reduction)
    return F.l1_loss(input, target, reduction=reduction)


def mse_loss_loops(input: Tensor, target: Tensor, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    check_regression("mse_loss", input, target, reduction, weight)
    ours, theirs = input.reshape(-1), target.reshape(-1)
    losses = ours.new_zeros(len(ours), dtype=torch.promote_types(input.dtype, target.dtype))
    count = losses.new_zeros(())
    for i in range(len(losses)):
        counted = 1 if weight is None else weight.reshape(-1)[i]
        losses[i] = counted * (ours[i] - theirs[i]) ** 2
        count = count + counted
    return reduce(losses.view(input.shape), reduction, count)


def mse_loss_tensors(input: Tensor, target: Tensor, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """How far off, squared: (input - target)^2, times its weight.

    What it pulls towards is the mean of the targets, and one that is far out pulls hard. The mean is divided by the sum of
    the weights.

    Shapes: input, target and weight alike, of any shape -> () for "mean" and "sum", that shape for "none".
    Raises: ValueError for shapes that differ and where both are integers.
    Equals: torch.nn.functional.mse_loss.
    """
    check_regression("mse_loss", input, target, reduction, weight)
    return weighted_mean((input - target).square(), reduction, weight)


def mse_loss_fused(input: Tensor, target: Tensor, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    if weight is not None:  # torch has no kernel for weighted errors
        return mse_loss_tensors(input, target, reduction, weight)
    check_regression("mse_loss", input, target, reduction)
    return F.mse_loss(input, target, reduction=reduction)


def quadratic_then_straight(error: Tensor, limit: float) -> Tensor:
    """error^2 / 2 up to the limit, and beyond it the straight line that goes on with the same slope.

    With near = min(|error|, limit) both are near * (|error| - near / 2).
    """
    size = error.abs()
    near = size.clamp(max=limit)
    return near * (size - near / 2)


def smooth_l1_loss_tensors(input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """|error| made smooth at zero: error^2 / (2 beta) where |error| < beta, and |error| - beta / 2 elsewhere.

    With beta = 0 it is |error| itself, with a beta beyond all errors a squared error.

    Shapes: input and target alike, of any shape -> () for "mean" and "sum", that shape for "none".
    Raises: ValueError for a negative beta, for shapes that differ and where both are integers.
    Paper: Fast R-CNN, https://arxiv.org/abs/1504.08083, section 2.3, equation 3 (beta is 1).
    Equals: torch.nn.functional.smooth_l1_loss.
    """
    check_smooth_l1(input, target, reduction, beta)
    error = input - target
    return reduce(quadratic_then_straight(error, beta) / beta if beta else error.abs(), reduction)


def check_smooth_l1(input: Tensor, target: Tensor, reduction: str, beta: float) -> None:
    """A ValueError that says what does not fit."""
    check_regression("smooth_l1_loss", input, target, reduction)
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta is where the curve ends and must not be negative; it was given {beta}")


def smooth_l1_loss_fused(input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    check_smooth_l1(input, target, reduction, beta)
    return F.smooth_l1_loss(input, target, reduction=reduction, beta=beta)


def check_huber(input: Tensor, target: Tensor, reduction: str, delta: float, weight: Tensor | None) -> None:
    """A ValueError that says what does not fit."""
    check_regression("huber_loss", input, target, reduction, weight)
    if input.dtype != target.dtype:
        raise ValueError(f"huber_loss takes input and target of one type; it was given {input.dtype} and {target.dtype}")
    if not delta > 0:
        raise ValueError(f"huber_loss: delta is where the curve ends and must be positive; it was given {delta}")


def huber_loss_tensors(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """A squared error that does not run away: error^2 / 2 where |error| <= delta, delta * (|error| - delta / 2) elsewhere.

    It is delta times `smooth_l1_loss` with beta = delta. Unlike in `mse_loss`, a weighted mean is divided by the number of
    errors, not by the sum of their weights; so torch has it.

    Shapes: input, target and weight alike, of any shape -> () for "mean" and "sum", that shape for "none".
    Raises: ValueError for a delta that is not positive, for shapes or types that differ and for integers.
    Paper: Huber 1964, Robust Estimation of a Location Parameter, https://doi.org/10.1214/aoms/1177703732 (delta is k).
    Equals: torch.nn.functional.huber_loss.
    """
    check_huber(input, target, reduction, delta, weight)
    losses = quadratic_then_straight(input - target, delta)
    return reduce(losses if weight is None else losses * weight, reduction)


def huber_loss_fused(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    check_huber(input, target, reduction, delta, weight)
    if weight is None:
        return F.huber_loss(input, target, reduction=reduction, delta=delta)
    return reduce(F.huber_loss(input, target, reduction="none", delta=delta) * weight, reduction)


l1_loss = Ladder(l1_loss_tensors, fused=l1_loss_fused)
mse_loss = Ladder(mse_loss_tensors, loops=mse_loss_loops, fused=mse_loss_fused)
smooth_l1_loss = Ladder(smooth_l1_loss_tensors, fused=smooth_l1_loss_fused)
huber_loss = Ladder(huber_loss_tensors, fused=huber_loss_fused)
