"""Activations against torch's."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.activation import leaky_relu, logsigmoid, relu, sigmoid, softplus, tanh


def awkward(generator: Generator) -> Iterator[Tensor]:
    """One number, a row, strided and channels-last pictures, nothing at all, exact zeros, and numbers far from 1."""

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield draw()
    yield draw(7)
    yield draw(5, 4).T
    yield draw(2, 3, 4, 6)[..., ::2]
    yield draw(2, 3, 4, 5).to(memory_format=torch.channels_last)
    yield draw(0, 3, 4)
    yield torch.tensor([-3.0, -0.0, 0.0, 1e-9, -1e-9, 2.0], dtype=torch.float64)
    yield draw(3, 5) * 40
    yield torch.tensor([-1000.0, 1000.0], dtype=torch.float64)


def plain_samples(generator: Generator) -> Iterator[Sample]:
    for numbers in awkward(generator):
        yield call(numbers)


def leaky_relu_samples(generator: Generator) -> Iterator[Sample]:
    for numbers in awkward(generator):
        yield call(numbers)
        yield call(numbers, 0.2)


def softplus_samples(generator: Generator) -> Iterator[Sample]:
    for numbers in awkward(generator):
        yield call(numbers)
        yield call(numbers, 0.5, 1.5)
        yield call(numbers, beta=3)


CASES = [
    OpCase(name="relu", reference="torch.nn.functional.relu", ours=relu, theirs=F.relu, samples=plain_samples),
    OpCase(
        name="leaky_relu",
        reference="torch.nn.functional.leaky_relu",
        ours=leaky_relu,
        theirs=F.leaky_relu,
        samples=leaky_relu_samples,
    ),
    OpCase(name="sigmoid", reference="torch.nn.functional.sigmoid", ours=sigmoid, theirs=F.sigmoid, samples=plain_samples),
    OpCase(name="tanh", reference="torch.nn.functional.tanh", ours=tanh, theirs=F.tanh, samples=plain_samples),
    OpCase(name="softplus", reference="torch.nn.functional.softplus", ours=softplus, theirs=F.softplus, samples=softplus_samples),
    OpCase(
        name="logsigmoid",
        reference="torch.nn.functional.logsigmoid",
        ours=logsigmoid,
        theirs=F.logsigmoid,
        samples=plain_samples,
    ),
]
