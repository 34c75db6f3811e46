"""FCN: a classifier that is slid over the picture, and answers for every pixel.

A classifier throws away where things are, step by step, until one answer for the whole picture is left. Yet its last layers,
too, are sums of products over a window: a linear layer over a 7x7 map *is* a 7x7 convolution that has room for one place only.
Written as convolutions they take a picture of any size, and give a small map of answers instead of a single one. What the paper
changed against VGG-16:

- the linear layers became convolutions (fc6 of 7x7, fc7 of single pixels), and one more of single pixels scores the classes:
  a map of scores, of which each pixel stands for 32 pixels of the picture;
- the last step enlarges the scores to the picture's size by a transposed convolution, whose kernel starts as bilinear
  interpolation: it would be no worse than interpolating, and may learn to be better (FCN-32s);
- skips: scores are read off earlier maps as well, which still know where things are, and added before the next enlargement.
  With pool4's the last step enlarges by 16 (FCN-16s), with pool3's too by 8 (FCN-8s). Coarse says what, fine says where.

All scores start at zero: an untrained FCN calls every class equally likely, and a new skip leaves what was learnt before it as
it is. The whole is trained by the cross-entropy of every pixel.

Here a picture is filled up with zeros on the right and below until the strides divide it, and the answer is cut back; the paper
pads it by 100 on all sides and cuts out of the middle. Any `Backbone` can be under it. The paper's own programs hold the kernels
of the enlargements fixed; here they learn, unless a recipe's groups freeze "enlarge*" and "last*".
"""

from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import Module, ModuleList, Sequential

from groundup.layers.activation import ReLU
from groundup.layers.convolution import Conv2d, ConvTranspose2d
from groundup.layers.dropout import Dropout
from groundup.layers.initialization import bilinear_
from groundup.models.backbone import Backbone
from groundup.models.classification.resnet import resnet18
from groundup.models.classification.vgg import vgg16
from groundup.ops.max_pooling import max_pool2d
from groundup.ops.padding import pad


class Enlargement(Module):
    """A transposed convolution that makes a map `factor` times as large, and starts as bilinear interpolation.

    Its kernel is the smallest that interpolates: 2 * factor - factor % 2 pixels a side.
    Paper: section 3.3. Shapes: (batch, channels, height, width) -> (batch, channels, factor * height, factor * width).
    """

    def __init__(self, *, channels: int, factor: int):
        super().__init__()
        self.convolution = ConvTranspose2d(
            in_channels=channels,
            out_channels=channels,
            kernel_size=2 * factor - factor % 2,
            stride=factor,
            padding=factor // 2,
            bias=False,
        )
        bilinear_(self.convolution.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x)


class Score(Module):
    """How much each pixel of a map looks like each class: a convolution of single pixels that starts at zero.

    Paper: section 4.1. Shapes: (batch, in_channels, height, width) -> (batch, num_classes, height, width).
    """

    def __init__(self, *, in_channels: int, num_classes: int):
        super().__init__()
        self.head = Conv2d(in_channels=in_channels, out_channels=num_classes, kernel_size=1)
        with torch.no_grad():
            self.head.weight.zero_()
            self.head.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x)


class FCN(Module):
    """A backbone, scores of its last map and of `skips` maps before it, and enlargements between them.

    `hidden_channels` are those of VGG's wide layers, slid as convolutions over the last map; 0 leaves them out. `pool` halves
    the backbone's maps first, where it hands them out as they are before a pooling, as VGG does.

    Paper: Long, Shelhamer, Darrell, "Fully convolutional networks for semantic segmentation", 2015,
    https://arxiv.org/abs/1411.4038; figure 3 for the skips.
    Shapes: (batch, in_channels, height, width) -> (batch, num_classes, height, width), logits.
    Raises: ValueError for more skips than there are maps, and for a backbone whose strides do not divide each other.
    """

    def __init__(
        self,
        *,
        backbone: Backbone,
        num_classes: int,
        skips: int,
        hidden_channels: int = 0,
        dropout: float = 0.5,
        pool: bool = False,
    ):
        super().__init__()
        strides = [stride * (2 if pool else 1) for stride in backbone.feature_strides]
        if not 0 <= skips < len(strides):
            raise ValueError(
                f"FCN: this backbone has {len(strides)} maps, so skips is 0 to {len(strides) - 1}; it was given {skips}"
            )
        if any(coarse % fine for fine, coarse in pairwise(strides)):
            raise ValueError(f"FCN: each stride of the backbone must divide the next one; they are {strides}")
        self.skips, self.pool, self.multiple = skips, pool, strides[-1]
        self.body = backbone
        self.body.head = None  # what it would have said of the whole picture
        if hasattr(backbone, "hidden"):
            self.body.hidden = None  # and VGG's wide layers, which are convolutions here

        used, steps = list(backbone.feature_channels[-1 - skips :]), strides[-1 - skips :]
        self.hidden = None
        if hidden_channels:
            self.hidden = slid(used[-1], hidden_channels, dropout)
            used[-1] = hidden_channels
        self.score = Score(in_channels=used[-1], num_classes=num_classes)
        factors = [coarse // fine for fine, coarse in reversed(list(pairwise(steps)))]
        self.enlarge = ModuleList(Enlargement(channels=num_classes, factor=factor) for factor in factors)
        self.skip = ModuleList(Score(in_channels=channels, num_classes=num_classes) for channels in reversed(used[:-1]))
        self.last = Enlargement(channels=num_classes, factor=steps[0]) if steps[0] > 1 else None

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        maps = self.body.features(pad(images, (0, -width % self.multiple, 0, -height % self.multiple)))[-1 - self.skips :]
        if self.pool:
            maps = [max_pool2d(one, 2) for one in maps]
        x = maps[-1] if self.hidden is None else self.hidden(maps[-1])
        x = self.score(x)  # (batch, classes, padded height / stride, padded width / stride)
        for enlarge, skip, one in zip(self.enlarge, self.skip, reversed(maps[:-1]), strict=True):
            x = enlarge(x) + skip(one)
        x = x if self.last is None else self.last(x)
        return x[:, :, :height, :width]  # (batch, classes, height, width)


def slid(in_channels: int, channels: int, dropout: float) -> Sequential:
    """VGG's two wide linear layers as convolutions; the first keeps the map's size by padding."""
    return Sequential(
        Conv2d(in_channels=in_channels, out_channels=channels, kernel_size=7, padding=3),
        ReLU(),
        Dropout(p=dropout),
        Conv2d(in_channels=channels, out_channels=channels, kernel_size=1),
        ReLU(),
        Dropout(p=dropout),
    )


def on_vgg16(skips: int, num_classes: int, in_channels: int, width: int, hidden_channels: int, dropout: float) -> FCN:
    """The paper's FCN, whose backbone hands its maps out before each pooling."""
    backbone = vgg16(in_channels=in_channels, width=width, num_classes=1, image_size=32, hidden_dim=1)
    return FCN(
        backbone=backbone, num_classes=num_classes, skips=skips, hidden_channels=hidden_channels, dropout=dropout, pool=True
    )


def fcn32s(
    *, num_classes: int = 21, in_channels: int = 3, width: int = 64, hidden_channels: int = 4096, dropout: float = 0.5
) -> FCN:
    """FCN-32s on VGG-16: no skip, 136.2 million parameters."""
    return on_vgg16(skips=0, **locals())


def fcn16s(
    *, num_classes: int = 21, in_channels: int = 3, width: int = 64, hidden_channels: int = 4096, dropout: float = 0.5
) -> FCN:
    """FCN-16s on VGG-16: a skip from pool4, 134.8 million parameters."""
    return on_vgg16(skips=1, **locals())


def fcn8s(
    *, num_classes: int = 21, in_channels: int = 3, width: int = 64, hidden_channels: int = 4096, dropout: float = 0.5
) -> FCN:
    """FCN-8s on VGG-16: skips from pool4 and pool3, 134.5 million parameters."""
    return on_vgg16(skips=2, **locals())


def fcn_light(*, num_classes: int = 21, in_channels: int = 3, backbone: Backbone | None = None, skips: int = 3) -> FCN:
    """FCN with three skips on any backbone, by default a ResNet-18 of half the width: 2.9 million parameters.

    A backbone that is given must take `in_channels` channels itself.
    """
    if backbone is None:
        backbone = resnet18(in_channels=in_channels, num_classes=1, width=32)
    return FCN(backbone=backbone, num_classes=num_classes, skips=skips)


WEIGHTS = {}

CARD = {
    "title": "FCN",
    "paper": "Fully convolutional networks for semantic segmentation, https://arxiv.org/abs/1411.4038",
    "year": 2015,
    "family": "segmentation",
    "sizes": {
        "fcn32s": "on VGG-16, no skip, 136.2 million parameters",
        "fcn16s": "on VGG-16, a skip from pool4, 134.8 million parameters",
        "fcn8s": "on VGG-16, skips from pool4 and pool3, 134.5 million parameters",
        "fcn_light": "three skips on any backbone, by default a narrow ResNet-18, 2.9 million parameters",
    },
    "references": ("composed",),
    "ancestor": "vgg16",
}
