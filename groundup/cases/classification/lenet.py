"""LeNet-5 against the same network composed from torch.nn."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.classification.lenet import lenet5
from groundup.weights.rules import Rename


def composed() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.Tanh(),
        nn.Linear(120, 84),
        nn.Tanh(),
        nn.Linear(84, 7),
    )


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 3, 32, 32, generator=generator, dtype=torch.float64))


LAYERS = {"0": "c1", "3": "c3", "7": "c5", "9": "f6", "11": "output"}

CASES = [
    ModelCase(
        name="lenet5",
        reference="composed",
        ours=partial(lenet5, num_classes=7, in_channels=3),
        theirs=composed,
        weights=[Rename(f"{theirs}.{{}}", f"{ours}.{{}}") for theirs, ours in LAYERS.items()],
        samples=pictures,
    ),
]
