"""ResNet against torchvision's, timm's and transformers'."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.classification.resnet import WEIGHTS, BasicBlock, Bottleneck, ResNet

SIZE = dict(num_classes=7, in_channels=3, stem_stride=4, width=64)
LAYERS = (1, 2, 1, 1)


def torchvision(block: str) -> nn.Module:
    from torchvision.models import resnet

    return resnet.ResNet(getattr(resnet, block), LAYERS, num_classes=7)


def timm() -> nn.Module:
    from timm.models.resnet import Bottleneck, ResNet

    return ResNet(Bottleneck, LAYERS, num_classes=7)


def transformers() -> nn.Module:
    from transformers import ResNetConfig, ResNetForImageClassification

    sizes = [256, 512, 1024, 2048]
    config = ResNetConfig(embedding_size=64, hidden_sizes=sizes, depths=LAYERS, layer_type="bottleneck", num_labels=7)
    return ResNetForImageClassification(config)


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 3, 33, 40, generator=generator, dtype=torch.float64))


CASES = [
    ModelCase(
        name="resnet18",
        reference="torchvision.models.resnet.ResNet",
        requires=("torchvision",),
        ours=partial(ResNet, block=BasicBlock, layers=LAYERS, **SIZE),
        theirs=partial(torchvision, "BasicBlock"),
        weights=WEIGHTS["torchvision"],
        samples=pictures,
    ),
    ModelCase(
        name="resnet50",
        reference="torchvision.models.resnet.ResNet",
        requires=("torchvision",),
        ours=partial(ResNet, block=Bottleneck, layers=LAYERS, **SIZE),
        theirs=partial(torchvision, "Bottleneck"),
        weights=WEIGHTS["torchvision"],
        samples=pictures,
    ),
]
