"""normalize, cosine_similarity and pairwise_distance against torch's."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.distance import cosine_similarity, normalize, pairwise_distance

NORMS = (2.0, 1.0, 0.0, 0.5, 1.5, 3.0, math.inf, -1.0, -math.inf)


def with_zeros() -> Tensor:
    """Rows with zeros, with equally large numbers, and of zeros alone: the corners of every norm."""
    return torch.tensor([[0, 2, -2, 1], [0, 0, 0, 0], [3, 4, 0, 0]], dtype=torch.float64)


def normalize_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(draw(3, 4))
    for p in NORMS:
        yield call(draw(3, 4), p)
        yield call(with_zeros(), p, eps=0.5)
    yield call(with_zeros(), eps=5.0)  # as long as the third row
    yield call(draw(2, 3, 4).permute(2, 0, 1), dim=0)
    yield call(draw(2, 3, 4), dim=(1, -1), eps=0.3)
    yield call(draw(4), dim=-1)
    yield call(draw(), dim=0)
    yield call(draw(0, 3))
    yield call(draw(3, 0))


def cosine_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(draw(3, 4), draw(3, 4))
    yield call(draw(2, 3, 4), draw(3, 1), dim=-1)
    yield call(draw(2, 1, 4), draw(3, 4), 0)
    yield call(draw(3, 4), draw(4, 3).T, dim=0)
    yield call(draw(4), draw(4), dim=0)
    yield call(draw(5, 3), draw(5, 3), eps=1.5)  # some shorter, some longer
    yield call(torch.zeros(2, 3, dtype=torch.float64), draw(2, 3))
    yield call(draw(0, 3), draw(0, 3))
    yield call(draw(3, 0), draw(3, 0))


def distance_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for p in NORMS:
        yield call(draw(3, 4), draw(3, 4), p)
        yield call(with_zeros(), torch.zeros(4, dtype=torch.float64), p, eps=0.0)
    yield call(draw(2, 3, 4), draw(3, 1), keepdim=True)
    yield call(draw(3, 4), draw(4, 3).T, eps=0.3)
    yield call(draw(4), draw(4))
    yield call(draw(0, 3), draw(0, 3))
    equal = draw(2, 3)
    yield call(equal, equal)


CASES = [
    OpCase(
        name="normalize",
        reference="torch.nn.functional.normalize",
        ours=normalize,
        theirs=F.normalize,
        samples=normalize_samples,
    ),
    OpCase(
        name="cosine_similarity",
        reference="torch.nn.functional.cosine_similarity",
        ours=cosine_similarity,
        theirs=F.cosine_similarity,
        samples=cosine_samples,
    ),
    OpCase(
        name="pairwise_distance",
        reference="torch.nn.functional.pairwise_distance",
        ours=pairwise_distance,
        theirs=F.pairwise_distance,
        samples=distance_samples,
    ),
]
