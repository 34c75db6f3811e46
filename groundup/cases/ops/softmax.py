"""softmax and its logarithm against torch's."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.softmax import log_softmax, softmax


def softmax_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(draw(7), 0)
    yield call(draw(), -1)
    yield call(draw(5, 4).T, 1)
    yield call(draw(5, 4), dim=-2)
    yield call(draw(2, 3, 4, 6)[..., ::2], dim=2)
    yield call(draw(2, 3, 4, 5).to(memory_format=torch.channels_last), dim=1)
    yield call(draw(0, 3, 4), 2)
    yield call(draw(3, 0), 1)
    yield call(draw(3, 6) * 300, -1)
    yield call(draw(3, 6).float(), -1, dtype=torch.float64)
    yield call(torch.randint(9, (3, 6), generator=generator), 0, dtype=torch.float64)
    yield call(draw(2, 4).masked_fill(torch.tensor([False, True, False, True]), -torch.inf), -1)


CASES = [
    OpCase(name="softmax", reference="torch.nn.functional.softmax", ours=softmax, theirs=F.softmax, samples=softmax_samples),
    OpCase(
        name="log_softmax",
        reference="torch.nn.functional.log_softmax",
        ours=log_softmax,
        theirs=F.log_softmax,
        samples=softmax_samples,
    ),
]
