"""LeNet-5: the network that made convolution practical.

Two ideas carry it. The same small kernels slide over the whole picture, so a stroke is found wherever it stands, with few
weights. Between the convolutions the picture is halved, so each later kernel sees a wider part of it, and exact positions
matter less and less. This is the network as it is built today: every map of the second convolution sees every map of the
first, the averages have no gain of their own, and the last layer is linear instead of distances to painted digits.
"""

from torch import Tensor
from torch.nn import Module

from groundup.layers.convolution import Conv2d
from groundup.layers.linear import Linear
from groundup.layers.pooling import AvgPool2d
from groundup.ops.activation import tanh


class LeNet(Module):
    """Two convolutions, each followed by an average over 2x2 pixels, then three linear layers.

    Paper: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998, section II.B;
    the layers bear the names of its figure 2.
    Shapes: (batch, in_channels, 32, 32) -> (batch, num_classes), logits.
    Raises: ValueError for a picture that is not 32x32.
    """

    def __init__(self, *, num_classes: int, in_channels: int = 1):
        super().__init__()
        self.c1 = Conv2d(in_channels=in_channels, out_channels=6, kernel_size=5)
        self.s2 = AvgPool2d(kernel_size=2)
        self.c3 = Conv2d(in_channels=6, out_channels=16, kernel_size=5)
        self.s4 = AvgPool2d(kernel_size=2)
        self.c5 = Linear(in_features=16 * 5 * 5, out_features=120)
        self.f6 = Linear(in_features=120, out_features=84)
        self.output = Linear(in_features=84, out_features=num_classes)

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[-2:] != (32, 32):
            raise ValueError(f"LeNet-5 takes pictures of 32x32 pixels; these have {images.shape[-2]}x{images.shape[-1]}")
        x = self.s2(tanh(self.c1(images)))  # (batch, 6, 14, 14)
        x = self.s4(tanh(self.c3(x)))  # (batch, 16, 5, 5)
        x = tanh(self.c5(x.flatten(1)))  # (batch, 120)
        x = tanh(self.f6(x))  # (batch, 84)
        return self.output(x)  # (batch, num_classes)


def lenet5(*, num_classes: int = 10, in_channels: int = 1) -> LeNet:
    """LeNet-5 with 61,706 parameters for ten classes of grey pictures."""
    return LeNet(num_classes=num_classes, in_channels=in_channels)


WEIGHTS = {}

CARD = {
    "title": "LeNet-5",
    "paper": "Gradient-based learning applied to document recognition, http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf",
    "year": 1998,
    "family": "classification",
    "sizes": {"lenet5": "the paper's size, for 32x32 pictures"},
    "references": ("composed",),
    "ancestor": None,
}
