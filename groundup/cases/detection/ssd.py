"""SSD against torchvision's: the network, its default boxes, its losses in training and what it finds in evaluation."""

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.cases.ops.anchors import torchvisions_default_boxes
from groundup.losses.detection import multibox_loss
from groundup.models.detection.ssd import SSD, WEIGHTS, ssd300_vgg16, ssd_small
from groundup.ops.box_coding import decode_boxes
from groundup.ops.boxes import clip_boxes_to_image
from groundup.ops.detections import select_detections
from groundup.ops.softmax import softmax
from groundup.parity.compare import Constant
from groundup.weights.rules import Rename

CODING = (10.0, 10.0, 5.0, 5.0)
LIMITS = dict(score_threshold=0.2, iou_threshold=0.3)  # of random weights, few boxes of each class


class Detector(nn.Module):
    """Our network and all that is made of its answers: in training the two losses, else what is found."""

    def __init__(self, network: SSD):
        super().__init__()
        self.network = network

    def forward(self, images: Tensor, boxes: Sequence[Tensor], labels: Sequence[Tensor]) -> tuple:
        said = self.network(images)
        if self.training:
            return (*said, *multibox_loss(*said, boxes, labels))
        scores, found = softmax(said.logits, dim=-1)[..., 1:], decode_boxes(said.codes, said.default_boxes, CODING)
        found = clip_boxes_to_image(found, images.shape[2:])
        return (*said, *(part for pair in zip(scores, found) for part in select_detections(*pair, **LIMITS)))


def answer(theirs: nn.Module, images: Tensor, boxes: Sequence[Tensor], labels: Sequence[Tensor]) -> tuple:
    """What torchvision's SSD does with prepared pictures, through its own methods."""
    from torchvision.models.detection.ssd import box_ops

    features = list(theirs.backbone(images).values())
    outputs = theirs.head(features)
    settings, image_size = theirs.anchor_generator, tuple(images.shape[2:])
    grids = [tuple(x.shape[2:]) for x in features]
    anchors = torchvisions_default_boxes(grids, image_size, settings.aspect_ratios, settings.scales, settings.steps)
    everywhere, said = [anchors] * len(images), (outputs["cls_logits"], outputs["bbox_regression"], anchors)
    if not theirs.training:
        found = theirs.postprocess_detections(outputs, everywhere, [image_size] * len(images))
        return (*said, *(part for row in found for part in (row["boxes"], row["scores"], row["labels"] - 1)))
    targets = [{"boxes": b, "labels": n} for b, n in zip(boxes, labels)]
    nothing = torch.full((len(anchors),), -1)  # their matcher refuses a picture without objects, and their forward does this
    matches = [theirs.proposal_matcher(box_ops.box_iou(b, anchors)) if len(b) else nothing for b in boxes]
    losses = theirs.compute_loss(targets, outputs, everywhere, matches)
    return (*said, losses["classification"], losses["bbox_regression"])


def torchvision(backbone: nn.Module, channels: Sequence[int], ratios: Sequence, scales: Sequence, steps: Sequence | None):
    """torchvision's SSD of five classes on a body of these channels."""
    from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
    from torchvision.models.detection.ssd import SSD, SSDHead

    anchors = DefaultBoxGenerator(ratios, scales=scales, steps=steps)
    head = SSDHead(channels, anchors.num_anchors_per_location(), num_classes=6)
    limits = dict(score_thresh=LIMITS["score_threshold"], nms_thresh=LIMITS["iou_threshold"])
    return SSD(backbone, anchors, (300, 300), num_classes=6, head=head, **limits)


def ssd300(width: int = 2) -> nn.Module:
    """torchvision's SSD300, its convolutions made narrow."""
    from torchvision.models.detection.ssd import SSDFeatureExtractorVGG
    from torchvision.models.vgg import VGG, cfgs, make_layers

    with torch.device("meta"):  # its published layers would be drawn for nothing
        stages = [size if size == "M" else size * width // 64 for size in cfgs["D"]]
        body = SSDFeatureExtractorVGG(VGG(make_layers(stages), init_weights=False).features, highres=False)
        for part in [body.extra[0][7], *body.extra[1:]]:
            for number, layer in enumerate(part):
                if isinstance(layer, nn.Conv2d):
                    part[number] = narrowed(layer, width)
        body.scale_weight = nn.Parameter(torch.empty(8 * width))
        channels = [number * width for number in (8, 16, 8, 4, 4, 4)]
    ratios = [[2], [2, 3], [2, 3], [2, 3], [2], [2]]
    scales, steps = [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05], [8, 16, 32, 64, 100, 300]
    return torchvision(body.to_empty(device="cpu"), channels, ratios, scales, steps)


def narrowed(layer: nn.Conv2d, width: int) -> nn.Conv2d:
    sizes = layer.in_channels * width // 64, layer.out_channels * width // 64
    return nn.Conv2d(*sizes, layer.kernel_size, layer.stride, layer.padding, layer.dilation)


class ResNetMaps(nn.Module):
    """torchvision's ResNet-18, narrow, from its second map on, and one map more."""

    def __init__(self, width: int = 4):
        from torchvision.models.resnet import BasicBlock, ResNet

        super().__init__()
        self.body = ResNet(BasicBlock, (2, 2, 2, 2))
        del self.body.fc
        for name, layer in list(self.body.named_modules()):
            owner, _, part = name.rpartition(".")
            if isinstance(layer, nn.Conv2d):
                sizes = (
                    (layer.in_channels if layer.in_channels == 3 else layer.in_channels * width // 64),
                    (layer.out_channels * width // 64),
                )
                made = nn.Conv2d(*sizes, layer.kernel_size, layer.stride, layer.padding, bias=False)
            elif isinstance(layer, nn.BatchNorm2d):
                made = nn.BatchNorm2d(layer.num_features * width // 64)
            else:
                continue
            setattr(self.body.get_submodule(owner), part, made)
        last = 8 * width
        self.extra = nn.Sequential(
            nn.Conv2d(last, last // 2, 1), nn.ReLU(), nn.Conv2d(last // 2, last, 3, stride=2, padding=1), nn.ReLU()
        )

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        body, maps = self.body, {}
        x = body.layer1(body.maxpool(body.relu(body.bn1(body.conv1(images)))))
        for part in (body.layer2, body.layer3, body.layer4, self.extra):
            x = part(x)
            maps[str(len(maps))] = x
        return maps


def small(width: int = 4) -> nn.Module:
    scales = [0.2, 0.35, 0.5, 0.7, 1.1]
    return torchvision(ResNetMaps(width), [2 * width, 4 * width, 8 * width, 8 * width], [[2]] * 4, scales, None)


def pictures(generator: Generator, height: int, width: int) -> Iterator[Sample]:
    """Two pictures with several objects and with none; prepared pictures, as the paper's, are far from 0."""
    images = torch.randn(2, 3, height, width, generator=generator, dtype=torch.float64)
    corner = torch.rand(5, 2, generator=generator, dtype=torch.float64) * 0.6
    side = 0.1 + torch.rand(5, 2, generator=generator, dtype=torch.float64) * 0.3
    boxes = torch.cat((corner, corner + side), dim=1) * torch.tensor([width, height, width, height])
    labels = torch.randint(1, 6, (5,), generator=generator)
    yield call(images, (Constant(boxes), Constant(boxes[:0])), (labels, labels[:0]))


def inside(rules: Sequence[Rename]) -> list[Rename]:
    """The rules for a network that is called `network`."""
    return [Rename(rule.theirs, f"network.{rule.ours}") for rule in rules]


SMALL = [
    Rename("backbone.body.layer{}.{}.downsample.{}", "levels.backbone.stage{}.{}.shortcut.{}"),
    Rename("backbone.body.layer{}.{}.conv{}.weight", "levels.backbone.stage{}.{}.conv{}.weight"),
    Rename("backbone.body.layer{}.{}.bn{}.{}", "levels.backbone.stage{}.{}.norm{}.{}"),
    Rename("backbone.body.conv1.weight", "levels.backbone.conv1.weight"),
    Rename("backbone.body.bn1.{}", "levels.backbone.norm1.{}"),
    Rename("backbone.extra.{}", "levels.extra.0.{}"),
    *WEIGHTS["torchvision"][-2:],
]

CASES = [
    ModelCase(
        name=name,
        reference="torchvision.models.detection.SSD",
        requires=("torchvision",),
        ours=ours,
        theirs=theirs,
        weights=inside(rules),
        samples=partial(pictures, height=size[0], width=size[1]),
        call_theirs=answer,
    )
    for name, ours, theirs, rules, size in (
        ("ssd300_vgg16", lambda: Detector(ssd300_vgg16(num_classes=5, width=2)), ssd300, WEIGHTS["torchvision"], (268, 300)),
        (
            "ssd_small",
            lambda: Detector(ssd_small(num_classes=5, width=4, num_extra=1, scales=(0.2, 0.35, 0.5, 0.7, 1.1))),
            small,
            SMALL,
            (72, 100),
        ),
    )
]
