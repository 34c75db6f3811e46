"""AlexNet: LeNet's plan, at a size that reads photographs.

The plan is LeNet's: convolutions that each see further than the one before, then linear layers that weigh everything against
everything. What is new is what let sixty million weights learn from a million photographs:

- A ReLU stands where the tanh stood. A tanh is flat wherever its input is large, and what is flat passes no gradient on; a
  ReLU is as steep at 100 as at 1. Trained with it, a network of four layers was six times as fast (section 3.1).
- The largest pixel is kept instead of the mean, out of windows that overlap: 3x3 pixels, at every second one (section 3.4).
- In the wide layers, which hold nearly all the weights, dropout: at each step of training half of the numbers that go in are
  struck out at random, so that none can count on another being there. It takes twice as many steps, and without it the
  network learns its pictures by heart (section 4.2).
- The first kernels are 11x11 and move by 4 pixels, so that a photograph is down to 55x55 at once, and what follows it is
  affordable (section 3.5).

In 2012 the network lay on two graphics cards, in two columns that met now and then. Here it is the single column that
Krizhevsky built two years later (https://arxiv.org/abs/1404.5997), in the form whose weights are handed around: without the
normalization across neighbouring channels, in which the authors of VGG could find no use.
"""

from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.activation import ReLU
from groundup.layers.convolution import Conv2d
from groundup.layers.dropout import Dropout
from groundup.layers.linear import Linear
from groundup.layers.pooling import MaxPool2d
from groundup.ops.adaptive_pooling import adaptive_avg_pool2d
from groundup.weights.rules import Rename

SMALLEST = 63  # a smaller picture has no pixel left after the third pooling


class AlexNet(Module):
    """Five convolutions, three of them followed by a pooling, then two wide linear layers and the classes.

    `width` is the first convolution's number of channels, `hidden_dim` that of the wide layers. These expect the last map as
    a picture of `image_size` pixels leaves it, 6x6 for 224; that of a picture of another size is averaged to it.

    Paper: Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks", 2012,
    https://papers.nips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html; figure 2 and section 3.5.
    Shapes: (batch, in_channels, height, width) -> (batch, num_classes), logits.
    Raises: ValueError for pictures of less than 63x63 pixels.
    Equals: torchvision.models.AlexNet, its start included.
    """

    def __init__(self, *, num_classes: int, in_channels: int, image_size: int, width: int, hidden_dim: int, dropout: float):
        super().__init__()
        self.side = last_side(image_size)
        if self.side < 1:
            raise ValueError(f"AlexNet takes pictures of at least {SMALLEST}x{SMALLEST} pixels; image_size was {image_size}")
        self.body = Sequential(
            Conv2d(in_channels=in_channels, out_channels=width, kernel_size=11, stride=4, padding=2),
            ReLU(),
            MaxPool2d(kernel_size=3, stride=2),
            Conv2d(in_channels=width, out_channels=3 * width, kernel_size=5, padding=2),
            ReLU(),
            MaxPool2d(kernel_size=3, stride=2),
            Conv2d(in_channels=3 * width, out_channels=6 * width, kernel_size=3, padding=1),
            ReLU(),
            Conv2d(in_channels=6 * width, out_channels=4 * width, kernel_size=3, padding=1),
            ReLU(),
            Conv2d(in_channels=4 * width, out_channels=4 * width, kernel_size=3, padding=1),
            ReLU(),
            MaxPool2d(kernel_size=3, stride=2),
        )
        self.feature_channels = (width, 3 * width, 4 * width)
        self.feature_strides = (4, 8, 16)
        self.hidden = Sequential(
            Dropout(p=dropout),
            Linear(in_features=4 * width * self.side**2, out_features=hidden_dim),
            ReLU(),
            Dropout(p=dropout),
            Linear(in_features=hidden_dim, out_features=hidden_dim),
            ReLU(),
        )
        self.head = Linear(in_features=hidden_dim, out_features=num_classes)

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """The maps that the three poolings get."""
        check_pictures("AlexNet", images, SMALLEST)
        return before_poolings(self.body, images)

    def forward(self, images: Tensor) -> Tensor:
        check_pictures("AlexNet", images, SMALLEST)
        x = self.body(images)  # (batch, channels, height / 32, width / 32)
        x = adaptive_avg_pool2d(x, self.side)  # (batch, channels, side, side)
        x = self.hidden(x.flatten(1))  # (batch, hidden)
        return self.head(x)  # (batch, num_classes)


def last_side(image_size: int) -> int:
    """The side of the last map of a picture of this side; below 1 for one that the network cannot take."""
    side = (image_size + 2 * 2 - 11) // 4 + 1
    for _ in range(3):
        side = (side - 3) // 2 + 1
    return side


def check_pictures(name: str, images: Tensor, smallest: int) -> None:
    """A ValueError for what is no batch of pictures of at least this side."""
    if images.dim() != 4 or min(images.shape[2:]) < smallest:
        raise ValueError(
            f"{name} takes (batch, channels, height, width) of at least {smallest}x{smallest} pixels; "
            f"it was given {tuple(images.shape)}"
        )


def before_poolings(body: Sequential, x: Tensor) -> tuple[Tensor, ...]:
    """The map that goes into each pooling: the last of its size."""
    maps = []
    for layer in body:
        if isinstance(layer, MaxPool2d):
            maps.append(x)
        x = layer(x)
    return tuple(maps)


def alexnet(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    hidden_dim: int = 4096,
    dropout: float = 0.5,
) -> AlexNet:
    """AlexNet with 61.1 million parameters, of which 58.6 million are in the linear layers."""
    return AlexNet(**locals())


WEIGHTS = {
    "torchvision": [
        Rename("features.{}", "body.{}"),
        Rename("classifier.6.{}", "head.{}"),
        Rename("classifier.{}", "hidden.{}"),
    ]
}

CARD = {
    "title": "AlexNet",
    "paper": "ImageNet classification with deep convolutional neural networks, "
    "https://papers.nips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html",
    "year": 2012,
    "family": "classification",
    "sizes": {"alexnet": "one column, 61.1 million parameters"},
    "references": ("torchvision",),
    "ancestor": "lenet5",
}
