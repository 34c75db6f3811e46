"""AlexNet against torchvision's, whose wide layers are made narrow."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.classification.alexnet import WEIGHTS, alexnet


def torchvision() -> nn.Module:
    """torchvision's network with 10 numbers in the hidden layers, and without dropout, which no two networks draw alike."""
    from torchvision.models import AlexNet

    with torch.device("meta"):  # the published wide layers would be drawn for nothing
        theirs = AlexNet(num_classes=7, dropout=0.0)
        theirs.classifier[1] = nn.Linear(256 * 6 * 6, 10)
        theirs.classifier[4] = nn.Linear(10, 10)
        theirs.classifier[6] = nn.Linear(10, 7)
    return theirs.to_empty(device="cpu")


def pictures(generator: Generator) -> Iterator[Sample]:
    """Last maps of 1x3 pixels, which 6x6 is more than, and of 1x7, which it is less than in one direction."""
    yield call(torch.randn(2, 3, 63, 130, generator=generator, dtype=torch.float64))
    yield call(torch.randn(1, 3, 63, 260, generator=generator, dtype=torch.float64))


CASES = [
    ModelCase(
        name="alexnet",
        reference="torchvision.models.AlexNet",
        requires=("torchvision",),
        ours=partial(alexnet, num_classes=7, hidden_dim=10, dropout=0.0),
        theirs=torchvision,
        weights=WEIGHTS["torchvision"],
        samples=pictures,
    ),
]
