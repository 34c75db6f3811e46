"""binary_cross_entropy and binary_cross_entropy_with_logits against torch's."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.binary_loss import binary_cross_entropy, binary_cross_entropy_with_logits
from groundup.parity.compare import Constant


def probability_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for reduction in ("mean", "sum", "none"):
        yield call(draw(3, 4).sigmoid(), draw(3, 4).sigmoid(), reduction=reduction)
        yield call(draw(3, 4).sigmoid(), draw(3, 4).sigmoid(), Constant(draw(4).abs()), reduction=reduction)
    yield call(draw(4, 3, 2).sigmoid().permute(2, 0, 1), (draw(2, 4, 3) > 0).double(), weight=Constant(draw(4, 1).abs()))
    near = torch.tensor([1e-5, 1e-11, 1e-13, 1e-50, 0.0], dtype=torch.float64)
    sure = torch.cat((near, 1 - near[:2], torch.ones(1)))
    for target in (torch.zeros(8), torch.ones(8), torch.full((8,), 0.3)):  # where torch has a slope that stays finite
        yield call(sure, Constant(target.double()), reduction="none")
    yield call(draw(0, 3), draw(0, 3))
    yield call(draw().sigmoid(), draw().sigmoid())


def logit_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    def weights(*shape: int) -> Constant:
        return Constant(draw(*shape).abs())

    for reduction in ("mean", "sum", "none"):
        yield call(draw(3, 4), draw(3, 4).sigmoid(), reduction=reduction)
        yield call(draw(3, 4), draw(3, 4).sigmoid(), weights(4), pos_weight=weights(3, 1), reduction=reduction)
    yield call(draw(4, 3, 2).permute(2, 0, 1), (draw(2, 4, 3) > 0).double(), pos_weight=weights(3))
    yield call(torch.zeros(5, dtype=torch.float64), draw(5).sigmoid())  # a slope of 1 / 2 - target
    yield call(1e4 * draw(20), (draw(20) > 0).double())
    yield call(draw(0, 3), draw(0, 3))
    yield call(draw(), draw().sigmoid())


CASES = [
    OpCase(
        name="binary_cross_entropy",
        reference="torch.nn.functional.binary_cross_entropy",
        ours=binary_cross_entropy,
        theirs=F.binary_cross_entropy,
        samples=probability_samples,
    ),
    OpCase(
        name="binary_cross_entropy_with_logits",
        reference="torch.nn.functional.binary_cross_entropy_with_logits",
        ours=binary_cross_entropy_with_logits,
        theirs=F.binary_cross_entropy_with_logits,
        samples=logit_samples,
    ),
]
