"""embedding against torch's."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.embedding import embedding


def embedding_samples(generator: Generator) -> Iterator[Sample]:
    def tokens(*shape: int) -> Tensor:
        return torch.randint(7, shape, generator=generator)

    def table(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(torch.tensor(3), table(7, 4))
    yield call(tokens(20), table(7, 4))  # most rows are used more than once
    yield call(tokens(3, 8), table(4, 7).T, padding_idx=2)
    yield call(tokens(4, 3).T, table(7, 4), -1)
    yield call(tokens(2, 3, 2, 2), table(7, 1), 0)
    yield call(tokens(6).int(), table(7, 4), padding_idx=3)
    yield call(tokens(0, 5), table(7, 4), padding_idx=1)


CASES = [
    OpCase(
        name="embedding", reference="torch.nn.functional.embedding", ours=embedding, theirs=F.embedding, samples=embedding_samples
    ),
]
