"""Airbench against the same network composed from torch.nn."""

from collections import OrderedDict
from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.classification.airbench import airbench94
from groundup.weights.rules import Rename

WIDTHS = (6, 10, 8)


class Ninth(nn.Module):
    def forward(self, x):
        return x / 9


def group(in_channels: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 3, padding="same", bias=False),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(channels, eps=1e-12, momentum=0.4),
        nn.GELU(),
        nn.Conv2d(channels, channels, 3, padding="same", bias=False),
        nn.BatchNorm2d(channels, eps=1e-12, momentum=0.4),
        nn.GELU(),
    )


def composed() -> nn.Module:
    came = (24, *WIDTHS[:-1])
    model = nn.Sequential(
        OrderedDict(
            whiten=nn.Conv2d(3, 24, 2),
            gelu=nn.GELU(),
            groups=nn.Sequential(*map(group, came, WIDTHS)),
            pool=nn.MaxPool2d(3),
            flatten=nn.Flatten(),
            head=nn.Linear(WIDTHS[-1], 7, bias=False),
            scale=Ninth(),
        )
    )
    for name, parameter in model.named_parameters():  # what does not learn there has no gradient to compare
        parameter.requires_grad_(not (name == "whiten.weight" or (parameter.dim() == 1 and name.endswith(".weight"))))
    return model


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(3, 3, 32, 28, generator=generator, dtype=torch.float64))


PARTS = {"0": "conv1", "2": "norm1", "4": "conv2", "5": "norm2"}

CASES = [
    ModelCase(
        name="airbench94",
        reference="composed",
        ours=partial(airbench94, num_classes=7, widths=WIDTHS),
        theirs=composed,
        weights=[Rename(f"groups.{{}}.{theirs}.{{}}", f"groups.{{}}.{ours}.{{}}") for theirs, ours in PARTS.items()],
        samples=pictures,
    ),
]
