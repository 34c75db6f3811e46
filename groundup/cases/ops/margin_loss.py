"""triplet_margin_loss and cosine_embedding_loss against torch's."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.margin_loss import cosine_embedding_loss, triplet_margin_loss


def triplet_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    def triplet(*shape: int) -> tuple[Tensor, ...]:
        return draw(*shape), draw(*shape), draw(*shape)

    for reduction in ("mean", "sum", "none"):
        for swap in (False, True):
            yield call(*triplet(6, 3), swap=swap, reduction=reduction)
    for p in (1, 1.5, 3, math.inf):
        yield call(*triplet(4, 3), 0.4, p, 0.1)
    yield call(*triplet(2, 3, 4), reduction="none")
    yield call(draw(1, 3), draw(4, 3), draw(4, 1).expand(4, 3))
    yield call(*triplet(3))
    yield call(*triplet(0, 3))
    line = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64)
    yield call(line, line + 1, line + 2, eps=0.0)  # short of nothing by nothing: on the corner of the loss
    yield call(line, line + 1.5, line + 3, margin=9.0, eps=0.0, swap=True)  # a negative equally far from both


def cosine_embedding_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    signs = torch.tensor([1, -1, 1, -1, -1, 1])
    for reduction in ("mean", "sum", "none"):
        yield call(draw(6, 3), draw(6, 3), signs, reduction=reduction)
        yield call(draw(6, 3), draw(3, 6).T, signs.double(), 0.3, reduction=reduction)
    yield call(draw(6, 3), draw(1, 3), signs, margin=-0.4)
    yield call(draw(3), draw(3), torch.tensor(-1), margin=-1.0)
    yield call(torch.zeros(2, 3, dtype=torch.float64), draw(2, 3), signs[:2])
    yield call(torch.eye(2, dtype=torch.float64), torch.eye(2, dtype=torch.float64).flip(0), -torch.ones(2))  # on the corner
    yield call(draw(0, 3), draw(0, 3), signs[:0])


CASES = [
    OpCase(
        name="triplet_margin_loss",
        reference="torch.nn.functional.triplet_margin_loss",
        ours=triplet_margin_loss,
        theirs=F.triplet_margin_loss,
        samples=triplet_samples,
    ),
    OpCase(
        name="cosine_embedding_loss",
        reference="torch.nn.functional.cosine_embedding_loss",
        ours=cosine_embedding_loss,
        theirs=F.cosine_embedding_loss,
        samples=cosine_embedding_samples,
    ),
]
