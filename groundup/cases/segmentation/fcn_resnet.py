"""FCN on dilated ResNets against torchvision's, an eighth as wide and a few blocks deep."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.classification.resnet import Bottleneck, ResNet
from groundup.models.segmentation.fcn_resnet import WEIGHTS, DilatedFCN

WIDTH, LAYERS, CLASSES = 8, (1, 2, 2, 3), 5


def ours(auxiliary: bool = True) -> nn.Module:
    backbone = ResNet(block=Bottleneck, layers=LAYERS, num_classes=1, in_channels=3, stem_stride=4, width=WIDTH, dilated_stages=2)
    return DilatedFCN(backbone=backbone, num_classes=CLASSES, auxiliary=auxiliary, dropout=0.0)


def torchvision(auxiliary: bool = True) -> nn.Module:
    """Torchvision's parts put together as its builder does, with a narrow ResNet, and without dropout: chance has no peer."""
    from torchvision.models._utils import IntermediateLayerGetter
    from torchvision.models.resnet import Bottleneck, ResNet
    from torchvision.models.segmentation.fcn import FCN, FCNHead

    dilated = [False, True, True]
    body = ResNet(Bottleneck, LAYERS, replace_stride_with_dilation=dilated)
    narrow(body)
    taken = IntermediateLayerGetter(body, return_layers={"layer4": "out"} | ({"layer3": "aux"} if auxiliary else {}))
    heads = [FCNHead(32 * WIDTH, CLASSES), FCNHead(16 * WIDTH, CLASSES) if auxiliary else None]
    for head in filter(None, heads):
        head[3].p = 0.0
    return FCN(taken, *heads)


def narrow(model: nn.Module) -> None:
    """An eighth of every layer's channels; a picture keeps its 3 colours. Torchvision's builder has no width for this."""
    for name, part in model.named_children():
        if isinstance(part, nn.Conv2d):
            came = part.in_channels if part.in_channels == 3 else part.in_channels * WIDTH // 64
            settings = dict(stride=part.stride, padding=part.padding, dilation=part.dilation, bias=False)
            setattr(model, name, nn.Conv2d(came, part.out_channels * WIDTH // 64, part.kernel_size, **settings))
        elif isinstance(part, nn.BatchNorm2d):
            setattr(model, name, nn.BatchNorm2d(part.num_features * WIDTH // 64))
        else:
            narrow(part)


def named(model: nn.Module, images: Tensor) -> Tensor | tuple[Tensor, Tensor]:
    """Torchvision's auxiliary head answers in evaluation too, where ours is left out."""
    output = model(images)
    return (output["out"], output["aux"]) if model.training and "aux" in output else output["out"]


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 3, 41, 55, generator=generator, dtype=torch.float64))


CASES = [
    ModelCase(
        name="fcn_resnet50",
        reference="torchvision.models.segmentation.FCN",
        requires=("torchvision",),
        ours=ours,
        theirs=torchvision,
        weights=WEIGHTS["torchvision"],
        samples=pictures,
        call_theirs=named,
    ),
    ModelCase(
        name="fcn_resnet101",
        reference="torchvision.models.segmentation.FCN",
        requires=("torchvision",),
        ours=partial(ours, auxiliary=False),
        theirs=partial(torchvision, auxiliary=False),
        weights=WEIGHTS["torchvision"],
        samples=pictures,
        call_theirs=named,
    ),
]
