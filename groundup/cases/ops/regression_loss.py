"""l1_loss, mse_loss, smooth_l1_loss and huber_loss against torch's."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.regression_loss import huber_loss, l1_loss, mse_loss, smooth_l1_loss


def pairs(generator: Generator, options: tuple[dict, ...] = ({},)) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for reduction in ("mean", "sum", "none"):
        for chosen in options:
            yield call(draw(3, 4), draw(3, 4), reduction=reduction, **chosen)
    for chosen in options:
        yield call(draw(2, 3, 4).permute(2, 0, 1), draw(4, 1, 3).expand(4, 2, 3), **chosen)
        yield call(draw(), draw(), **chosen)
        yield call(draw(0, 3), draw(0, 3), **chosen)  # NaN
        grid = torch.linspace(-2, 2, 9, dtype=torch.float64)  # the corners: errors of exactly 0, 1/2, 1
        yield call(grid, torch.zeros(9, dtype=torch.float64), reduction="none", **chosen)
        yield call(torch.tensor([math.inf, -math.inf, math.nan, 1e150], dtype=torch.float64), draw(4), reduction="none", **chosen)


def weighted_pairs(generator: Generator, options: tuple[dict, ...] = ({},)) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield from pairs(generator, options)
    for chosen in options:
        for reduction in ("mean", "sum", "none"):
            yield call(draw(3, 4), draw(3, 4), weight=draw(4, 3).abs().T, reduction=reduction, **chosen)
        yield call(draw(0), draw(0), weight=draw(0), **chosen)


def smooth_samples(generator: Generator) -> Iterator[Sample]:
    yield from pairs(generator, ({}, {"beta": 0.5}, {"beta": 0.0}, {"beta": 2.0}))


def huber_samples(generator: Generator) -> Iterator[Sample]:
    yield from weighted_pairs(generator, ({}, {"delta": 0.5}, {"delta": 2.0}))


CASES = [
    OpCase(name="l1_loss", reference="torch.nn.functional.l1_loss", ours=l1_loss, theirs=F.l1_loss, samples=weighted_pairs),
    OpCase(name="mse_loss", reference="torch.nn.functional.mse_loss", ours=mse_loss, theirs=F.mse_loss, samples=weighted_pairs),
    OpCase(
        name="smooth_l1_loss",
        reference="torch.nn.functional.smooth_l1_loss",
        ours=smooth_l1_loss,
        theirs=F.smooth_l1_loss,
        samples=smooth_samples,
    ),
    OpCase(
        name="huber_loss",
        reference="torch.nn.functional.huber_loss",
        ours=huber_loss,
        theirs=F.huber_loss,
        samples=huber_samples,
    ),
]
