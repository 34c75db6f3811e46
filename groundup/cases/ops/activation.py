"""Activations against torch's."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.activation import gelu, leaky_relu, relu, softmax, tanh


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


def plain_samples(generator: Generator) -> Iterator[Sample]:
    for numbers in awkward(generator):
        yield call(numbers)


def leaky_relu_samples(generator: Generator) -> Iterator[Sample]:
    for numbers in awkward(generator):
        yield call(numbers)
        yield call(numbers, 0.2)


def gelu_samples(generator: Generator) -> Iterator[Sample]:
    for numbers in awkward(generator):
        yield call(numbers)
        yield call(numbers, approximate="tanh")


def softmax_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(draw(7), 0)
    yield call(draw(5, 4).T, 1)
    yield call(draw(5, 4), dim=-2)
    yield call(draw(2, 3, 4, 6)[..., ::2], dim=2)
    yield call(draw(2, 3, 4, 5).to(memory_format=torch.channels_last), dim=1)
    yield call(draw(0, 3, 4), 2)
    yield call(draw(3, 6) * 300, -1)
    yield call(draw(3, 6).float(), -1, dtype=torch.float64)
    yield call(draw(2, 4).masked_fill(torch.tensor([False, True, False, True]), -torch.inf), -1)


CASES = [
    OpCase(name="relu", reference="torch.nn.functional.relu", ours=relu, theirs=F.relu, samples=plain_samples),
    OpCase(
        name="leaky_relu",
        reference="torch.nn.functional.leaky_relu",
        ours=leaky_relu,
        theirs=F.leaky_relu,
        samples=leaky_relu_samples,
    ),
    OpCase(name="tanh", reference="torch.nn.functional.tanh", ours=tanh, theirs=F.tanh, samples=plain_samples),
    OpCase(name="gelu", reference="torch.nn.functional.gelu", ours=gelu, theirs=F.gelu, samples=gelu_samples),
    OpCase(name="softmax", reference="torch.nn.functional.softmax", ours=softmax, theirs=F.softmax, samples=softmax_samples),
]
