"""FeedForward against the same composed from torch.nn."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.activation import GELU
from groundup.layers.feed_forward import FeedForward
from groundup.weights.rules import Rename


def composed() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 10), nn.GELU(), nn.Linear(10, 4), nn.Dropout(0.3))


def sentences(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 5, 4, generator=generator, dtype=torch.float64))


CASES = [
    ModuleCase(
        name="FeedForward",
        reference="composed",
        ours=partial(FeedForward, embed_dim=4, hidden_dim=10, activation=GELU, dropout=0.3),
        theirs=composed,
        weights=[Rename("0.{}", "expand.{}"), Rename("2.{}", "contract.{}")],
        samples=sentences,
        modes=("eval",),
    ),
]
