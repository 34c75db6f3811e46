"""cross_entropy and nll_loss against torch's."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.cross_entropy import cross_entropy
from groundup.ops.nll_loss import nll_loss
from groundup.parity.compare import Constant


def labels(generator: Generator, classes: int, *shape: int) -> Tensor:
    return torch.randint(0, classes, shape, generator=generator)


def ignoring(generator: Generator, target: Tensor, index: int = -100) -> Tensor:
    """The target with some of it, at random, ignored."""
    return target.masked_fill(torch.rand(target.shape, generator=generator) < 0.4, index)


def cross_entropy_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    weight = Constant(draw(4).abs())
    pictures = draw(2, 5, 3, 4).permute(0, 3, 1, 2)  # (batch, classes, height, width), not contiguous
    for options in ({}, {"label_smoothing": 0.1}, {"weight": weight}, {"weight": weight, "label_smoothing": 0.3}):
        for reduction in ("mean", "sum", "none"):
            yield call(draw(5, 4), labels(generator, 4, 5), reduction=reduction, **options)
            yield call(pictures, ignoring(generator, labels(generator, 4, 2, 5, 3)), reduction=reduction, **options)
            yield call(draw(2, 4, 3), draw(2, 4, 3).softmax(1), reduction=reduction, **options)
        yield call(draw(3, 4), torch.full((3,), -100), **options)  # all ignored: NaN, with gradient 0
        yield call(draw(3, 4), torch.full((3,), -100), reduction="none", **options)
        yield call(draw(4), torch.tensor(2), **options)
        yield call(draw(4), draw(4).softmax(0), **options)
        yield call(draw(0, 4), labels(generator, 4, 0), **options)  # NaN
        yield call(draw(0, 4), draw(0, 4), reduction="sum", **options)
        yield call(draw(6, 4), ignoring(generator, labels(generator, 4, 6), 2), ignore_index=2, **options)
    yield call(1e4 * draw(5, 4), labels(generator, 4, 5))
    yield call(draw(3, 4).masked_fill(torch.eye(3, 4) > 0, -torch.inf), torch.tensor([1, 0, 3]))
    yield call(draw(3, 4).masked_fill(torch.eye(3, 4) > 0, -torch.inf), torch.tensor([-100, 0, 2]), reduction="none")
    yield call(draw(40, 70), ignoring(generator, labels(generator, 70, 40)), label_smoothing=0.2)
    yield call(draw(3, 1), labels(generator, 1, 3), label_smoothing=1.0)


def nll_loss_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    weight = Constant(draw(4).abs())
    for options in ({}, {"weight": weight}):
        for reduction in ("mean", "sum", "none"):
            yield call(draw(5, 4), labels(generator, 4, 5), reduction=reduction, **options)
            target = ignoring(generator, labels(generator, 4, 2, 5, 3))
            yield call(draw(2, 5, 3, 4).permute(0, 3, 1, 2), target, reduction=reduction, **options)
            yield call(draw(4), torch.tensor(2), reduction=reduction, **options)
        yield call(draw(2, 4, 3), ignoring(generator, labels(generator, 4, 2, 3), 1), ignore_index=1, **options)
        yield call(draw(3, 4), torch.full((3,), -100), **options)  # all ignored: NaN, with gradient 0
        yield call(draw(0, 4), labels(generator, 4, 0), **options)  # NaN
    yield call(draw(3, 4).masked_fill(torch.eye(3, 4) > 0, -torch.inf), torch.tensor([-100, 0, 2]), reduction="none")
    yield call(draw(3, 1), labels(generator, 1, 3))


def contiguous_nll_loss(input: Tensor, *args, **kwargs) -> Tensor:
    """torch's, which for a transposed picture has no gradient."""
    return F.nll_loss(input.contiguous(), *args, **kwargs)


CASES = [
    OpCase(
        name="cross_entropy",
        reference="torch.nn.functional.cross_entropy",
        ours=cross_entropy,
        theirs=F.cross_entropy,
        samples=cross_entropy_samples,
    ),
    OpCase(
        name="nll_loss",
        reference="torch.nn.functional.nll_loss",
        ours=nll_loss,
        theirs=contiguous_nll_loss,
        samples=nll_loss_samples,
    ),
]
