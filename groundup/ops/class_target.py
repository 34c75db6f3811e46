"""Targets that name a class out of many: what fits the input, which losses count, and by what a mean is divided."""

from typing import NamedTuple

import torch
from torch import Tensor

from groundup.ops.reduction import can_look_into, check_reduction


def classes_last(input: Tensor) -> Tensor:
    """(classes), (batch, classes) or (batch, classes, ...) with the classes as the last dimension."""
    return input.movedim(min(1, input.dim() - 1), -1)


def check_class_scores(name: str, scores: str, input: Tensor, weight: Tensor | None, reduction: str) -> torch.Size:
    """The shape of the input with the classes last, or a ValueError that says what does not fit."""
    if not input.is_floating_point() or input.dim() == 0:
        raise ValueError(
            f"{name} takes floating-point {scores} (batch, classes, ...); it was given {input.dtype} {tuple(input.shape)}"
        )
    shape = classes_last(input).shape
    if weight is not None and weight.shape != shape[-1:]:
        raise ValueError(f"{name}: {shape[-1]} classes take {shape[-1]} weights; weight has shape {tuple(weight.shape)}")
    if weight is not None and weight.dtype != input.dtype and not torch.is_autocast_enabled(input.device.type):
        raise ValueError(f"{name}: {scores} of {input.dtype} take weights of the same type; weight is {weight.dtype}")
    check_reduction(name, reduction)
    return shape


def check_classes(name: str, target: Tensor, classes: int, ignore_index: int) -> None:
    """A ValueError that names a target outside the classes; not looked for where one would wait for it, or trace it."""
    if can_look_into(target):
        wrong = target[((target < 0) | (target >= classes)) & (target != ignore_index)]
        if len(wrong):
            raise ValueError(f"{name}: target {wrong[0].item()} is none of the {classes} classes, 0 to {classes - 1}")


class Chosen(NamedTuple):
    """What class indices ask for: each loss is made of the class at `index`, and counts `amount`.

    Shapes: index and amount (..., 1); kept (...), false where a target is ignored; count (), what a mean is divided by.
    """

    index: Tensor
    amount: Tensor
    kept: Tensor
    count: Tensor


def chosen_classes(name: str, scores: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> Chosen:
    """The choice that class indices make among scores that have the classes last; an ignored target counts nothing."""
    target = target.long()
    check_classes(name, target, scores.shape[-1], ignore_index)
    kept = target != ignore_index
    index = target.where(kept, 0).unsqueeze(-1)
    amount = kept.unsqueeze(-1).to(scores.dtype) if weight is None else weight.detach()[index] * kept.unsqueeze(-1)
    return Chosen(index, amount, kept, amount.sum())
