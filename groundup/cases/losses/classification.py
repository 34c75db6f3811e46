"""Losses of classification against torch.nn's and torchvision's."""

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModuleCase, OpCase, Sample, call
from groundup.cases.losses.settings import with_settings
from groundup.losses.classification import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    FocalLoss,
    NLLLoss,
    sigmoid_focal_loss,
)
from groundup.parity.compare import Constant


def cross_entropy_options() -> dict:
    return dict(weight=torch.ones(4), ignore_index=1, label_smoothing=0.2)  # the case makes the weights random


def binary_options() -> dict:
    return dict(weight=torch.ones(4), pos_weight=torch.ones(3, 1))


def classes(generator: Generator) -> Iterator[Sample]:
    for shape in ((6,), (2, 5), (2, 3, 5)):
        logits = torch.randn(shape[0], 4, *shape[1:], generator=generator, dtype=torch.float64)
        yield call(logits, torch.randint(0, 4, shape, generator=generator))


def answers(generator: Generator) -> Iterator[Sample]:
    def draw() -> Tensor:
        return torch.randn(3, 4, generator=generator, dtype=torch.float64)

    yield call(draw(), (draw() > 0).double())
    yield call(draw(), draw().sigmoid())


def probabilities(generator: Generator) -> Iterator[Sample]:
    for sample in answers(generator):
        logits, target = sample.args
        yield call(logits.sigmoid(), target)


def log_probabilities(generator: Generator) -> Iterator[Sample]:
    for sample in classes(generator):
        logits, target = sample.args
        yield call(logits.log_softmax(1), target)


def worked_focal_loss(
    logits: Tensor,
    target: Tensor,
    gamma: float = 2.0,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """The equation, one target after the other."""
    losses = []
    for row, t in zip(logits.movedim(1, -1).reshape(-1, logits.shape[1]), target.flatten().tolist()):
        if t == ignore_index:
            losses.append((0 * row[:1].nan_to_num()).sum())
            continue
        share = row[t].exp() / sum(number.exp() for number in row)
        losses.append(-(1 if weight is None else weight[t]) * (1 - share) ** gamma * share.log())
    if reduction == "none":
        return torch.stack(losses).view(target.shape)
    return sum(losses) / ((target != ignore_index).sum() if reduction == "mean" else 1)


def focal_samples(generator: Generator) -> Iterator[Sample]:
    weight = Constant(torch.rand(4, generator=generator, dtype=torch.float64))
    for shape in ((6,), (2, 5)):
        logits = torch.randn(shape[0], 4, *shape[1:], generator=generator, dtype=torch.float64)
        target = torch.randint(0, 4, shape, generator=generator)
        yield call(logits, target)
        for reduction in ("mean", "sum", "none"):
            yield call(logits, target, gamma=1.5, weight=weight, ignore_index=1, reduction=reduction)
        yield call(logits, target, gamma=0.0)
        yield call(logits, target.masked_fill(target == 2, -100), gamma=0.5, reduction="sum")


def torchvision_focal_loss(*args, **kwargs) -> Tensor:
    from torchvision.ops import sigmoid_focal_loss as theirs

    return theirs(*args, **kwargs)


def sigmoid_focal_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for reduction in ("none", "mean", "sum"):
        yield call(draw(3, 4), (draw(3, 4) > 0).double(), reduction=reduction)
    for alpha, gamma in ((0.7, 1.5), (-1, 3.0), (0.0, 2.0), (1.0, 1.0), (0.4, 0.0), (0.4, math.e)):
        yield call(2 * draw(5, 2), draw(2, 5).T.sigmoid(), alpha, gamma)
    yield call(draw(0, 3), draw(0, 3))


CASES = [
    ModuleCase(
        name="CrossEntropyLoss",
        kind="loss",
        reference="torch.nn.CrossEntropyLoss",
        ours=lambda: CrossEntropyLoss(**cross_entropy_options()),
        theirs=lambda: nn.CrossEntropyLoss(**cross_entropy_options()),
        samples=classes,
    ),
    ModuleCase(
        name="BCEWithLogitsLoss",
        kind="loss",
        reference="torch.nn.BCEWithLogitsLoss",
        ours=lambda: BCEWithLogitsLoss(**binary_options()),
        theirs=lambda: nn.BCEWithLogitsLoss(**binary_options()),
        samples=answers,
    ),
    ModuleCase(
        name="NLLLoss",
        kind="loss",
        reference="torch.nn.NLLLoss",
        ours=lambda: NLLLoss(weight=torch.ones(4), ignore_index=1),
        theirs=lambda: nn.NLLLoss(weight=torch.ones(4), ignore_index=1),
        samples=log_probabilities,
    ),
    ModuleCase(
        name="BCELoss",
        kind="loss",
        reference="torch.nn.BCELoss",
        ours=lambda: BCELoss(weight=torch.ones(3, 1)),
        theirs=lambda: nn.BCELoss(weight=torch.ones(3, 1)),
        samples=probabilities,
    ),
    OpCase(
        name="FocalLoss",
        kind="loss",
        level="B",
        reference="equation 5 of arXiv:1708.02002 for classes, one target after the other",
        ours=with_settings(FocalLoss),
        theirs=worked_focal_loss,
        samples=focal_samples,
    ),
    OpCase(
        name="sigmoid_focal_loss",
        kind="loss",
        reference="torchvision.ops.sigmoid_focal_loss",
        requires=("torchvision",),
        ours=sigmoid_focal_loss,
        theirs=torchvision_focal_loss,
        samples=sigmoid_focal_samples,
    ),
]
