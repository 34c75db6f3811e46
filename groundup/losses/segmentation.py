"""Losses of segmentation. Dice looks at a mask as a whole, so that an object of few pixels counts as much as one of many."""

import torch
from torch import Tensor
from torch.nn import Module

from groundup.ops.activation import sigmoid
from groundup.ops.binary_loss import binary_cross_entropy_with_logits
from groundup.ops.class_target import check_classes, classes_last
from groundup.ops.softmax import softmax


def check_masks(name: str, logits: Tensor, target: Tensor) -> None:
    """A ValueError that says what does not fit."""
    if logits.shape != target.shape or logits.dim() < 2 or not (logits.is_floating_point() and target.is_floating_point()):
        raise ValueError(
            f"{name} takes floating-point logits and targets of one shape (masks, ...); it was given {logits.dtype} "
            f"{tuple(logits.shape)} and {target.dtype} {tuple(target.shape)}"
        )


def check_smooth(name: str, smooth: float) -> None:
    if not smooth >= 0:
        raise ValueError(f"{name}: smooth must not be negative; it was given {smooth}")


def dice_of(shares: Tensor, target: Tensor, smooth: float) -> Tensor:
    """1 - (2 * sum of p t + smooth) / (sum of p + sum of t + smooth), over the last dimension. Shapes: (..., n) -> (...)."""
    return 1 - (2 * (shares * target).sum(-1) + smooth) / (shares.sum(-1) + target.sum(-1) + smooth)


class DiceLoss(Module):
    """How little masks overlap: one minus twice their overlap over their sizes together; the mean over masks.

    loss = 1 - (2 * sum of p * t + smooth) / (sum of p + sum of t + smooth), sums over a mask's pixels, p = sigmoid(logits)

    `smooth` gives an empty mask a loss of its own, 0 where nothing is predicted; with smooth = 0 it would be 0 / 0.

    Shapes: logits and target (masks, ...) alike, the target 1 on the object and 0 off it -> ().
    Raises: ValueError for shapes that differ, integers and a negative smooth.
    Paper: V-Net, https://arxiv.org/abs/1606.04797 (section 3), without its squares in the denominator, as DETR and
    Mask2Former have it.
    Equals: the dice loss of transformers' Mask2Former.
    """

    def __init__(self, *, smooth: float = 1.0):
        super().__init__()
        check_smooth("DiceLoss", smooth)
        self.smooth = smooth

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        check_masks("DiceLoss", logits, target)
        return dice_of(sigmoid(logits).flatten(1), target.flatten(1), self.smooth).mean()


class ClassDiceLoss(Module):
    """Dice for pictures in which every pixel has one class: each class is a mask over the whole batch; the mean over classes.

    p = softmax of the logits over the classes. Pixels of `ignore_index` count in neither.

    Shapes: logits (batch, classes, ...), target (batch, ...) of classes -> ().
    Raises: ValueError for shapes that do not match, a negative smooth and, on the CPU, a target outside the classes.
    """

    def __init__(self, *, smooth: float = 1.0, ignore_index: int = -100):
        super().__init__()
        check_smooth("ClassDiceLoss", smooth)
        self.smooth, self.ignore_index = smooth, ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        fits = logits.dim() >= 2 and target.shape == logits.shape[:1] + logits.shape[2:]
        if not fits or not logits.is_floating_point() or target.is_floating_point():
            raise ValueError(
                "ClassDiceLoss takes floating-point logits (batch, classes, ...) and integer classes (batch, ...); it was given "
                f"{logits.dtype} {tuple(logits.shape)} and {target.dtype} {tuple(target.shape)}"
            )
        target, classes = target.long(), logits.shape[1]
        check_classes("ClassDiceLoss", target, classes, self.ignore_index)
        kept = (target != self.ignore_index).unsqueeze(-1)
        shares = classes_last(softmax(logits, 1)) * kept
        masks = (target.unsqueeze(-1) == torch.arange(classes, device=target.device)).to(shares.dtype) * kept
        shares, masks = shares.reshape(-1, classes).T, masks.reshape(-1, classes).T  # (classes, pixels)
        return dice_of(shares, masks, self.smooth).mean()


class MaskLoss(Module):
    """Binary cross-entropy, which judges every pixel, mixed with dice, which judges the mask.

    loss = bce_weight * mean over pixels of binary cross-entropy + dice_weight * dice; both the mean over masks

    Shapes: logits and target (masks, ...) alike -> ().
    Raises: ValueError for shapes that differ, integers and a negative smooth.
    Paper: Mask2Former, https://arxiv.org/abs/2112.01527 (both weights are 5).
    Equals: the two mask losses of transformers' Mask2Former, weighed and added.
    """

    def __init__(self, *, bce_weight: float = 5.0, dice_weight: float = 5.0, smooth: float = 1.0):
        super().__init__()
        self.bce_weight, self.dice_weight = bce_weight, dice_weight
        self.dice = DiceLoss(smooth=smooth)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        check_masks("MaskLoss", logits, target)
        bce = binary_cross_entropy_with_logits(logits, target)
        return self.bce_weight * bce + self.dice_weight * self.dice(logits, target)
