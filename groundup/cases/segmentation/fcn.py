"""FCN with its skips against the same network composed from torch.nn: on VGG-16 as the paper has it, and on a ResNet."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.classification.resnet import resnet18
from groundup.models.segmentation.fcn import fcn8s, fcn16s, fcn32s, fcn_light
from groundup.weights.rules import Rename

CLASSES, WIDTH, HIDDEN = 5, 2, 6
STAGES = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))  # VGG-16: how many times the width, how many convolutions
LIGHT = 4  # channels of the first stage of the light one's ResNet


class Vgg(nn.Module):
    """VGG-16's convolutions; gives what comes out of each of its five poolings."""

    def __init__(self):
        super().__init__()
        body, came = [], 3
        for times, depth in STAGES:
            for _ in range(depth):
                body += [nn.Conv2d(came, times * WIDTH, 3, padding=1), nn.ReLU()]
                came = times * WIDTH
            body.append(nn.MaxPool2d(2))
        self.body = nn.Sequential(*body)

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = []
        for part in self.body:
            images = part(images)
            if isinstance(part, nn.MaxPool2d):
                maps.append(images)
        return maps


class Residual(nn.Module):
    def __init__(self, came: int, channels: int, stride: int):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(came, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels)
        self.conv2, self.norm2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels)
        self.shortcut = None
        if stride > 1:
            self.shortcut = nn.Sequential(nn.Conv2d(came, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        change = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        return torch.relu(change + (x if self.shortcut is None else self.shortcut(x)))


class Resnet(nn.Module):
    """ResNet-18 with a 3x3 stem; gives the map of each of its four stages."""

    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(3, LIGHT, 3, padding=1, bias=False), nn.BatchNorm2d(LIGHT)
        for stage in range(4):
            channels = LIGHT * 2**stage
            blocks = Residual(channels // 2 if stage else channels, channels, 2 if stage else 1), Residual(channels, channels, 1)
            setattr(self, f"stage{stage + 1}", nn.Sequential(*blocks))

    def forward(self, images: Tensor) -> list[Tensor]:
        x, maps = torch.relu(self.norm1(self.conv1(images))), []
        for stage in (self.stage1, self.stage2, self.stage3, self.stage4):
            x = stage(x)
            maps.append(x)
        return maps


class Composed(nn.Module):
    """Scores of the last map and of those before it, from the coarsest to the finest, added after enlarging."""

    def __init__(self, body: nn.Module, channels: list[int], finest: int, hidden: int = 0):
        super().__init__()
        self.body, self.multiple, self.taken = body, finest * 2 ** (len(channels) - 1), len(channels)
        self.hidden = nn.Identity()
        if hidden:
            first, second = nn.Conv2d(channels[-1], hidden, 7, padding=3), nn.Conv2d(hidden, hidden, 1)
            self.hidden = nn.Sequential(first, nn.ReLU(), nn.Dropout(0.0), second, nn.ReLU(), nn.Dropout(0.0))
            channels = [*channels[:-1], hidden]
        self.scores = nn.ModuleList(nn.Conv2d(number, CLASSES, 1) for number in channels[::-1])
        self.doubled = nn.ModuleList(nn.ConvTranspose2d(CLASSES, CLASSES, 4, 2, 1, bias=False) for _ in channels[1:])
        self.last = None
        if finest > 1:
            self.last = nn.ConvTranspose2d(CLASSES, CLASSES, 2 * finest, finest, finest // 2, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        tall, wide = (-(-side // self.multiple) * self.multiple for side in (height, width))
        filled = images.new_zeros(*images.shape[:2], tall, wide)
        filled[:, :, :height, :width] = images
        maps = self.body(filled)[-self.taken :]
        x = self.scores[0](self.hidden(maps[-1]))
        for enlarge, score, one in zip(self.doubled, self.scores[1:], maps[-2::-1]):
            x = enlarge(x) + score(one)
        return (x if self.last is None else self.last(x))[:, :, :height, :width]


def on_vgg(skips: int) -> nn.Module:
    channels = [times * WIDTH for times, _ in STAGES[4 - skips :]]
    return Composed(Vgg(), channels, finest=32 // 2**skips, hidden=HIDDEN)


def on_resnet() -> nn.Module:
    return Composed(Resnet(), [LIGHT * 2**stage for stage in range(4)], finest=1)


def light() -> nn.Module:
    return fcn_light(num_classes=CLASSES, backbone=resnet18(width=LIGHT, stem_stride=1))


RULES = [
    Rename("body.body.{}", "body.body.{}"),
    Rename("scores.0.{}", "score.head.{}"),
    *(Rename(f"scores.{n + 1}.{{}}", f"skip.{n}.head.{{}}") for n in range(3)),
    Rename("doubled.{}.weight", "enlarge.{}.convolution.weight"),
    Rename("last.weight", "last.convolution.weight"),
]


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 3, 39, 51, generator=generator, dtype=torch.float64))


SMALL = dict(num_classes=CLASSES, width=WIDTH, hidden_channels=HIDDEN, dropout=0.0)

CASES = [
    *(
        ModelCase(
            name=name,
            reference="composed",
            ours=partial(size, **SMALL),
            theirs=partial(on_vgg, skips),
            weights=RULES,
            samples=pictures,
        )
        for skips, (name, size) in enumerate({"fcn32s": fcn32s, "fcn16s": fcn16s, "fcn8s": fcn8s}.items())
    ),
    ModelCase(name="fcn_light", reference="composed", ours=light, theirs=on_resnet, weights=RULES, samples=pictures),
]
