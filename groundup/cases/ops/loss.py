"""cross_entropy and binary_cross_entropy_with_logits against torch's."""

from collections.abc import Callable, Iterator
from functools import wraps

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.binary_loss import binary_cross_entropy_with_logits
from groundup.ops.ladder import Ladder
from groundup.ops.loss import cross_entropy


def weights_without_gradient(function: Callable) -> Callable:
    """The loss with its weights as constants: torch refuses weights that want a gradient."""

    @wraps(function)
    def run(*args, weight: Tensor | None = None, pos_weight: Tensor | None = None, **kwargs) -> Tensor:
        weights = {"weight": weight, "pos_weight": pos_weight}
        return function(*args, **kwargs, **{name: value.detach() for name, value in weights.items() if value is not None})

    return run


def on_every_rung(ladder: Ladder) -> Ladder:
    return Ladder(**{rung: weights_without_gradient(getattr(ladder, rung)) for rung in ladder.rungs})


def cross_entropy_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    def labels(classes: int, *shape: int) -> Tensor:
        return torch.randint(0, classes, shape, generator=generator)

    def ignoring(target: Tensor, index: int = -100) -> Tensor:
        return target.masked_fill(torch.rand(target.shape, generator=generator) < 0.4, index)

    weight = draw(4).abs()
    pictures = draw(2, 5, 3, 4).permute(0, 3, 1, 2)  # (batch, classes, height, width), not contiguous
    for options in ({}, {"label_smoothing": 0.1}, {"weight": weight}, {"weight": weight, "label_smoothing": 0.3}):
        for reduction in ("mean", "sum", "none"):
            yield call(draw(5, 4), labels(4, 5), reduction=reduction, **options)
            yield call(pictures, ignoring(labels(4, 2, 5, 3)), reduction=reduction, **options)
            yield call(draw(2, 4, 3), draw(2, 4, 3).softmax(1), reduction=reduction, **options)
        yield call(draw(3, 4), torch.full((3,), -100), **options)  # all ignored: NaN, with gradient 0
        yield call(draw(3, 4), torch.full((3,), -100), reduction="none", **options)
        yield call(draw(4), torch.tensor(2), **options)
        yield call(draw(4), draw(4).softmax(0), **options)
        yield call(draw(0, 4), labels(4, 0), **options)  # NaN
        yield call(draw(0, 4), draw(0, 4), reduction="sum", **options)
        yield call(draw(6, 4), ignoring(labels(4, 6), 2), ignore_index=2, **options)
    yield call(1e4 * draw(5, 4), labels(4, 5))
    yield call(draw(3, 4).masked_fill(torch.eye(3, 4) > 0, -torch.inf), torch.tensor([1, 0, 3]))
    yield call(draw(3, 4).masked_fill(torch.eye(3, 4) > 0, -torch.inf), torch.tensor([-100, 0, 2]), reduction="none")
    yield call(draw(40, 70), ignoring(labels(70, 40)), label_smoothing=0.2)
    yield call(draw(3, 1), labels(1, 3), label_smoothing=1.0)


def binary_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for reduction in ("mean", "sum", "none"):
        yield call(draw(3, 4), draw(3, 4).sigmoid(), reduction=reduction)
        yield call(draw(3, 4), draw(3, 4).sigmoid(), weight=draw(4).abs(), pos_weight=draw(3, 1).abs(), reduction=reduction)
    yield call(draw(4, 3, 2).permute(2, 0, 1), (draw(2, 4, 3) > 0).double(), pos_weight=draw(3).abs())
    yield call(torch.zeros(5, dtype=torch.float64), draw(5).sigmoid())  # a slope of target - 1 / 2, on the kink of |x|
    yield call(1e4 * draw(20), (draw(20) > 0).double())
    yield call(draw(0, 3), draw(0, 3))
    yield call(draw(), draw().sigmoid())


CASES = [
    OpCase(
        name="cross_entropy",
        reference="torch.nn.functional.cross_entropy",
        ours=on_every_rung(cross_entropy),
        theirs=weights_without_gradient(F.cross_entropy),
        samples=cross_entropy_samples,
    ),
    OpCase(
        name="binary_cross_entropy_with_logits",
        reference="torch.nn.functional.binary_cross_entropy_with_logits",
        ours=on_every_rung(binary_cross_entropy_with_logits),
        theirs=weights_without_gradient(F.binary_cross_entropy_with_logits),
        samples=binary_samples,
    ),
]
