"""Airbench: what ResNet's ideas leave when the aim is 94% of CIFAR-10's pictures in the least computing.

The residual blocks are gone: three groups of two convolutions are not deep enough to need them. What is kept, or comes in
their place, makes each step of training count for more:

- The first layer does not learn. Its filters are the principal components of the pictures' 2x2 patches, each scaled to
  variance 1 and joined by its negative, so what comes out is uncorrelated (whitened) from the first step on; they are fitted
  once on the training pictures, a fact like their mean.
- The other kernels begin with ones in their middle: what comes in is passed on, the rest learns from zero mean.
- The norms keep their gains at 1 and learn biases alone, at many times the common rate; their averages forget quickly.
- GELU takes ReLU's place. Of the last map each channel gives its maximum, and the logits are divided by 9 to begin small.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.activation import GELU
from groundup.layers.convolution import Conv2d
from groundup.layers.initialization import dirac_
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm2d
from groundup.layers.pooling import MaxPool2d


class ConvGroup(Module):
    """Two convolutions, the first followed by a pooling that halves the map.

    Paper: section 3.1. Shapes: (batch, in_channels, height, width) -> (batch, channels, height // 2, width // 2).
    """

    def __init__(self, *, in_channels: int, channels: int):
        super().__init__()
        self.conv1 = Conv2d(in_channels=in_channels, out_channels=channels, kernel_size=3, padding=1, bias=False)
        self.pool = MaxPool2d(kernel_size=2)
        self.norm1 = biased_norm(channels)
        self.conv2 = Conv2d(in_channels=channels, out_channels=channels, kernel_size=3, padding=1, bias=False)
        self.norm2 = biased_norm(channels)
        self.activation = GELU()
        for conv in (self.conv1, self.conv2):
            through = min(conv.weight.shape[:2])
            with torch.no_grad():
                dirac_(conv.weight[:through])

    def forward(self, x: Tensor) -> Tensor:
        x = self.activation(self.norm1(self.pool(self.conv1(x))))
        return self.activation(self.norm2(self.conv2(x)))


def biased_norm(channels: int) -> BatchNorm2d:
    """A batch norm whose gain stays 1 and whose averages are those of the last few batches."""
    norm = BatchNorm2d(num_features=channels, eps=1e-12, momentum=0.4)
    norm.weight.requires_grad_(False)
    return norm


class Airbench(Module):
    """A whitening layer, three groups of convolutions, a maximum over the last map, a linear layer without bias.

    `whitening` are the first layer's filters as `data.whitening.whitening_facts` fits them; without them they are drawn at
    random, as for a model that is about to be given weights.

    Paper: Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024, https://arxiv.org/abs/2404.00498, section 3. The
    maximum is over the whole map, which for its pictures of 32x32 has 3x3 pixels, so that larger ones are taken too.
    Shapes: (batch, in_channels, height, width), 9 pixels a side or more -> (batch, num_classes), logits.
    Raises: ValueError for smaller pictures.
    """

    def __init__(self, *, num_classes: int, in_channels: int, widths: Sequence[int], whitening: Sequence[Sequence] | None = None):
        super().__init__()
        filters = 2 * in_channels * 2 * 2  # each component and its negative
        self.whiten = Conv2d(in_channels=in_channels, out_channels=filters, kernel_size=2)
        self.whiten.weight.requires_grad_(False)
        if whitening is not None:
            with torch.no_grad():
                self.whiten.weight.copy_(torch.tensor(whitening))
                self.whiten.bias.zero_()
        self.activation = GELU()
        came = (filters, *widths[:-1])
        self.groups = Sequential(*(ConvGroup(in_channels=i, channels=o) for i, o in zip(came, widths, strict=True)))
        self.head = Linear(in_features=widths[-1], out_features=num_classes, bias=False)
        self.feature_channels = tuple(widths)
        self.feature_strides = tuple(2 ** (group + 1) for group in range(len(widths)))

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """The map at the end of each group."""
        height, width = images.shape[2:]
        if min(height, width) < 1 + 2 ** len(self.groups):
            least = 1 + 2 ** len(self.groups)
            raise ValueError(f"Airbench takes pictures of {least}x{least} pixels or more; these have {height}x{width}")
        x = self.activation(self.whiten(images))
        maps = []
        for group in self.groups:
            x = group(x)
            maps.append(x)
        return tuple(maps)

    def forward(self, images: Tensor) -> Tensor:
        x = self.features(images)[-1]  # (batch, channels, height / 8, width / 8)
        x = x.amax((2, 3))  # (batch, channels)
        return self.head(x) / 9  # (batch, num_classes)


def airbench94(
    *,
    num_classes: int = 10,
    in_channels: int = 3,
    widths: Sequence[int] = (64, 256, 256),
    whitening: Sequence[Sequence] | None = None,
) -> Airbench:
    """Airbench with 2.0 million parameters, made for 94% in ten epochs."""
    return Airbench(**locals())


def airbench95(
    *,
    num_classes: int = 10,
    in_channels: int = 3,
    widths: Sequence[int] = (128, 384, 384),
    whitening: Sequence[Sequence] | None = None,
) -> Airbench:
    """Airbench with 4.6 million parameters, made for 95% in fifteen epochs."""
    return Airbench(**locals())


WEIGHTS = {}

CARD = {
    "title": "Airbench",
    "paper": "94% on CIFAR-10 in 3.29 seconds on a single GPU, https://arxiv.org/abs/2404.00498",
    "year": 2024,
    "family": "classification",
    "sizes": {
        "airbench94": "widths 64, 256 and 256, 2.0 million parameters",
        "airbench95": "widths 128, 384 and 384, 4.6 million parameters",
    },
    "references": ("composed",),
    "ancestor": "resnet18",
}
