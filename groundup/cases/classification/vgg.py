"""VGG, with and without batch norm, against torchvision's and timm's, which are made narrow."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.classification.vgg import WEIGHTS, vgg11, vgg11_bn

STAGES = [4, "M", 8, "M", 16, 16, "M", 32, 32, "M", 32, 32, "M"]  # as torchvision and timm write VGG-11
SIZE = dict(num_classes=7, width=4, hidden_dim=10)  # the same for ours


def torchvision(batch_norm: bool) -> nn.Module:
    """torchvision's network without dropout, which no two networks draw alike."""
    from torchvision.models import vgg

    with torch.device("meta"):  # the published wide layers would be drawn for nothing
        theirs = vgg.VGG(vgg.make_layers(STAGES, batch_norm), dropout=0.0)
        theirs.classifier[0] = nn.Linear(32 * 7 * 7, 10)
        theirs.classifier[3] = nn.Linear(10, 10)
        theirs.classifier[6] = nn.Linear(10, 7)
    return theirs.to_empty(device="cpu")


def timm(batch_norm: bool) -> nn.Module:
    from timm.models.vgg import VGG

    with torch.device("meta"):
        theirs = VGG(STAGES, norm_layer=nn.BatchNorm2d if batch_norm else None)
        theirs.pre_logits.fc1 = nn.Conv2d(32, 10, 7)
        theirs.pre_logits.fc2 = nn.Conv2d(10, 10, 1)
        theirs.head.fc = nn.Linear(10, 7)
    return theirs.to_empty(device="cpu")


def pictures(generator: Generator) -> Iterator[Sample]:
    """Last maps of 1x2 pixels, which 7x7 is more than, and of 1x9, which it is less than in one direction."""
    yield call(torch.randn(2, 3, 33, 72, generator=generator, dtype=torch.float64))
    yield call(torch.randn(1, 3, 32, 290, generator=generator, dtype=torch.float64))


CASES = [
    ModelCase(
        name=name,
        reference="torchvision.models.VGG",
        requires=("torchvision",),
        ours=partial(ours, dropout=0.0, **SIZE),
        theirs=partial(torchvision, batch_norm),
        weights=WEIGHTS["torchvision"],
        samples=pictures,
    )
    for name, ours, batch_norm in (("vgg11", vgg11, False), ("vgg11_bn", vgg11_bn, True))
]
