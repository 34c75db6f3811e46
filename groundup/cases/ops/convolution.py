"""conv1d, conv2d and conv_transpose2d against torch's."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.convolution import conv1d, conv2d
from groundup.ops.convolution_transpose import conv_transpose2d


def conv2d_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(draw(2, 3, 5, 6), draw(4, 3, 3, 2), draw(4))
    yield call(draw(1, 4, 6, 5), draw(6, 2, 3, 3), None, stride=2, padding=1, groups=2)
    yield call(draw(2, 2, 7, 6), draw(2, 1, 2, 3), draw(2), stride=(2, 1), padding=(1, 2), dilation=(3, 2), groups=2)
    yield call(draw(3, 8, 9, 9).to(memory_format=torch.channels_last), draw(16, 8, 1, 1), draw(16), stride=3)
    yield call(draw(2, 7, 4, 8).permute(0, 3, 1, 2), draw(5, 8, 4, 4), draw(5), padding=3)
    yield call(draw(0, 2, 5, 5), draw(3, 2, 3, 3), draw(3))
    yield call(draw(2, 5, 6), draw(4, 1, 3, 5), draw(4), padding="same", groups=2)  # without a batch
    yield call(draw(1, 2, 5, 5), draw(2, 2, 3, 4), draw(2), padding="same", dilation=(1, 2))
    yield call(draw(2, 3, 1, 1), draw(2, 3, 1, 1), None, padding="valid", stride=(3,))
    yield call(draw(2, 3, 1, 2).expand(2, 3, 4, 2), draw(6, 1, 3, 2), draw(6), stride=(1, 2), padding=1, groups=3)
    yield call(draw(2, 32, 15, 14), draw(3, 32, 3, 2), draw(3), padding=(1, 2), dilation=(2, 1))
    yield call(draw(0, 32, 15, 14), draw(3, 32, 3, 3), draw(3), padding=1)


def conv1d_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(draw(2, 3, 7), draw(4, 3, 3), draw(4))
    yield call(draw(2, 4, 8), draw(6, 2, 3), None, stride=2, padding=1, dilation=(2,), groups=2)
    yield call(draw(3, 6), draw(3, 1, 5), draw(3), padding="same", groups=3)  # without a batch
    yield call(draw(2, 5, 4).transpose(1, 2), draw(2, 4, 1), draw(2), (3,), "valid")
    yield call(draw(0, 2, 5), draw(3, 2, 3), draw(3), padding=(2,))


def conv_transpose2d_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(draw(2, 3, 3, 2), draw(3, 2, 3, 2), draw(2))
    yield call(draw(1, 4, 3, 2), draw(4, 2, 4, 4), None, stride=2, padding=1, groups=2)
    yield call(draw(1, 2, 3, 3), draw(2, 3, 2, 3), draw(3), stride=(3, 2), padding=(0, 1), output_padding=(2, 1))
    yield call(
        draw(2, 2, 3, 2), draw(2, 1, 3, 2), draw(2), stride=(1, 2), padding=2, output_padding=(1, 2), groups=2, dilation=(2, 3)
    )
    yield call(draw(3, 8, 9, 9).to(memory_format=torch.channels_last), draw(8, 5, 1, 1), draw(5), stride=2)
    yield call(draw(4, 7, 5, 16).permute(0, 3, 1, 2), draw(16, 6, 4, 4), draw(6), stride=2, padding=1)
    yield call(draw(0, 2, 5, 5), draw(2, 3, 3, 3), draw(3))
    yield call(draw(2, 3, 4), draw(2, 3, 3, 2), draw(3), (2, 1), 1)  # without a batch
    yield call(draw(2, 3, 1, 2).expand(2, 3, 4, 2), draw(3, 1, 3, 2), draw(3), stride=3, padding=(1,), groups=3)


CASES = [
    OpCase(name="conv1d", reference="torch.nn.functional.conv1d", ours=conv1d, theirs=F.conv1d, samples=conv1d_samples),
    OpCase(name="conv2d", reference="torch.nn.functional.conv2d", ours=conv2d, theirs=F.conv2d, samples=conv2d_samples),
    OpCase(
        name="conv_transpose2d",
        reference="torch.nn.functional.conv_transpose2d",
        ours=conv_transpose2d,
        theirs=F.conv_transpose2d,
        samples=conv_transpose2d_samples,
    ),
]
