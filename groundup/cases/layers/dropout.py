"""Dropout against torch.nn's, in evaluation mode; the op's case holds it in training, with a given mask."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.dropout import Dropout


def numbers(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(3, 5, generator=generator, dtype=torch.float64))


CASES = [
    ModuleCase(
        name="Dropout",
        reference="torch.nn.Dropout",
        ours=partial(Dropout, p=0.3),
        theirs=partial(nn.Dropout, p=0.3),
        samples=numbers,
        modes=("eval",),
    ),
]
