"""How far one distribution is from another: the Kullback-Leibler divergence, and the likelihood under a normal distribution."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.distance import raised
from groundup.ops.ladder import Ladder
from groundup.ops.reduction import REDUCTIONS, can_look_into, check_reduction, check_same_shape, fits, reduce


def check_kl_div(input: Tensor, target: Tensor, reduction: str) -> None:
    """A ValueError that says what does not fit."""
    if not input.is_floating_point() or not target.is_floating_point():
        raise ValueError(
            "kl_div takes floating-point log-probabilities, and a target of probabilities or, with log_target=True, "
            f"log-probabilities; it was given {input.dtype} and {target.dtype}"
        )
    check_same_shape("kl_div", input, target)
    check_reduction("kl_div", reduction, (*REDUCTIONS, "batchmean"))


def reduce_divergence(terms: Tensor, reduction: str) -> Tensor:
    """`reduce`, and "batchmean": the sum divided by the first size, which is one divergence for each of a batch."""
    if reduction != "batchmean":
        return reduce(terms, reduction)
    return terms.sum() / terms.shape[0] if terms.dim() else terms.sum()


def kl_div_tensors(input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """The terms of the Kullback-Leibler divergence of the target from the input, which holds log-probabilities.

    loss = target * (log(target) - input), with 0 * log(0) = 0; with `log_target` the target too holds log-probabilities, and
    loss = exp(target) * (target - input)

    Summed over all outcomes it is KL(target || model), with exp(input) the model's probabilities: how many nats more the
    target's outcomes cost when they are coded as if they came from the model. "mean" divides by the number of terms, which
    is no divergence; "batchmean" divides by the size of the batch only, and is the mean divergence.

    Shapes: input and target alike, of any shape, the first dimension the batch -> () for "mean", "sum" and "batchmean",
    that shape for "none".
    Raises: ValueError for shapes that differ and for integers.
    Paper: Kullback & Leibler 1951, On Information and Sufficiency, https://doi.org/10.1214/aoms/1177729694.
    Equals: torch.nn.functional.kl_div.
    """
    check_kl_div(input, target, reduction)
    if log_target:
        terms = target.exp() * (target - input)
    else:
        terms = torch.xlogy(target, target) - target * input
    return reduce_divergence(terms, reduction)


def kl_div_fused(input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False) -> Tensor:
    check_kl_div(input, target, reduction)
    return reduce_divergence(F.kl_div(input, target, reduction="none", log_target=log_target), reduction)


def check_gaussian_nll(input: Tensor, target: Tensor, var: Tensor | float, eps: float, reduction: str) -> Tensor:
    """The variance as a tensor that broadcasts to the input, or a ValueError that says what does not fit."""
    if not input.is_floating_point():
        raise ValueError(f"gaussian_nll_loss takes floating-point means; it was given {input.dtype}")
    if target.dim() != input.dim() or not fits(target.shape, input.shape):
        raise ValueError(
            "gaussian_nll_loss takes a target shaped as the input, where any size may be 1; it was given input "
            f"{tuple(input.shape)} and target {tuple(target.shape)}"
        )
    check_reduction("gaussian_nll_loss", reduction)
    if not isinstance(var, Tensor):
        var = input.new_full((), var)
    elif var.shape != input.shape and var.shape == input.shape[:-1]:
        var = var.unsqueeze(-1)
    elif var.dim() != input.dim() or not fits(var.shape, input.shape):
        raise ValueError(
            "gaussian_nll_loss takes a number as var, or a tensor shaped as the input, where any size may be 1 and the last may "
            f"be missing; it was given input {tuple(input.shape)} and var {tuple(var.shape)}"
        )
    if can_look_into(var) and (var < 0).any():
        raise ValueError(f"gaussian_nll_loss: a variance is not negative; the least in var is {var.min().item():g}")
    if not eps > 0:
        raise ValueError(f"gaussian_nll_loss: eps is the least variance and must be positive; it was given {eps}")
    return var


def gaussian_nll_loss_tensors(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Minus the log-likelihood of the target under a normal distribution with the input as its mean, and a variance.

    loss = 1 / 2 * (log(v) + (input - target)^2 / v), with v = max(var, eps)

    `full` adds the constant 1 / 2 * log(2 pi). The gradient takes no notice of the floor: a variance below it is still told
    in which direction to go.

    Shapes: input of any shape; target the same, where any size may be 1; var a number, or as the target, or without the last
    dimension -> () for "mean" and "sum", as the input for "none".
    Raises: ValueError for shapes that do not match, integer input, an eps that is not positive and, on the CPU, a negative
    variance.
    Paper: Nix & Weigend 1994, https://doi.org/10.1109/ICNN.1994.374138.
    Equals: torch.nn.functional.gaussian_nll_loss.
    """
    var = raised(check_gaussian_nll(input, target, var, eps, reduction), eps)
    losses = (var.log() + (input - target).square() / var) / 2
    return reduce(losses + math.log(2 * math.pi) / 2 if full else losses, reduction)


kl_div = Ladder(kl_div_tensors, fused=kl_div_fused)
gaussian_nll_loss = Ladder(gaussian_nll_loss_tensors)
