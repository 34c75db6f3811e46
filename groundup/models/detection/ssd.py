"""SSD: everything in the picture at one glance.

Before it, a detector looked twice: one network proposed places where something might be, another said of each what it is and
where exactly. SSD asks about every place at once. Thousands of default boxes lie over the picture in fixed grids, of several
sizes and proportions, and one pass through one network says of each of them which class it holds, mostly none, and how it has
to be moved and stretched to fit. What remains is to keep of many boxes around one thing the best (`groundup.ops.nms`).

Large things and small ones are found on different maps. A classifier makes its maps ever smaller; here each of them, from a
certain one on, has a small convolution of its own that answers for the boxes of one scale: the fine maps for small boxes, and
the last, of a single pixel, for boxes as large as the picture (section 2.1).

The classifier is VGG-16 without its last pooling and its wide layers. These become convolutions: the first sees 3x3 pixels
that lie six apart, the second single pixels; four more pairs of convolutions shrink the map from 19x19 pixels to one. The
numbers of conv4_3, the first map that is asked, are much larger than those of the others; so each of its pixels is brought to
a length that is learnt for each channel and begins at 20 (section 3.1).
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import Module, ModuleList, Parameter, Sequential

from groundup.layers.activation import ReLU
from groundup.layers.convolution import Conv2d
from groundup.layers.initialization import xavier_uniform_
from groundup.layers.pooling import MaxPool2d
from groundup.models.backbone import Backbone
from groundup.models.classification.alexnet import check_pictures
from groundup.models.classification.resnet import resnet18
from groundup.models.classification.vgg import vgg16
from groundup.ops.anchors import default_boxes, default_scales
from groundup.weights.rules import Rename

SMALLEST = 268  # pixels that leave one pixel in the last map of SSD300
POOL3, POOL4, POOL5 = 16, 23, 30  # where three of VGG-16's poolings stand in its body
LENGTH = 20.0  # of a pixel of conv4_3 at the start


class SSDOutput(NamedTuple):
    """What the network says of each default box, and where that lies.

    Shapes: logits (batch, boxes, 1 + num_classes), of which the first is the background's; codes (batch, boxes, 4), see
    `groundup.ops.box_coding`; default_boxes (boxes, 4), x1, y1, x2, y2 in pixels of the picture that came in, alike for all.
    """

    logits: Tensor
    codes: Tensor
    default_boxes: Tensor


def narrowing(in_channels: int, middle: int, out_channels: int, *, stride: int) -> Sequential:
    """A convolution of single pixels to few channels, then one of 3x3, which halves the map or takes off its edge."""
    padding = 1 if stride == 2 else 0
    return Sequential(
        Conv2d(in_channels=in_channels, out_channels=middle, kernel_size=1),
        ReLU(),
        Conv2d(in_channels=middle, out_channels=out_channels, kernel_size=3, stride=stride, padding=padding),
        ReLU(),
    )


class VGGLevels(Module):
    """The six maps of SSD300, of 38, 19, 10, 5, 3 and 1 pixels a side for a picture of 300.

    Paper: figure 2, above. Shapes: (batch, in_channels, height, width) -> six of (batch, channels[i], rows, columns).
    Raises: ValueError for pictures of less than 268x268 pixels.
    """

    def __init__(self, *, in_channels: int, width: int):
        super().__init__()
        body = vgg16(num_classes=1, in_channels=in_channels, image_size=32, width=width, hidden_dim=1).body
        body[POOL3] = MaxPool2d(kernel_size=2, stride=2, ceil_mode=True)  # 75 pixels become 38, as in the paper
        self.to_conv4, self.to_conv5 = Sequential(*body[:POOL4]), Sequential(*body[POOL4:POOL5])
        self.lengths = Parameter(torch.full((8 * width,), LENGTH))
        self.fc = Sequential(
            MaxPool2d(kernel_size=3, stride=1, padding=1),
            Conv2d(in_channels=8 * width, out_channels=16 * width, kernel_size=3, padding=6, dilation=6),
            ReLU(),
            Conv2d(in_channels=16 * width, out_channels=16 * width, kernel_size=1),
            ReLU(),
        )
        self.extra = ModuleList(
            [
                narrowing(16 * width, 4 * width, 8 * width, stride=2),
                narrowing(8 * width, 2 * width, 4 * width, stride=2),
                narrowing(4 * width, 2 * width, 4 * width, stride=1),
                narrowing(4 * width, 2 * width, 4 * width, stride=1),
            ]
        )
        self.channels = tuple(number * width for number in (8, 16, 8, 4, 4, 4))
        begin(self.fc, self.extra)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        check_pictures("SSD300", images, SMALLEST)
        x = self.to_conv4(images)  # (batch, channels, height / 8, width / 8)
        length = torch.linalg.vector_norm(x, dim=1, keepdim=True).clamp_min(1e-12)
        maps = [x / length * self.lengths[:, None, None]]
        x = self.fc(self.to_conv5(x))  # (batch, wide channels, height / 16, width / 16)
        maps.append(x)
        for part in self.extra:
            x = part(x)
            maps.append(x)
        return tuple(maps)


class BackboneLevels(Module):
    """The maps of a classifier from number `first` on, and `num_extra` more, each of half the side of the one before.

    Shapes: (batch, in_channels, height, width) -> a tuple of (batch, channels[i], rows, columns).
    Raises: ValueError where the classifier has no map of this number.
    """

    def __init__(self, *, backbone: Backbone, first: int, num_extra: int):
        super().__init__()
        given = len(backbone.feature_channels)
        if not 0 <= first < given or num_extra < 0:
            raise ValueError(
                f"SSD: of the {given} maps of {type(backbone).__name__} the first that is asked is 0 to {given - 1}, and 0 or "
                f"more are added; it was given first={first}, num_extra={num_extra}"
            )
        self.first, self.backbone = first, backbone
        del backbone.head  # which tells whole pictures apart
        last = backbone.feature_channels[-1]
        self.extra = ModuleList([narrowing(last, max(1, last // 2), last, stride=2) for _ in range(num_extra)])
        self.channels = (*backbone.feature_channels[first:], *[last] * num_extra)
        begin(self.extra)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        maps = list(self.backbone.features(images)[self.first :])
        for part in self.extra:
            maps.append(part(maps[-1]))
        return tuple(maps)


@torch.no_grad()
def begin(*modules: Module) -> None:
    """Draw the convolutions of these modules anew: of the size between what forward and backward want, biases of 0."""
    for module in modules:
        for part in module.modules():
            if isinstance(part, Conv2d):
                xavier_uniform_(part.weight)
                part.bias.zero_()


class LevelHead(Module):
    """What is said of the boxes of one map: a class and a code each, out of the 3x3 pixels around a box's place.

    Shapes: (batch, in_channels, rows, columns) -> (batch, rows * columns * num_boxes, 1 + num_classes) and the same with 4.
    """

    def __init__(self, *, in_channels: int, num_boxes: int, num_classes: int):
        super().__init__()
        self.numbers = 1 + num_classes
        outputs = num_boxes * self.numbers
        self.classes = Conv2d(in_channels=in_channels, out_channels=outputs, kernel_size=3, padding=1)
        self.codes = Conv2d(in_channels=in_channels, out_channels=4 * num_boxes, kernel_size=3, padding=1)
        begin(self)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return by_box(self.classes(x), self.numbers), by_box(self.codes(x), 4)


def by_box(x: Tensor, numbers: int) -> Tensor:
    """The numbers of each box together, place by place, and those of one place side by side.

    Shapes: (batch, boxes of a place * numbers, rows, columns) -> (batch, rows * columns * boxes of a place, numbers).
    """
    return x.unflatten(1, (-1, numbers)).permute(0, 3, 4, 1, 2).flatten(1, 3)


class SSD(Module):
    """Maps of falling size, and a head on each that answers for default boxes of one scale.

    `levels` gives the maps, and has their `channels`. `aspect_ratios`, one list a level, `scales`, one more than levels, and
    `steps` are those of `default_boxes`. Boxes grow with the picture, and without `steps` so do the distances of their places:
    any size of picture does. SSD300, which has steps, is made for 300x300, to which pictures are stretched.

    Paper: Liu, Anguelov, Erhan, Szegedy, Reed, Fu, Berg, "SSD: single shot multibox detector", 2015,
    https://arxiv.org/abs/1512.02325; section 2 (scales are s_k, aspect ratios a_r).
    Shapes: (batch, in_channels, height, width) -> see SSDOutput.
    Equals: torchvision.models.detection.SSD up to what its heads say, its start included.
    """

    def __init__(
        self,
        *,
        levels: VGGLevels | BackboneLevels,
        num_classes: int,
        aspect_ratios: Sequence[Sequence[float]],
        scales: Sequence[float],
        steps: Sequence[int] | None = None,
    ):
        super().__init__()
        if not len(levels.channels) == len(aspect_ratios) == len(scales) - 1:
            raise ValueError(
                f"SSD: {len(levels.channels)} maps take as many lists of aspect ratios and one scale more; it was given "
                f"{len(aspect_ratios)} lists and {len(scales)} scales"
            )
        self.levels, self.aspect_ratios, self.scales, self.steps = levels, aspect_ratios, scales, steps
        self.head = ModuleList(
            LevelHead(in_channels=channels, num_boxes=2 + 2 * len(ratios), num_classes=num_classes)
            for channels, ratios in zip(levels.channels, aspect_ratios)
        )

    def forward(self, images: Tensor) -> SSDOutput:
        maps = self.levels(images)
        said = [part(x) for part, x in zip(self.head, maps, strict=True)]
        logits = torch.cat([classes for classes, _ in said], dim=1)  # (batch, boxes, 1 + classes)
        codes = torch.cat([codes for _, codes in said], dim=1)  # (batch, boxes, 4)
        sizes, image_size = [tuple(map(int, x.shape[2:])) for x in maps], tuple(map(int, images.shape[2:]))
        boxes = default_boxes(
            sizes, image_size, self.aspect_ratios, self.scales, self.steps, dtype=images.dtype, device=images.device
        )
        return SSDOutput(logits, codes, boxes)


def ssd300_vgg16(*, num_classes: int = 90, in_channels: int = 3, width: int = 64) -> SSD:
    """SSD300 with 35.6 million parameters: 8,732 default boxes on pictures of 300x300, for the 90 numbers of COCO's classes."""
    return SSD(
        levels=VGGLevels(in_channels=in_channels, width=width),
        num_classes=num_classes,
        aspect_ratios=((2,), (2, 3), (2, 3), (2, 3), (2,), (2,)),
        scales=(0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05),
        steps=(8, 16, 32, 64, 100, 300),
    )


def ssd_small(
    *,
    num_classes: int = 90,
    in_channels: int = 3,
    width: int = 32,
    backbone: Backbone | None = None,
    first: int = 1,
    num_extra: int = 2,
    scales: Sequence[float] | None = None,
) -> SSD:
    """A light SSD for pictures of some 128x128, with 6.7 million parameters: a narrow ResNet-18 instead of VGG-16.

    The maps are the classifier's from number `first` on (of ResNet-18 1, 2 and 3: 8, 16 and 32 pixels of the picture a pixel)
    and `num_extra` more; each place has four default boxes. `width` is that of ResNet-18; any other classifier comes as
    `backbone`, such as `vgg11_bn(width=16)`.
    """
    if backbone is None:
        backbone = resnet18(num_classes=1, in_channels=in_channels, width=width)
    levels = BackboneLevels(backbone=backbone, first=first, num_extra=num_extra)
    count = len(levels.channels)
    return SSD(
        levels=levels,
        num_classes=num_classes,
        aspect_ratios=((2,),) * count,
        scales=default_scales(count) if scales is None else scales,
    )


TORCHVISION = [
    Rename("backbone.features.{}", "levels.to_conv4.{}"),
    Rename("backbone.scale_weight", "levels.lengths"),
    Rename("backbone.extra.0.7.{}", "levels.fc.{}"),
    Rename("backbone.extra.0.{}", "levels.to_conv5.{}"),
    *(Rename(f"backbone.extra.{number}.{{}}", f"levels.extra.{number - 1}.{{}}") for number in range(1, 5)),
    Rename("head.classification_head.module_list.{}.{}", "head.{}.classes.{}"),
    Rename("head.regression_head.module_list.{}.{}", "head.{}.codes.{}"),
]

VGG_CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)  # of VGG-16's body
BACKBONE = [
    Rename(
        f"features.{number}.{{}}",
        f"levels.to_conv4.{number}.{{}}" if number < POOL4 else f"levels.to_conv5.{number - POOL4}.{{}}",
    )
    for number in VGG_CONVOLUTIONS
]

WEIGHTS = {"torchvision": TORCHVISION, "torchvision_backbone": BACKBONE}

CARD = {
    "title": "SSD",
    "paper": "SSD: single shot multibox detector, https://arxiv.org/abs/1512.02325",
    "year": 2015,
    "family": "detection",
    "sizes": {
        "ssd300_vgg16": "300x300 pixels on VGG-16, 35.6 million parameters",
        "ssd_small": "some 128x128 pixels on a narrow ResNet-18, 6.7 million parameters",
    },
    "references": ("torchvision",),
    "ancestor": "vgg16",
}
