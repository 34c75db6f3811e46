"""Losses of regression as modules: torch's defaults, settings by name only, and a variance that is learnt."""

import inspect

import pytest
import torch
from torch import nn

from groundup.losses.classification import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss
from groundup.losses.contrastive import TripletMarginLoss
from groundup.losses.regression import GaussianNLLLoss, HuberLoss, L1Loss, MSELoss, SmoothL1Loss

OURS = (
    *(L1Loss, MSELoss, SmoothL1Loss, HuberLoss, GaussianNLLLoss, BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss),
    TripletMarginLoss,
)


@pytest.mark.parametrize("loss", OURS, ids=lambda loss: loss.__name__)
def test_every_default_is_torchs(loss):
    theirs = inspect.signature(getattr(nn, loss.__name__)).parameters
    ours = inspect.signature(loss).parameters
    assert {name: parameter.default for name, parameter in ours.items()} == {name: theirs[name].default for name in ours}
    assert theirs.keys() - ours.keys() <= {"size_average", "reduce"}
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in ours.values())


def test_a_network_that_is_unsure_learns_its_own_variance():
    """At the minimum the variance is the squared error."""
    var = torch.tensor([0.1], requires_grad=True)
    optimizer = torch.optim.SGD([var], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        GaussianNLLLoss()(torch.zeros(1), torch.full((1,), 0.7), var).backward()
        var.grad.clamp_(-1, 1)
        optimizer.step()
    assert var.item() == pytest.approx(0.49, abs=0.01)
