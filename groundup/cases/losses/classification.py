"""Losses of classification against torch.nn's."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.losses.classification import BCEWithLogitsLoss, CrossEntropyLoss


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
]
