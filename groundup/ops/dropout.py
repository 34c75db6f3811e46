"""Dropout: in training, something is struck out at random. Single numbers, whole channels, or whole examples."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder


def check_probability(name: str, p: float) -> None:
    """A ValueError for a p that is none."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p is a probability between 0 and 1, not {p}")


def check_dropout(name: str, input: Tensor, rank: int, layout: str) -> None:
    """A ValueError for an input that is not of floating point or has fewer dimensions than the layout needs."""
    if not input.is_floating_point():
        raise ValueError(f"{name} scales floating-point numbers; it was given {input.dtype}: call .float() on them first")
    if input.dim() < rank:
        raise ValueError(f"{name} takes input ({layout}); it was given {tuple(input.shape)}")


def strike_out(input: Tensor, p: float, mask: Tensor) -> Tensor:
    """What the mask keeps, divided by 1 - p, and 0 elsewhere. Shapes: input any, mask one that broadcasts to it."""
    return input * (mask.to(input.dtype) / (1 - p))


def dropout_tensors(input: Tensor, p: float = 0.5, training: bool = True, *, mask: Tensor | None = None) -> Tensor:
    """Each number is 0 with probability p; those kept are divided by 1 - p, so that the mean stays as it was.

    `mask`, a tensor of bool, says which are kept; without it they are drawn from the global generator. Outside of
    training the input comes back as it is.

    Shapes: any -> the same; mask: one that broadcasts to it.
    Raises: ValueError for a p outside 0 to 1 and, in training, for whole numbers.
    Paper: Dropout, https://jmlr.org/papers/v15/srivastava14a.html, section 4 (there p is the probability to keep, and the
    weights are scaled after training instead).
    Equals: torch.nn.functional.dropout; on the CPU also number by number after the same seed.
    """
    check_probability("dropout", p)
    if not training or (p == 0 and mask is None):
        return input
    check_dropout("dropout", input, 0, "any")
    if p == 1:
        return input * 0
    if mask is None:
        mask = torch.empty_like(input).bernoulli_(1 - p)
    return strike_out(input, p, mask)


def dropout_fused(input: Tensor, p: float = 0.5, training: bool = True, *, mask: Tensor | None = None) -> Tensor:
    if mask is not None:
        return dropout_tensors(input, p, training, mask=mask)
    check_probability("dropout", p)
    try:
        return F.dropout(input, p, training)
    except RuntimeError:
        check_dropout("dropout", input, 0, "any")
        raise


def dropout2d_tensors(input: Tensor, p: float = 0.5, training: bool = True, *, mask: Tensor | None = None) -> Tensor:
    """dropout of whole channels: with probability p all numbers of a channel are 0, else all are divided by 1 - p.

    Neighbouring pixels say nearly the same: of those struck out one by one, none would be missed.
    `mask`, a tensor of bool, says which channels are kept; without it they are drawn from the global generator. Outside of
    training the input comes back as it is. Three dimensions are read as (batch, channels, length), as by torch.

    Shapes: (batch, channels, ...) -> the same; mask (batch, channels).
    Raises: ValueError for a p outside 0 to 1 and, in training, for whole numbers and for fewer than two dimensions.
    Paper: Efficient Object Localization Using Convolutional Networks, https://arxiv.org/abs/1411.4280, section 3.2.
    Equals: torch.nn.functional.dropout2d; on the CPU also number by number after the same seed.
    """
    check_probability("dropout2d", p)
    if not training or (p == 0 and mask is None):
        return input
    check_dropout("dropout2d", input, 2, "batch, channels, ...")
    if p == 1:
        return input * 0
    if mask is None:
        mask = input.new_empty(input.shape[:2]).bernoulli_(1 - p)
    return strike_out(input, p, mask[(..., *[None] * (input.dim() - 2))])


def dropout2d_fused(input: Tensor, p: float = 0.5, training: bool = True, *, mask: Tensor | None = None) -> Tensor:
    if mask is not None:
        return dropout2d_tensors(input, p, training, mask=mask)
    check_probability("dropout2d", p)
    try:
        return torch.feature_dropout(input, p, training)
    except RuntimeError:
        check_dropout("dropout2d", input, 2, "batch, channels, ...")
        raise


def check_drop_path(p: float, mode: str) -> None:
    """A ValueError for a p or a mode that is none."""
    check_probability("drop_path", p)
    if mode not in ("row", "batch"):
        raise ValueError(f"drop_path: mode is 'row' or 'batch', not {mode!r}")


def drop_path_tensors(input: Tensor, p: float, mode: str, training: bool = True, *, mask: Tensor | None = None) -> Tensor:
    """Stochastic depth: with probability p all of an example is 0, so that a residual block passes it on untouched.

    What is kept is divided by 1 - p. `mode` "row" decides for each example of the batch, "batch" once for all of them.
    `mask`, a tensor of bool, says which are kept; without it they are drawn from the global generator. Outside of training
    the input comes back as it is.

    Shapes: (batch, ...) -> the same; mask (batch) for "row", (1) for "batch".
    Raises: ValueError for a p outside 0 to 1, another mode and, in training, for whole numbers and a single number.
    Paper: Deep Networks with Stochastic Depth, https://arxiv.org/abs/1603.09382, section 3 (there 1 - p is p_l, and the
    block is scaled after training instead).
    Equals: torchvision.ops.stochastic_depth; timm's drop_path is the mode "row".
    """
    check_drop_path(p, mode)
    if not training or (p == 0 and mask is None):
        return input
    check_dropout("drop_path", input, 1, "batch, ...")
    if p == 1:
        return input * 0
    if mask is None:
        mask = input.new_empty(len(input) if mode == "row" else 1).bernoulli_(1 - p)
    return strike_out(input, p, mask[(..., *[None] * (input.dim() - 1))])


dropout = Ladder(dropout_tensors, fused=dropout_fused)
dropout2d = Ladder(dropout2d_tensors, fused=dropout2d_fused)
drop_path = Ladder(drop_path_tensors)
