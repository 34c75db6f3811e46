"""Activation layers against torch.nn's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.activation import (
    GELU,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    QuickGELU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)


def numbers(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(4, 5, generator=generator, dtype=torch.float64))
    yield call(torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64).permute(0, 2, 3, 1))
    yield call(torch.randn(0, 3, 2, generator=generator, dtype=torch.float64))


def transformers_quick_gelu() -> nn.Module:
    from transformers.activations import QuickGELUActivation

    return QuickGELUActivation()


CASES = [
    ModuleCase(name="ReLU", reference="torch.nn.ReLU", ours=ReLU, theirs=nn.ReLU, samples=numbers),
    ModuleCase(
        name="LeakyReLU",
        reference="torch.nn.LeakyReLU",
        ours=partial(LeakyReLU, negative_slope=0.2),
        theirs=partial(nn.LeakyReLU, negative_slope=0.2),
        samples=numbers,
    ),
    ModuleCase(name="Sigmoid", reference="torch.nn.Sigmoid", ours=Sigmoid, theirs=nn.Sigmoid, samples=numbers),
    ModuleCase(name="LogSigmoid", reference="torch.nn.LogSigmoid", ours=LogSigmoid, theirs=nn.LogSigmoid, samples=numbers),
    ModuleCase(name="Tanh", reference="torch.nn.Tanh", ours=Tanh, theirs=nn.Tanh, samples=numbers),
    ModuleCase(
        name="Softplus",
        reference="torch.nn.Softplus",
        ours=partial(Softplus, beta=2.5, threshold=1.5),
        theirs=partial(nn.Softplus, beta=2.5, threshold=1.5),
        samples=numbers,
    ),
    ModuleCase(name="SiLU", reference="torch.nn.SiLU", ours=SiLU, theirs=nn.SiLU, samples=numbers),
    ModuleCase(
        name="GELU",
        reference="torch.nn.GELU",
        ours=partial(GELU, approximate="tanh"),
        theirs=partial(nn.GELU, approximate="tanh"),
        samples=numbers,
    ),
    ModuleCase(
        name="QuickGELU",
        reference="transformers.activations.QuickGELUActivation",
        requires=("transformers",),
        ours=QuickGELU,
        theirs=transformers_quick_gelu,
        samples=numbers,
    ),
    ModuleCase(
        name="Softmax",
        reference="torch.nn.Softmax",
        ours=partial(Softmax, dim=1),
        theirs=partial(nn.Softmax, dim=1),
        samples=numbers,
    ),
    ModuleCase(
        name="LogSoftmax",
        reference="torch.nn.LogSoftmax",
        ours=partial(LogSoftmax, dim=1),
        theirs=partial(nn.LogSoftmax, dim=1),
        samples=numbers,
    ),
]
