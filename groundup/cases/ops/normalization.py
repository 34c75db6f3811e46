"""The normalizations against torch's."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.batch_norm import batch_norm
from groundup.ops.group_norm import group_norm
from groundup.ops.instance_norm import instance_norm
from groundup.ops.layer_norm import layer_norm, rms_norm
from groundup.parity.compare import Constant


def drawing(generator: Generator) -> Callable[..., Tensor]:
    """A function that draws a tensor of a shape."""
    return lambda *shape: torch.randn(shape, generator=generator, dtype=torch.float64)


def batch_norm_samples(generator: Generator) -> Iterator[Sample]:
    draw = drawing(generator)

    def vectors(channels: int) -> tuple:
        """Running mean and variance, which take no gradient, weight and bias."""
        return Constant(draw(channels)), Constant(0.5 + draw(channels).abs()), draw(channels), draw(channels)

    for training in (True, False):
        yield call(draw(0, 3, 2, 2), *vectors(3), training=training)
        yield call(draw(4, 3), *vectors(3), training=training, momentum=0.3)
        yield call(draw(2, 3, 5), *vectors(3), training, eps=0.1)
        yield call(100 + 7 * draw(2, 3, 3, 4), *vectors(3), training=training)
        yield call(draw(2, 4, 3, 3).to(memory_format=torch.channels_last), *vectors(4)[:2], training=training)
        yield call(draw(3, 2, 5, 4).permute(3, 2, 1, 0), *vectors(5)[:3], training=training, momentum=1.0)
        yield call(draw(2, 1, 3, 1, 2).expand(2, 3, 3, 1, 2), *vectors(3), training=training)
    yield call(draw(2, 3, 2, 2), None, None, draw(3), draw(3), training=True)
    yield call(draw(1, 2, 1, 2), None, None, bias=draw(2), training=True, eps=0.5)


def instance_norm_samples(generator: Generator) -> Iterator[Sample]:
    draw = drawing(generator)

    def running(channels: int) -> tuple[Constant, Constant]:
        return Constant(draw(channels)), Constant(0.5 + draw(channels).abs())

    yield call(draw(2, 3, 4))
    yield call(draw(0, 3, 4))
    yield call(3 + 2 * draw(2, 3, 4, 2), *running(3), draw(3), draw(3), momentum=0.3, eps=0.1)
    yield call(draw(2, 4, 3, 3).to(memory_format=torch.channels_last), weight=draw(4))
    yield call(draw(3, 2, 5, 4).permute(3, 2, 1, 0), bias=draw(5))
    for shape in ((3, 2), (3, 2, 1), (3, 2, 2, 2)):
        yield call(draw(*shape), *running(2), draw(2), draw(2), use_input_stats=False)


def group_norm_samples(generator: Generator) -> Iterator[Sample]:
    draw = drawing(generator)
    for groups in (1, 2, 6):
        yield call(draw(0, 6, 2, 2), groups, draw(6), draw(6))
        yield call(draw(2, 6, 3), groups, draw(6), draw(6), eps=0.1)
        yield call(100 + 7 * draw(2, 6, 2, 3), groups)
    yield call(draw(3, 4), 2, draw(4), draw(4), 0.1)
    yield call(draw(2, 4, 3, 3).to(memory_format=torch.channels_last), 2, draw(4))
    yield call(draw(3, 2, 6, 2).permute(3, 2, 1, 0), 3, None, draw(6))


def layer_norm_samples(generator: Generator) -> Iterator[Sample]:
    draw = drawing(generator)
    yield call(draw(0, 3), (3,), draw(3), draw(3))
    yield call(draw(3, 4, 5), (5,), draw(5), draw(5))
    yield call(draw(2, 3, 4), (3, 4), draw(3, 4), draw(3, 4), eps=0.1)
    yield call(100 + 7 * draw(6), (6,))
    yield call(draw(5, 2, 4).permute(1, 2, 0), (5,), draw(5))
    yield call(draw(2, 3, 4, 3).to(memory_format=torch.channels_last), (3, 4, 3), None, draw(3, 4, 3))


def rms_norm_samples(generator: Generator) -> Iterator[Sample]:
    draw = drawing(generator)
    yield call(draw(0, 3), (3,), draw(3))
    yield call(draw(3, 4, 5), (5,), draw(5))
    yield call(1e-8 * draw(3, 5), (5,), draw(5))  # so small that the epsilon of None shows
    yield call(draw(2, 3, 4), (3, 4), draw(3, 4), eps=0.1)
    yield call(100 + 7 * draw(6), (6,))
    yield call(draw(5, 2, 4).permute(1, 2, 0), (5,), draw(5))
    yield call(draw(2, 3, 4, 3).to(memory_format=torch.channels_last), (3, 4, 3), None, 0.3)


CASES = [
    OpCase(
        name="batch_norm",
        reference="torch.nn.functional.batch_norm",
        ours=batch_norm,
        theirs=F.batch_norm,
        samples=batch_norm_samples,
    ),
    OpCase(
        name="instance_norm",
        reference="torch.nn.functional.instance_norm",
        ours=instance_norm,
        theirs=F.instance_norm,
        samples=instance_norm_samples,
    ),
    OpCase(
        name="group_norm",
        reference="torch.nn.functional.group_norm",
        ours=group_norm,
        theirs=F.group_norm,
        samples=group_norm_samples,
    ),
    OpCase(
        name="layer_norm",
        reference="torch.nn.functional.layer_norm",
        ours=layer_norm,
        theirs=F.layer_norm,
        samples=layer_norm_samples,
    ),
    OpCase(
        name="rms_norm",
        reference="torch.nn.functional.rms_norm",
        ours=rms_norm,
        theirs=F.rms_norm,
        samples=rms_norm_samples,
    ),
]
