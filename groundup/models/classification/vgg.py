"""VGG: small kernels, and many of them in a row.

AlexNet's kernels come in three sizes, and each layer is a decision of its own. Here every kernel is 3x3 and leaves the
picture's size as it is. Two in a row see 5x5 pixels, three see 7x7; but one kernel of 7x7 between c channels and c others has
49 c^2 weights, where the three have 27 c^2, and the ReLUs between them bend the function twice more (section 2.3).

Convolutions so plain make stages: some of them in a row, then the largest pixel of each 2x2, and the next stage has half the
side and twice the channels, up to 512. Nothing is left to decide but how many stand in a stage, and from 11 layers to 19 the
error falls, ever more slowly. AlexNet's wide layers stay, and hold 124 of the 138 million weights of VGG-16.

Random numbers of one small size, with which AlexNet began, are lost on the way through so many layers: the authors started
the deeper networks from the layers of a trained shallow one (section 3.1). Nobody has to any more. Either the random numbers
get the size that each layer needs (He's start, which all sizes here have), or a batch norm behind each convolution takes the
size out of the question: the sizes in `_bn`, younger than the paper (https://arxiv.org/abs/1502.03167).
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.activation import ReLU
from groundup.layers.convolution import Conv2d
from groundup.layers.dropout import Dropout
from groundup.layers.initialization import kaiming_normal_
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm2d
from groundup.layers.pooling import MaxPool2d
from groundup.models.classification.alexnet import before_poolings, check_pictures
from groundup.ops.adaptive_pooling import adaptive_avg_pool2d
from groundup.weights.rules import Rename, Reshape

SMALLEST = 32  # five poolings leave one pixel of it
DEVIATION = 0.01  # of the linear layers' weights at the start


class VGG(Module):
    """Five stages of 3x3 convolutions, a pooling behind each, then two wide linear layers and the classes.

    `layers` counts the convolutions of each stage; the stages have 1, 2, 4, 8 and 8 times `width` channels, the wide layers
    `hidden_dim` numbers. These expect the last map as a picture of `image_size` pixels leaves it, 7x7 for 224 and a single
    pixel for 32; that of a picture of another size is averaged to it.

    Paper: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014,
    https://arxiv.org/abs/1409.1556; table 1 holds the sizes, where 11, 13, 16 and 19 layers are A, B, D and E.
    Shapes: (batch, in_channels, height, width) -> (batch, num_classes), logits.
    Raises: ValueError for pictures of less than 32x32 pixels.
    Equals: torchvision.models.VGG, its start included. timm's VGG for pictures of less than 256x256; over a larger one it
    slides the wide layers, and averages what they say.
    """

    def __init__(
        self,
        *,
        layers: Sequence[int],
        batch_norm: bool,
        num_classes: int,
        in_channels: int,
        image_size: int,
        width: int,
        hidden_dim: int,
        dropout: float,
    ):
        super().__init__()
        if image_size < SMALLEST:
            raise ValueError(f"VGG takes pictures of at least {SMALLEST}x{SMALLEST} pixels; image_size was {image_size}")
        self.side = image_size // 32
        self.feature_channels = (width, 2 * width, 4 * width, 8 * width, 8 * width)
        self.feature_strides = (1, 2, 4, 8, 16)

        body, came = [], in_channels
        for channels, depth in zip(self.feature_channels, layers, strict=True):
            for _ in range(depth):
                # a batch norm takes the convolution's bias off again; yet the weights that are handed around have one
                body.append(Conv2d(in_channels=came, out_channels=channels, kernel_size=3, padding=1))
                body += [BatchNorm2d(num_features=channels), ReLU()] if batch_norm else [ReLU()]
                came = channels
            body.append(MaxPool2d(kernel_size=2, stride=2))
        self.body = Sequential(*body)
        self.hidden = Sequential(
            Linear(in_features=came * self.side**2, out_features=hidden_dim),
            ReLU(),
            Dropout(p=dropout),
            Linear(in_features=hidden_dim, out_features=hidden_dim),
            ReLU(),
            Dropout(p=dropout),
        )
        self.head = Linear(in_features=hidden_dim, out_features=num_classes)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw weights anew: the convolutions' of the size that keeps gradients (https://arxiv.org/abs/1502.01852)."""
        for module in self.modules():
            if isinstance(module, Conv2d):
                kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                module.bias.zero_()
            elif isinstance(module, Linear):
                module.weight.normal_(0, DEVIATION)
                module.bias.zero_()

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """The map at the end of each stage, before its pooling."""
        check_pictures("VGG", images, SMALLEST)
        return before_poolings(self.body, images)

    def forward(self, images: Tensor) -> Tensor:
        check_pictures("VGG", images, SMALLEST)
        x = self.body(images)  # (batch, channels, height / 32, width / 32)
        x = adaptive_avg_pool2d(x, self.side)  # (batch, channels, side, side)
        x = self.hidden(x.flatten(1))  # (batch, hidden)
        return self.head(x)  # (batch, num_classes)


def vgg11(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    hidden_dim: int = 4096,
    dropout: float = 0.5,
) -> VGG:
    """VGG-11 with 132.9 million parameters."""
    return VGG(layers=(1, 1, 2, 2, 2), batch_norm=False, **locals())


def vgg13(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    hidden_dim: int = 4096,
    dropout: float = 0.5,
) -> VGG:
    """VGG-13 with 133.0 million parameters."""
    return VGG(layers=(2, 2, 2, 2, 2), batch_norm=False, **locals())


def vgg16(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    hidden_dim: int = 4096,
    dropout: float = 0.5,
) -> VGG:
    """VGG-16 with 138.4 million parameters."""
    return VGG(layers=(2, 2, 3, 3, 3), batch_norm=False, **locals())


def vgg19(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    hidden_dim: int = 4096,
    dropout: float = 0.5,
) -> VGG:
    """VGG-19 with 143.7 million parameters."""
    return VGG(layers=(2, 2, 4, 4, 4), batch_norm=False, **locals())


def vgg11_bn(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    hidden_dim: int = 4096,
    dropout: float = 0.5,
) -> VGG:
    """VGG-11 with a batch norm behind each convolution."""
    return VGG(layers=(1, 1, 2, 2, 2), batch_norm=True, **locals())


def vgg13_bn(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    hidden_dim: int = 4096,
    dropout: float = 0.5,
) -> VGG:
    """VGG-13 with a batch norm behind each convolution."""
    return VGG(layers=(2, 2, 2, 2, 2), batch_norm=True, **locals())


def vgg16_bn(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    hidden_dim: int = 4096,
    dropout: float = 0.5,
) -> VGG:
    """VGG-16 with a batch norm behind each convolution."""
    return VGG(layers=(2, 2, 3, 3, 3), batch_norm=True, **locals())


def vgg19_bn(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    hidden_dim: int = 4096,
    dropout: float = 0.5,
) -> VGG:
    """VGG-19 with a batch norm behind each convolution."""
    return VGG(layers=(2, 2, 4, 4, 4), batch_norm=True, **locals())


WEIGHTS = {
    "torchvision": [
        Rename("features.{}", "body.{}"),
        Rename("classifier.6.{}", "head.{}"),
        Rename("classifier.{}", "hidden.{}"),
    ],
    "timm": [  # whose wide layers are convolutions, the first over the whole 7x7 of the last map
        Rename("features.{}", "body.{}"),
        Reshape("pre_logits.fc1.weight", "hidden.0.weight", (-1, 7, 7), dim=1),
        Rename("pre_logits.fc1.bias", "hidden.0.bias"),
        Reshape("pre_logits.fc2.weight", "hidden.3.weight", (-1, 1, 1), dim=1),
        Rename("pre_logits.fc2.bias", "hidden.3.bias"),
        Rename("head.fc.{}", "head.{}"),
    ],
}

CARD = {
    "title": "VGG",
    "paper": "Very deep convolutional networks for large-scale image recognition, https://arxiv.org/abs/1409.1556",
    "year": 2014,
    "family": "classification",
    "sizes": {
        "vgg11": "11 layers, 132.9 million parameters",
        "vgg13": "13 layers, 133.0 million parameters",
        "vgg16": "16 layers, 138.4 million parameters",
        "vgg19": "19 layers, 143.7 million parameters",
        "vgg11_bn": "11 layers, batch norm, 132.9 million parameters",
        "vgg13_bn": "13 layers, batch norm, 133.1 million parameters",
        "vgg16_bn": "16 layers, batch norm, 138.4 million parameters",
        "vgg19_bn": "19 layers, batch norm, 143.7 million parameters",
    },
    "references": ("torchvision", "timm"),
    "ancestor": "alexnet",
}
