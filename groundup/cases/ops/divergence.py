"""kl_div and gaussian_nll_loss against torch's."""

import warnings
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.divergence import gaussian_nll_loss, kl_div
from groundup.parity.compare import Constant


def torch_kl_div(*args, **kwargs) -> Tensor:
    """torch's, without its warning that "mean" may one day be "batchmean"."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return F.kl_div(*args, **kwargs)


def kl_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for reduction in ("mean", "sum", "none", "batchmean"):
        for log_target in (False, True):
            target = draw(3, 4).log_softmax(-1)
            target = target if log_target else target.exp()
            yield call(draw(3, 4).log_softmax(-1), target, reduction=reduction, log_target=log_target)
    yield call(draw(2, 3, 4).permute(2, 0, 1), draw(4, 1, 3).exp().expand(4, 2, 3))
    never = torch.tensor([[0.0, 0.25, 0.75]], dtype=torch.float64)  # an outcome that does not occur costs nothing
    yield call(draw(1, 3), Constant(never))
    yield call(draw(3), draw(3).exp(), reduction="batchmean")
    yield call(draw(), draw().exp(), reduction="batchmean")
    for reduction in ("mean", "sum", "batchmean"):
        yield call(draw(0, 3), draw(0, 3), reduction=reduction)


def gaussian_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for reduction in ("mean", "sum", "none"):
        for full in (False, True):
            yield call(draw(3, 4), draw(3, 4), 0.2 + draw(3, 4).abs(), full, reduction=reduction)
    yield call(draw(2, 3, 4), draw(2, 1, 4), 0.2 + draw(2, 3).abs(), reduction="none")
    yield call(draw(2, 3, 4).permute(2, 0, 1), draw(4, 2, 3), 0.2 + draw(4, 2, 1).abs())
    yield call(draw(2, 3), draw(2, 3), 0.2 + draw(1, 3).abs())
    yield call(draw(3), draw(3), 0.2 + draw().abs())
    yield call(draw(2, 3), draw(2, 3), 0.7)
    yield call(draw(2, 2), draw(2, 2), torch.tensor([[0.0, 0.3], [0.5, 0.9]], dtype=torch.float64), eps=0.5)  # raised to 0.5
    yield call(draw(0, 3), draw(0, 3), draw(0, 3))
    yield call(draw(), draw(), draw().exp())


CASES = [
    OpCase(name="kl_div", reference="torch.nn.functional.kl_div", ours=kl_div, theirs=torch_kl_div, samples=kl_samples),
    OpCase(
        name="gaussian_nll_loss",
        reference="torch.nn.functional.gaussian_nll_loss",
        ours=gaussian_nll_loss,
        theirs=F.gaussian_nll_loss,
        samples=gaussian_samples,
    ),
]
