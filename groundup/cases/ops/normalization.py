"""batch_norm and layer_norm against torch's."""

from collections.abc import Callable, Iterator
from functools import wraps

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.ladder import Ladder
from groundup.ops.normalization import batch_norm, layer_norm


def with_statistics(function: Callable) -> Callable:
    """The batch norm that also returns what became of its running statistics (which torch takes only without gradient)."""

    @wraps(function)
    def run(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, *args, **kwargs) -> tuple:
        copies = [None if running is None else running.detach().clone() for running in (running_mean, running_var)]
        return function(input, *copies, *args, **kwargs), *copies

    return run


def batch_norm_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    def vectors(channels: int) -> tuple[Tensor, ...]:
        return draw(channels), 0.5 + draw(channels).abs(), draw(channels), draw(channels)

    for training in (True, False):
        yield call(draw(0, 3, 2, 2), *vectors(3), training=training)
        yield call(draw(4, 3), *vectors(3), training=training, momentum=0.3)
        yield call(draw(2, 3, 5), *vectors(3), training, eps=0.1)
        yield call(100 + 7 * draw(2, 3, 3, 4), *vectors(3), training=training)
        yield call(draw(2, 4, 3, 3).to(memory_format=torch.channels_last), *vectors(4)[:2], training=training)
        yield call(draw(3, 2, 5, 4).permute(3, 2, 1, 0), *vectors(5)[:3], training=training, momentum=1.0)
    yield call(draw(2, 3, 2, 2), None, None, draw(3), draw(3), training=True)
    yield call(draw(1, 2, 1, 2), *vectors(2), training=True, eps=0.5)  # the unbiased variance doubles the biased one


def layer_norm_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(draw(0, 3), (3,), draw(3), draw(3))
    yield call(draw(3, 4, 5), (5,), draw(5), draw(5))
    yield call(draw(2, 3, 4), (3, 4), draw(3, 4), draw(3, 4), eps=0.1)
    yield call(100 + 7 * draw(6), (6,))
    yield call(draw(5, 2, 4).permute(1, 2, 0), (5,), draw(5))
    yield call(draw(2, 3, 4, 3).to(memory_format=torch.channels_last), (3, 4, 3), None, draw(3, 4, 3))


CASES = [
    OpCase(
        name="batch_norm",
        reference="torch.nn.functional.batch_norm",
        ours=Ladder(**{rung: with_statistics(getattr(batch_norm, rung)) for rung in batch_norm.rungs}),
        theirs=with_statistics(F.batch_norm),
        samples=batch_norm_samples,
    ),
    OpCase(
        name="layer_norm",
        reference="torch.nn.functional.layer_norm",
        ours=layer_norm,
        theirs=F.layer_norm,
        samples=layer_norm_samples,
    ),
]
