"""The regressors of tables against the same networks composed from torch.nn."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.tabular.regressors import linear_regressor, mlp_regressor
from groundup.weights.rules import Rename


def composed_linear() -> nn.Module:
    return nn.Sequential(nn.Linear(7, 1), nn.Flatten(0))


def composed_mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 3), nn.ReLU(), nn.Linear(3, 1), nn.Flatten(0))


def features(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(4, 7, generator=generator, dtype=torch.float64))


CASES = [
    ModelCase(
        name="linear_regressor",
        reference="composed",
        ours=partial(linear_regressor, in_features=7),
        theirs=composed_linear,
        weights=[Rename("0.{}", "output.{}")],
        samples=features,
    ),
    ModelCase(
        name="mlp_regressor",
        reference="composed",
        ours=partial(mlp_regressor, in_features=7, hidden_dims=(5, 3)),
        theirs=composed_mlp,
        weights=[Rename("0.{}", "hidden.0.{}"), Rename("2.{}", "hidden.3.{}"), Rename("4.{}", "output.{}")],
        samples=features,
    ),
]
