"""Losses of regression against torch.nn's."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor, nn
from torch.nn import Module

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.losses.settings import with_settings
from groundup.losses.regression import GaussianNLLLoss, HuberLoss, L1Loss, MSELoss, SmoothL1Loss


def pairs(*settings: dict) -> Callable[[Generator], Iterator[Sample]]:
    """Samples with no settings, with each reduction, and with each of these."""

    def samples(generator: Generator) -> Iterator[Sample]:
        def draw() -> Tensor:
            return torch.randn(3, 4, generator=generator, dtype=torch.float64)

        for chosen in ({}, {"reduction": "sum"}, {"reduction": "none"}, *settings):
            yield call(draw(), draw(), **chosen)

    return samples


def triples(generator: Generator) -> Iterator[Sample]:
    for sample in pairs({"full": True}, {"eps": 0.8})(generator):
        yield call(*sample.args, 0.1 + torch.rand(3, 4, generator=generator, dtype=torch.float64), **sample.kwargs)


def against_torch(ours: type[Module], theirs: type[Module], samples: Callable[[Generator], Iterator[Sample]]) -> OpCase:
    """The case of a loss that bears the name of torch's."""
    return OpCase(
        name=ours.__name__,
        kind="loss",
        reference=f"torch.nn.{theirs.__name__}",
        ours=with_settings(ours),
        theirs=with_settings(theirs),
        samples=samples,
    )


CASES = [
    against_torch(L1Loss, nn.L1Loss, pairs()),
    against_torch(MSELoss, nn.MSELoss, pairs()),
    against_torch(SmoothL1Loss, nn.SmoothL1Loss, pairs({"beta": 0.3})),
    against_torch(HuberLoss, nn.HuberLoss, pairs({"delta": 0.3})),
    against_torch(GaussianNLLLoss, nn.GaussianNLLLoss, triples),
]
