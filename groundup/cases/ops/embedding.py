"""embedding against torch's."""

from collections.abc import Callable, Iterator
from functools import wraps

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.embedding import embedding
from groundup.ops.ladder import Ladder


class Dense(torch.autograd.Function):
    """A table as it is, whose gradient, if it comes back sparse, is written out: so it can be compared."""

    @staticmethod
    def forward(ctx, weight):
        return weight.view_as(weight)

    @staticmethod
    def backward(ctx, grad):
        return grad.to_dense() if grad.is_sparse else grad


def with_table(function: Callable) -> Callable:
    """The embedding that also returns what became of the rows of its table, which `max_norm` shortens."""

    @wraps(function)
    def run(input: Tensor, weight: Tensor, *args, **kwargs) -> tuple[Tensor, Tensor]:
        table = Dense.apply(weight) if kwargs.get("sparse") else weight
        return function(input, table, *args, **kwargs), weight.detach()

    return run


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
    for norm_type in (2.0, 1.0, 3.5, torch.inf):
        yield call(tokens(4), table(7, 3), None, 1.2, norm_type)  # some rows are long, some short, some not looked up
    yield call(tokens(2, 5), table(7, 3), 2, max_norm=1.5, scale_grad_by_freq=True)
    yield call(tokens(3, 5), table(7, 3), -2, scale_grad_by_freq=True)
    yield call(tokens(3, 5).int(), table(7, 3), sparse=True)
    yield call(tokens(12), table(7, 3), padding_idx=1, sparse=True)
    yield call(tokens(0), table(7, 3), scale_grad_by_freq=True)


CASES = [
    OpCase(
        name="embedding",
        reference="torch.nn.functional.embedding",
        ours=Ladder(**{rung: with_table(getattr(embedding, rung)) for rung in embedding.rungs}),
        theirs=with_table(F.embedding),
        samples=embedding_samples,
    ),
]
