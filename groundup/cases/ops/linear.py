"""linear against torch's."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.linear import linear


def linear_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(draw(4), draw(3, 4), draw(3))
    yield call(draw(5, 4), draw(3, 4))
    yield call(draw(4, 5).T, draw(4, 3).T, bias=draw(6)[::2])
    yield call(draw(2, 3, 2, 4), draw(1, 4), draw(1))
    yield call(draw(2, 4, 3, 2).to(memory_format=torch.channels_last).permute(0, 2, 3, 1), draw(5, 4), draw(5))
    yield call(draw(0, 4), draw(3, 4), draw(3))


CASES = [OpCase(name="linear", reference="torch.nn.functional.linear", ours=linear, theirs=F.linear, samples=linear_samples)]
