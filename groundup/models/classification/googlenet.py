"""GoogLeNet: several kernels side by side, and classes asked for on the way.

How wide should a kernel be? Things come in all sizes, and NiN had to settle it once for each layer. An Inception block does
not choose: a convolution of single pixels, two wider ones and a max pooling look at the same maps, and what they find is
stacked. Alone that would grow from block to block beyond what can be paid. So NiN's convolutions of single pixels stand
before the wide kernels, to bring the channels down first, and behind the pooling. They are what makes 22 layers cost 1.5
billion multiplications for a photograph, with 6.6 million parameters where AlexNet has 61.1 million.

A gradient that passes 22 layers arrives weak at the first. So in training two small classifiers are asked for the classes as
well, from maps halfway up: they send gradients in from nearer by, and press the early maps to tell classes apart. When
training is over they have served. The head is NiN's average over the last map, and a linear layer behind it, so that other
classes can be learnt from the same features.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import Module, ModuleDict, Sequential

from groundup.layers.convolution import Conv2d
from groundup.layers.dropout import Dropout
from groundup.layers.initialization import trunc_normal_
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm2d
from groundup.layers.pooling import AdaptiveAvgPool2d, MaxPool2d
from groundup.ops.activation import relu
from groundup.weights.rules import Rename


class GoogLeNetOutput(NamedTuple):
    """What GoogLeNet says in training: the logits, and those of its auxiliary heads, from the lower to the upper."""

    logits: Tensor
    auxiliary1: Tensor
    auxiliary2: Tensor


class NormedConvolution(Module):
    """A convolution that keeps the picture's size but for the stride, a batch norm, a ReLU."""

    def __init__(self, *, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1):
        super().__init__()
        self.conv = Conv2d(
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            bias=False,
        )
        self.norm = BatchNorm2d(num_features=out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return relu(self.norm(self.conv(x)))


class Inception(Module):
    """Four views of the same maps, stacked.

    `channels` are the columns of table 1 from #1x1 to pool proj: how many channels come from single pixels; how many go into
    the 3x3 kernels, and come out; how many go into the largest kernels, and come out; how many are made of the pooled maps.

    Paper: figure 2(b). Its largest kernels are 5x5; 3x3 here, as in the weights that are handed around.
    Shapes: (batch, in_channels, height, width) -> (batch, sum of channels 0, 2, 4 and 5, height, width).
    """

    def __init__(self, *, in_channels: int, channels: Sequence[int]):
        super().__init__()
        pixels, before_middle, middle, before_large, large, pooled = channels
        self.branch1 = NormedConvolution(in_channels=in_channels, out_channels=pixels, kernel_size=1)
        self.branch2 = Sequential(
            NormedConvolution(in_channels=in_channels, out_channels=before_middle, kernel_size=1),
            NormedConvolution(in_channels=before_middle, out_channels=middle, kernel_size=3),
        )
        self.branch3 = Sequential(
            NormedConvolution(in_channels=in_channels, out_channels=before_large, kernel_size=1),
            NormedConvolution(in_channels=before_large, out_channels=large, kernel_size=3),
        )
        self.branch4 = Sequential(
            MaxPool2d(kernel_size=3, stride=1, padding=1),
            NormedConvolution(in_channels=in_channels, out_channels=pooled, kernel_size=1),
        )
        self.out_channels = pixels + middle + large + pooled

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class AuxiliaryHead(Module):
    """A small classifier on maps from the middle of the network.

    Paper: section 5. There a 5x5 average of stride 3 makes 4x4 of the map of 14x14; the average here makes 4x4 of any.
    Shapes: (batch, in_channels, height, width) -> (batch, num_classes), logits.
    """

    def __init__(self, *, in_channels: int, channels: int, hidden_dim: int, num_classes: int, dropout: float):
        super().__init__()
        self.pool = AdaptiveAvgPool2d(output_size=4)
        self.convolution = NormedConvolution(in_channels=in_channels, out_channels=channels, kernel_size=1)
        self.hidden = Linear(in_features=channels * 16, out_features=hidden_dim)
        self.dropout = Dropout(p=dropout)
        self.head = Linear(in_features=hidden_dim, out_features=num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolution(self.pool(x))  # (batch, channels, 4, 4)
        x = self.dropout(relu(self.hidden(x.flatten(1))))  # (batch, hidden_dim)
        return self.head(x)  # (batch, num_classes)


INCEPTIONS = {  # table 1
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}
ENDS = ("inception3b", "inception4e", "inception5b")  # of the stages


def widened(channels: int, width_mult: float) -> int:
    """A multiple of a number of channels, at least one."""
    return max(1, round(channels * width_mult))


class GoogLeNet(Module):
    """Three convolutions, nine Inception blocks in three stages, an average, a linear layer; two heads more in training.

    `stem_stride` 8 is the stem for photographs: a 7x7 convolution with stride 2 and two max poolings. With 1 the stem begins
    with a 3x3 convolution and keeps every pixel, for pictures of 32x32. `width_mult` multiplies all widths between the
    picture and the classes. The dropouts are the paper's 0.4 and 0.7; torchvision takes 0.2 for the first.

    With `auxiliary` there are heads behind the first and the fourth block of the middle stage. Training then gives a
    GoogLeNetOutput; evaluation gives the logits alone and does not ask the heads. How their losses count is the task's matter:
    AuxiliaryClassification.

    The network is not the paper's to the letter but the one of which weights are handed around: a batch norm of epsilon 0.001
    follows every convolution, where the paper had normalized two maps, and the largest kernels are 3x3 where the paper's are
    5x5. Those weights hold the auxiliary heads, so they fit `auxiliary=True`, and a file without the heads fits
    `auxiliary=False`. A file with them cannot be read into a network without and be written again as it was, so no rule drops
    them: load it, then set `auxiliary1` and `auxiliary2` to None. Torchvision's `transform_input`, which turns colours
    normalized for other networks into those that these weights were trained on, is no part of the network either: the
    preparation of the pictures does it.

    Paper: Szegedy et al., "Going deeper with convolutions", 2014, https://arxiv.org/abs/1409.4842; table 1 and section 5.
    Shapes: (batch, in_channels, height, width) -> (batch, num_classes), logits; in training also one for each auxiliary head.
    Raises: ValueError for another stem_stride, and for a picture that its poolings would leave nothing of.
    Equals: torchvision.models.GoogLeNet, its start included.
    """

    def __init__(
        self,
        *,
        num_classes: int,
        in_channels: int,
        auxiliary: bool,
        stem_stride: int,
        width_mult: float,
        dropout: float,
        auxiliary_dropout: float,
    ):
        super().__init__()
        if stem_stride not in (1, 8):
            raise ValueError(
                f"GoogLeNet: stem_stride is 8, for photographs, or 1, for small pictures; it was given {stem_stride}"
            )
        self.stem_stride, photographs = stem_stride, stem_stride == 8
        first, second, third = (widened(channels, width_mult) for channels in (64, 64, 192))
        halve = partial(MaxPool2d, kernel_size=3, stride=2, ceil_mode=True)

        body: dict[str, Module] = {}
        kernel_size, stride = (7, 2) if photographs else (3, 1)
        body["conv1"] = NormedConvolution(in_channels=in_channels, out_channels=first, kernel_size=kernel_size, stride=stride)
        if photographs:
            body["pool1"] = halve()
        body["conv2"] = NormedConvolution(in_channels=first, out_channels=second, kernel_size=1)
        body["conv3"] = NormedConvolution(in_channels=second, out_channels=third, kernel_size=3)
        if photographs:
            body["pool2"] = halve()
        came, widths = third, {"conv1": first, "conv3": third}
        for name, channels in INCEPTIONS.items():
            if name == "inception4a":
                body["pool3"] = halve()
            elif name == "inception5a":
                body["pool4"] = halve(kernel_size=2)
            body[name] = Inception(in_channels=came, channels=[widened(number, width_mult) for number in channels])
            came = widths[name] = body[name].out_channels
        self.body = ModuleDict(body)

        self.auxiliary1 = self.auxiliary2 = None
        if auxiliary:
            head = partial(
                AuxiliaryHead,
                channels=widened(128, width_mult),
                hidden_dim=widened(1024, width_mult),
                num_classes=num_classes,
                dropout=auxiliary_dropout,
            )
            self.auxiliary1 = head(in_channels=widths["inception4a"])
            self.auxiliary2 = head(in_channels=widths["inception4d"])
        self.dropout = Dropout(p=dropout)
        self.head = Linear(in_features=came, out_features=num_classes)

        self.least_size = 15 if photographs else 2
        self.ends = ("conv1", "conv3", *ENDS) if photographs else ENDS
        self.feature_channels = tuple(widths[name] for name in self.ends)
        self.feature_strides = (2, 4, 8, 16, 32) if photographs else (1, 2, 4)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights of convolutions and linear layers anew: normal with deviation 0.01."""
        for module in self.modules():
            if isinstance(module, Conv2d | Linear):
                trunc_normal_(module.weight, std=0.01)

    def maps(self, images: Tensor, names: Sequence[str]) -> list[Tensor]:
        """The maps behind the parts of these names, in their order; no others are held."""
        if min(images.shape[-2:]) < self.least_size:
            raise ValueError(
                f"GoogLeNet with stem_stride={self.stem_stride} takes pictures of at least {self.least_size}x{self.least_size} "
                f"pixels; these have {images.shape[-2]}x{images.shape[-1]}"
            )
        found, x = [], images
        for name, part in self.body.items():
            x = part(x)
            if name in names:
                found.append(x)
        return found

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """The last map of each size."""
        return tuple(self.maps(images, self.ends))

    def forward(self, images: Tensor) -> Tensor | GoogLeNetOutput:
        asked = self.training and self.auxiliary1 is not None
        *middle, x = self.maps(images, ("inception4a", "inception4d", "inception5b") if asked else ("inception5b",))
        x = x.mean((2, 3))  # (batch, channels)
        logits = self.head(self.dropout(x))  # (batch, num_classes)
        return GoogLeNetOutput(logits, self.auxiliary1(middle[0]), self.auxiliary2(middle[1])) if asked else logits


def googlenet(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    auxiliary: bool = True,
    stem_stride: int = 8,
    width_mult: float = 1.0,
    dropout: float = 0.4,
    auxiliary_dropout: float = 0.7,
) -> GoogLeNet:
    """GoogLeNet with 6.6 million parameters, 13.0 million with its auxiliary heads."""
    return GoogLeNet(**locals())


WEIGHTS = {
    "torchvision": [
        Rename("aux{}.conv.conv.{}", "auxiliary{}.convolution.conv.{}"),
        Rename("aux{}.conv.bn.{}", "auxiliary{}.convolution.norm.{}"),
        Rename("aux{}.fc1.{}", "auxiliary{}.hidden.{}"),
        Rename("aux{}.fc2.{}", "auxiliary{}.head.{}"),
        Rename("fc.{}", "head.{}"),
        Rename("{}.conv.weight", "body.{}.conv.weight"),
        Rename("{}.bn.{}", "body.{}.norm.{}"),
    ]
}

CARD = {
    "title": "GoogLeNet",
    "paper": "Going deeper with convolutions, https://arxiv.org/abs/1409.4842",
    "year": 2014,
    "family": "classification",
    "sizes": {"googlenet": "22 layers, 6.6 million parameters, 13.0 million with its auxiliary heads"},
    "references": ("torchvision",),
    "ancestor": "nin",
}
