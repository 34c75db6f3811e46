"""FCN on a dilated ResNet: the form in which torchvision hands it around, with published weights.

FCN read its scores off a map of which a pixel stands for 32 pixels of the picture, and mended that by skips. Here the map itself
stays larger. What changed against ResNet-50:

- its last two stages take no stride; their kernels are dilated instead, by 2 and by 4 (`dilated_stages`). The last map has a
  pixel for 8 of the picture's in each direction, at the price of four and sixteen times the work in these stages;
- for the average and the linear layer stands a head of two convolutions: 3x3, which brings the channels down to a quarter, and
  single pixels, which scores the classes;
- a second such head scores the third stage's map, in training alone. Its loss counts 0.4 times and brings a gradient to the
  middle of a deep network (https://arxiv.org/abs/1612.01105, section 3.4);
- the scores are enlarged by plain bilinear interpolation. Nothing of it is learnt: by 8 there is little left to learn.
"""

from typing import NamedTuple

from torch import Tensor
from torch.nn import Module

from groundup.layers.convolution import Conv2d
from groundup.layers.dropout import Dropout
from groundup.layers.normalization import BatchNorm2d
from groundup.models.backbone import Backbone
from groundup.models.classification.resnet import resnet50, resnet101
from groundup.ops.activation import relu
from groundup.ops.interpolation import interpolate
from groundup.weights.rules import Rename


class FCNHead(Module):
    """A 3x3 convolution to a quarter of the channels, then the classes' scores.

    Shapes: (batch, in_channels, height, width) -> (batch, num_classes, height, width).
    """

    def __init__(self, *, in_channels: int, num_classes: int, dropout: float):
        super().__init__()
        channels = max(1, in_channels // 4)
        self.conv = Conv2d(in_channels=in_channels, out_channels=channels, kernel_size=3, padding=1, bias=False)
        self.norm = BatchNorm2d(num_features=channels)
        self.dropout = Dropout(p=dropout)
        self.head = Conv2d(in_channels=channels, out_channels=num_classes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.dropout(relu(self.norm(self.conv(x)))))


class FCNOutput(NamedTuple):
    """What it answers in training: the logits, and those of the auxiliary head."""

    logits: Tensor
    auxiliary: Tensor


class DilatedFCN(Module):
    """A backbone that keeps its maps large, and a head over the last of them.

    With `auxiliary` a second head reads the map before it; in evaluation it is left out of the work, but stays in the weights.

    Paper: Long, Shelhamer, Darrell 2015, https://arxiv.org/abs/1411.4038; dilation: Yu, Koltun 2016,
    https://arxiv.org/abs/1511.07122.
    Shapes: (batch, in_channels, height, width) -> (batch, num_classes, height, width), logits; in training with `auxiliary`
    an FCNOutput of two of them.
    Equals: torchvision.models.segmentation.FCN.
    """

    def __init__(self, *, backbone: Backbone, num_classes: int, auxiliary: bool, dropout: float):
        super().__init__()
        self.body = backbone
        self.body.head = None  # what it would have said of the whole picture
        *_, before, last = backbone.feature_channels
        self.classifier = FCNHead(in_channels=last, num_classes=num_classes, dropout=dropout)
        self.auxiliary = FCNHead(in_channels=before, num_classes=num_classes, dropout=dropout) if auxiliary else None

    def forward(self, images: Tensor) -> Tensor | FCNOutput:
        size = images.shape[2:]
        *_, before, last = self.body.features(images)
        logits = interpolate(self.classifier(last), size, mode="bilinear", align_corners=False)  # (batch, classes, height, width)
        if not self.training or self.auxiliary is None:
            return logits
        return FCNOutput(logits, interpolate(self.auxiliary(before), size, mode="bilinear", align_corners=False))


def fcn_resnet50(
    *, num_classes: int = 21, in_channels: int = 3, auxiliary: bool = True, width: int = 64, dropout: float = 0.1
) -> DilatedFCN:
    """FCN on ResNet-50: 33.0 million parameters, 35.3 million with its auxiliary head."""
    backbone = resnet50(num_classes=1, in_channels=in_channels, width=width, dilated_stages=2)
    return DilatedFCN(backbone=backbone, num_classes=num_classes, auxiliary=auxiliary, dropout=dropout)


def fcn_resnet101(
    *, num_classes: int = 21, in_channels: int = 3, auxiliary: bool = True, width: int = 64, dropout: float = 0.1
) -> DilatedFCN:
    """FCN on ResNet-101: 51.9 million parameters, 54.3 million with its auxiliary head."""
    backbone = resnet101(num_classes=1, in_channels=in_channels, width=width, dilated_stages=2)
    return DilatedFCN(backbone=backbone, num_classes=num_classes, auxiliary=auxiliary, dropout=dropout)


HEADS = [
    rule
    for theirs, ours in (("classifier", "classifier"), ("aux_classifier", "auxiliary"))
    for rule in (
        Rename(f"{theirs}.0.weight", f"{ours}.conv.weight"),
        Rename(f"{theirs}.1.{{}}", f"{ours}.norm.{{}}"),
        Rename(f"{theirs}.4.{{}}", f"{ours}.head.{{}}"),
    )
]
BODY = [
    Rename("backbone.bn1.{}", "body.norm1.{}"),
    Rename("backbone.layer{}.{}.downsample.{}", "body.stage{}.{}.shortcut.{}"),
    Rename("backbone.layer{}.{}.conv{}.weight", "body.stage{}.{}.conv{}.weight"),
    Rename("backbone.layer{}.{}.bn{}.{}", "body.stage{}.{}.norm{}.{}"),
    Rename("backbone.conv1.weight", "body.conv1.weight"),
]

WEIGHTS = {"torchvision": [*HEADS, *BODY]}

CARD = {
    "title": "FCN on a dilated ResNet",
    "paper": "Fully convolutional networks for semantic segmentation, https://arxiv.org/abs/1411.4038",
    "year": 2015,
    "family": "segmentation",
    "sizes": {
        "fcn_resnet50": "on ResNet-50, 33.0 million parameters, 35.3 million with its auxiliary head",
        "fcn_resnet101": "on ResNet-101, 51.9 million parameters, 54.3 million with its auxiliary head",
    },
    "references": ("torchvision",),
    "ancestor": "resnet50",
}
