"""NiN: a network in the network, and no wide layers at its end.

AlexNet's kernel gives a weighted sum of what lies under it, so one map can only tell apart what a straight cut separates; a
thing that comes in several looks takes a map for each of them. NiN slides a small multilayer perceptron over the picture
instead. Its first layer is the convolution as before; the further ones see what the first found at a single place, all
channels of it and no neighbours, and as the same weights serve every place, they are convolutions of single pixels.

Once a place can be judged on its own, the classes can be read off places. The last layer gives one map for each class, which
says where in the picture the class is seen, and the mean of a map is the class's logit. That replaces AlexNet's three linear
layers, in which 58.6 of its 61.1 million weights lay: nothing is left there to be learnt by heart, pictures may have any size,
and the maps can be looked at.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import Module, ModuleList, Sequential

from groundup.layers.convolution import Conv2d
from groundup.layers.dropout import Dropout
from groundup.layers.initialization import kaiming_normal_
from groundup.layers.pooling import MaxPool2d
from groundup.ops.activation import relu


class MLPConv(Module):
    """A multilayer perceptron with ReLUs, slid over the picture; `channels` are the widths of its layers.

    Paper: section 3.1, equation 2.
    Shapes: (batch, in_channels, height, width) -> (batch, channels[-1], out height, out width), the sides as in Conv2d.
    """

    def __init__(self, *, in_channels: int, channels: Sequence[int], kernel_size: int, stride: int = 1, padding: int = 0):
        super().__init__()
        first = Conv2d(in_channels=in_channels, out_channels=channels[0], kernel_size=kernel_size, stride=stride, padding=padding)
        pixels = [Conv2d(in_channels=came, out_channels=number, kernel_size=1) for came, number in pairwise(channels)]
        self.layers = ModuleList([first, *pixels])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = relu(layer(x))
        return x


# the mlpconv layers by the stride of the first; the last of each lacks its last layer, which is the head
SMALL_PICTURES = (
    dict(channels=(192, 160, 96), kernel_size=5, padding=2),
    dict(channels=(192, 192, 192), kernel_size=5, padding=2),
    dict(channels=(192, 192), kernel_size=3, padding=1),
)
PHOTOGRAPHS = (
    dict(channels=(96, 96, 96), kernel_size=11, stride=4),
    dict(channels=(256, 256, 256), kernel_size=5, padding=2),
    dict(channels=(384, 384, 384), kernel_size=3, padding=1),
    dict(channels=(1024, 1024), kernel_size=3, padding=1),
)


class NiN(Module):
    """Mlpconv layers with a max pooling by 2 between them, a map for each class, an average.

    `stem_stride` 1 is the network of the paper's experiments, for pictures of 32x32. The paper has none for ImageNet; 4 is
    the one that its authors handed around afterwards, for photographs of 224x224, which begins like AlexNet. `width_mult`
    multiplies all widths between the picture and the classes. `dropout` stands behind every pooling; in the network for
    photographs, whose poolings are three, behind the last alone.

    Equation 2 ends every layer in a ReLU and makes no exception of the last, so no logit is negative. A class whose map
    began at 0 everywhere would get no gradient and never be learnt: the head's biases start at 1, as AlexNet's paper has it
    for other layers, and its weights small, so that all classes begin alike.

    Paper: Lin, Chen, Yan, "Network in network", 2013, https://arxiv.org/abs/1312.4400; sections 3 and 4.
    Shapes: (batch, in_channels, height, width) -> (batch, num_classes), logits.
    Raises: ValueError for another stem_stride, and for a picture that its poolings would leave nothing of.
    """

    def __init__(self, *, num_classes: int, in_channels: int, stem_stride: int, width_mult: float, dropout: float):
        super().__init__()
        if stem_stride not in (1, 4):
            raise ValueError(f"NiN: stem_stride is 1, for small pictures, or 4, for photographs; it was given {stem_stride}")
        table = SMALL_PICTURES if stem_stride == 1 else PHOTOGRAPHS
        self.least_size = 4 if stem_stride == 1 else 39
        stages, came = [], in_channels
        for number, settings in enumerate(table):
            channels = [max(1, round(width * width_mult)) for width in settings["channels"]]
            layer = MLPConv(in_channels=came, **settings | {"channels": channels})
            struck = dropout if stem_stride == 1 or number == len(table) - 1 else 0.0
            before = [MaxPool2d(kernel_size=3, stride=2, ceil_mode=True), Dropout(p=struck)] if number else []
            stages.append(Sequential(*before, layer))
            came = channels[-1]
        self.stages = ModuleList(stages)
        self.head = Conv2d(in_channels=came, out_channels=num_classes, kernel_size=1)
        self.feature_channels = tuple(stage[-1].layers[-1].weight.shape[0] for stage in stages)
        self.feature_strides = tuple(stem_stride * 2**number for number in range(len(table)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the convolutions anew: normal, of the size that ReLUs keep (https://arxiv.org/abs/1502.01852), and the head."""
        with torch.no_grad():
            for module in self.stages.modules():
                if isinstance(module, Conv2d):
                    kaiming_normal_(module.weight, nonlinearity="relu")
                    module.bias.zero_()
            self.head.weight.normal_(std=0.01)
            self.head.bias.fill_(1)

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """The map at the end of each mlpconv layer; of the last one, before the head."""
        if min(images.shape[-2:]) < self.least_size:
            raise ValueError(
                f"NiN with stem_stride={self.feature_strides[0]} takes pictures of at least {self.least_size}x{self.least_size} "
                f"pixels; these have {images.shape[-2]}x{images.shape[-1]}"
            )
        maps, x = [], images
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return tuple(maps)

    def class_maps(self, images: Tensor) -> Tensor:
        """How much of each class is seen where. Shapes: as `features`' last map, with num_classes channels."""
        return relu(self.head(self.features(images)[-1]))

    def forward(self, images: Tensor) -> Tensor:
        x = self.class_maps(images)  # (batch, num_classes, height / stride, width / stride)
        return x.mean((2, 3))  # (batch, num_classes)


def nin(
    *, num_classes: int = 10, in_channels: int = 3, stem_stride: int = 1, width_mult: float = 1.0, dropout: float = 0.5
) -> NiN:
    """NiN as the paper has it for CIFAR-10, with 0.97 million parameters; for photographs, `stem_stride=4, num_classes=1000`."""
    return NiN(**locals())


WEIGHTS = {}

CARD = {
    "title": "NiN",
    "paper": "Network in network, https://arxiv.org/abs/1312.4400",
    "year": 2013,
    "family": "classification",
    "sizes": {"nin": "three mlpconv layers for 32x32 pictures, 0.97 million parameters; four for photographs"},
    "references": ("composed",),
    "ancestor": "alexnet",
}
