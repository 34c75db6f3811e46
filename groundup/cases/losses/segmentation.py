"""Dice and its mix with binary cross-entropy against transformers' Mask2Former, and dice for classes against its equation."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.losses.settings import with_settings
from groundup.losses.segmentation import ClassDiceLoss, DiceLoss, MaskLoss
from groundup.parity.compare import Constant


def transformers_dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    from transformers.models.mask2former.modeling_mask2former import dice_loss

    return dice_loss(logits.flatten(1), target.flatten(1), len(logits))


def transformers_mask_loss(logits: Tensor, target: Tensor, bce_weight: float = 5.0, dice_weight: float = 5.0) -> Tensor:
    from transformers.models.mask2former.modeling_mask2former import sigmoid_cross_entropy_loss

    bce = sigmoid_cross_entropy_loss(logits.flatten(1), target.flatten(1), len(logits))
    return bce_weight * bce + dice_weight * transformers_dice_loss(logits, target)


def worked_class_dice(logits: Tensor, target: Tensor, smooth: float = 1.0, ignore_index: int = -100) -> Tensor:
    """The equation, class after class and pixel after pixel."""
    rows, total = logits.movedim(1, -1).reshape(-1, logits.shape[1]), 0
    for c in range(logits.shape[1]):
        overlap = predicted = wanted = 0
        for row, t in zip(rows, target.flatten().tolist()):
            if t != ignore_index:
                share = row[c].exp() / sum(number.exp() for number in row)
                overlap, predicted, wanted = overlap + share * (t == c), predicted + share, wanted + (t == c)
        total = total + 1 - (2 * overlap + smooth) / (predicted + wanted + smooth)
    return total / logits.shape[1]


def mask_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for shape in ((3, 5), (2, 4, 3), (2, 2, 3, 4)):
        yield call(2 * draw(*shape), Constant((draw(*shape) > 0).double()))
    yield call(2 * draw(4, 3, 2).permute(2, 0, 1), draw(2, 4, 3).sigmoid())
    yield call(draw(2, 4), Constant(torch.zeros(2, 4, dtype=torch.float64)))  # masks of nothing


def weighed_mask_samples(generator: Generator) -> Iterator[Sample]:
    yield from mask_samples(generator)
    for sample in mask_samples(generator):
        yield call(*sample.args, bce_weight=20.0, dice_weight=0.7)


def class_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for settings in ({}, {"smooth": 0.2}, {"ignore_index": 1, "smooth": 0.0}):
        yield call(draw(5, 4), torch.randint(0, 4, (5,), generator=generator), **settings)
        yield call(draw(2, 2, 3, 3).movedim(-1, 1), torch.randint(0, 3, (2, 2, 3), generator=generator), **settings)


CASES = [
    OpCase(
        name="DiceLoss",
        kind="loss",
        reference="transformers.models.mask2former.modeling_mask2former.dice_loss",
        requires=("transformers",),
        ours=with_settings(DiceLoss),
        theirs=transformers_dice_loss,
        samples=mask_samples,
    ),
    OpCase(
        name="MaskLoss",
        kind="loss",
        reference="transformers.models.mask2former.modeling_mask2former",
        requires=("transformers",),
        ours=with_settings(MaskLoss),
        theirs=transformers_mask_loss,
        samples=weighed_mask_samples,
    ),
    OpCase(
        name="ClassDiceLoss",
        kind="loss",
        level="B",
        reference="dice of each class, one pixel after the other",
        ours=with_settings(ClassDiceLoss),
        theirs=worked_class_dice,
        samples=class_samples,
    ),
]
