"""max_pool2d, avg_pool2d and adaptive_avg_pool2d against torch's."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.adaptive_pooling import adaptive_avg_pool2d
from groundup.ops.average_pooling import avg_pool2d
from groundup.ops.max_pooling import max_pool2d


def pictures(generator: Generator) -> tuple[Tensor, ...]:
    """Contiguous, channels last, transposed, without a batch, and without a picture; sides that no window divides."""

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    return (
        draw(2, 3, 5, 6),
        draw(1, 4, 7, 4).to(memory_format=torch.channels_last),
        draw(2, 7, 8, 3).permute(0, 3, 1, 2),
        draw(3, 5, 4),
        draw(0, 2, 5, 5),
    )


def max_pool2d_samples(generator: Generator) -> Iterator[Sample]:
    for picture in pictures(generator):
        yield call(picture, 2)
        yield call(picture, (3, 2), stride=(2, 1), padding=1)
        yield call(picture, 3, 2, 1, ceil_mode=True)
        yield call(picture, 2, stride=3, padding=1, ceil_mode=True)  # the window that would start in the padding is left out
        yield call(picture, (2, 3), stride=1, padding=(0, 1), dilation=(3, 1))
        yield call(picture, (3,), 2, 1, return_indices=True)
    yield call(torch.randint(0, 3, (2, 2, 6, 6), generator=generator).double(), 3, stride=1, padding=1)  # ties
    holes = torch.randn(2, 2, 6, 6, generator=generator, dtype=torch.float64)
    yield call(holes.masked_fill(holes < 0.8, -torch.inf), 3, 2, 1, return_indices=True)  # padding ties with -inf
    yield call(holes.masked_fill(holes > 0.8, torch.nan), 3, stride=1, padding=1, return_indices=True)
    yield call(holes.masked_fill(holes > 0.8, torch.inf), 2, padding=1, ceil_mode=True)


def avg_pool2d_samples(generator: Generator) -> Iterator[Sample]:
    for picture in pictures(generator):
        yield call(picture, 2)
        yield call(picture, (3, 2), stride=(2, 1), padding=1, count_include_pad=False)
        for count_include_pad in (True, False):
            yield call(picture, 3, 2, 1, ceil_mode=True, count_include_pad=count_include_pad)
            yield call(picture, 2, stride=3, padding=1, ceil_mode=True, count_include_pad=count_include_pad)
        yield call(picture, 3, stride=1, padding=(0, 1), divisor_override=5)


def adaptive_avg_pool2d_samples(generator: Generator) -> Iterator[Sample]:
    for picture in pictures(generator):
        for size in (1, (2, 3), (None, 2), (5, 1), (9, 4), (None, None), [4, 3]):
            yield call(picture, size)
    yield call(torch.randn(2, 1, 3, 1, generator=generator, dtype=torch.float64).expand(2, 2, 3, 4), (2, 3))


CASES = [
    OpCase(
        name="max_pool2d",
        reference="torch.nn.functional.max_pool2d",
        ours=max_pool2d,
        theirs=F.max_pool2d,
        samples=max_pool2d_samples,
    ),
    OpCase(
        name="avg_pool2d",
        reference="torch.nn.functional.avg_pool2d",
        ours=avg_pool2d,
        theirs=F.avg_pool2d,
        samples=avg_pool2d_samples,
    ),
    OpCase(
        name="adaptive_avg_pool2d",
        reference="torch.nn.functional.adaptive_avg_pool2d",
        ours=adaptive_avg_pool2d,
        theirs=F.adaptive_avg_pool2d,
        samples=adaptive_avg_pool2d_samples,
    ),
]
