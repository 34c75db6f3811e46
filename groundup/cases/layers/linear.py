"""Linear, Flatten and Unflatten against torch.nn's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.linear import Flatten, Linear, Unflatten

LINEAR = dict(in_features=4, out_features=3)


def rows(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(5, 4, generator=generator, dtype=torch.float64))
    yield call(torch.randn(4, generator=generator, dtype=torch.float64))
    yield call(torch.randn(2, 4, 3, 2, generator=generator, dtype=torch.float64).movedim(1, -1))
    yield call(torch.randn(0, 4, generator=generator, dtype=torch.float64))


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64))
    yield call(torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64).to(memory_format=torch.channels_last))


CASES = [
    ModuleCase(
        name="Linear",
        reference="torch.nn.Linear",
        ours=partial(Linear, **LINEAR),
        theirs=partial(nn.Linear, **LINEAR),
        samples=rows,
    ),
    ModuleCase(name="Flatten", reference="torch.nn.Flatten", ours=Flatten, theirs=nn.Flatten, samples=pictures),
    ModuleCase(
        name="Unflatten",
        reference="torch.nn.Unflatten",
        ours=partial(Unflatten, dim=2, unflattened_size=(2, -1)),
        theirs=partial(nn.Unflatten, dim=2, unflattened_size=(2, -1)),
        samples=pictures,
    ),
]
