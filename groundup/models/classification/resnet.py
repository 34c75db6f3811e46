"""ResNet: networks as deep as one likes.

Until then a network of 56 layers did worse than one of 20, and on the very pictures that it was trained on. It did not lack
capacity, since 36 of its layers might have passed on what they got; but a stack of layers does not easily learn to do
nothing. A residual block makes nothing the default: it computes a change, and adds it to what came in.

    x + change(x)

A block that has nothing to say learns a change of zero, and the sum carries gradients past any number of blocks undiminished.
Where a stage halves the picture and widens it, what came in must take the new shape too, by a convolution of single pixels:
the shortcut's projection. From 50 layers on a block is a bottleneck, which brings its channels down to a quarter before the
3x3 convolution and up again behind it. Nothing is left of VGG's wide linear layers: the last map is averaged over its pixels,
and one layer reads the classes off the mean.

A network that is to answer for each pixel wants its last maps larger. `dilated_stages` says how many of the last stages keep
their maps' size: each kernel behind a stride that was not taken skips pixels instead (it is dilated), and so sees just what it
would have seen. The weights are the same; at every second pixel, so is the answer (https://arxiv.org/abs/1511.07122).
"""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.convolution import Conv2d
from groundup.layers.initialization import kaiming_normal_
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm2d
from groundup.layers.pooling import MaxPool2d
from groundup.ops.activation import relu
from groundup.weights.rules import Rename, Rule


class BasicBlock(Module):
    """Two 3x3 convolutions compute the change; the first takes the block's stride.

    `dilation` is how far apart the pixels are that a kernel sees, before and behind the place of the stride.
    Paper: figure 5, left. Shapes: (batch, in_channels, height, width) -> (batch, channels, height / stride, width / stride).
    """

    expansion = 1  # how many times `channels` come out

    def __init__(self, *, in_channels: int, channels: int, stride: int, dilation: tuple[int, int] = (1, 1)):
        super().__init__()
        self.conv1 = convolution(in_channels, channels, 3, stride, dilation[0])
        self.norm1 = BatchNorm2d(num_features=channels)
        self.conv2 = convolution(channels, channels, 3, dilation=dilation[1])
        self.norm2 = BatchNorm2d(num_features=channels)
        self.shortcut = projection(in_channels, channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        change = self.conv2(relu(self.norm1(self.conv1(x)), inplace=True))
        change = self.norm2(change)
        change += x if self.shortcut is None else self.shortcut(x)  # in place: a third map would be the most that is ever held
        return relu(change, inplace=True)


class Bottleneck(Module):
    """A 3x3 convolution of few channels between two of single pixels, of which the last widens fourfold.

    The 3x3 convolution takes the stride, as in all weights that are handed around; in the paper the first one did.
    `dilation` is as a BasicBlock's; no kernel behind the stride sees more than a pixel here, so its second number plays no part.
    Paper: figure 5, right. Shapes: (batch, in_channels, height, width) -> (batch, 4 * channels, height / stride, width / stride).
    """

    expansion = 4

    def __init__(self, *, in_channels: int, channels: int, stride: int, dilation: tuple[int, int] = (1, 1)):
        super().__init__()
        self.conv1 = convolution(in_channels, channels, 1)
        self.norm1 = BatchNorm2d(num_features=channels)
        self.conv2 = convolution(channels, channels, 3, stride, dilation[0])
        self.norm2 = BatchNorm2d(num_features=channels)
        self.conv3 = convolution(channels, channels * self.expansion, 1)
        self.norm3 = BatchNorm2d(num_features=channels * self.expansion)
        self.shortcut = projection(in_channels, channels * self.expansion, stride)

    def forward(self, x: Tensor) -> Tensor:
        change = self.conv2(relu(self.norm1(self.conv1(x)), inplace=True))
        change = self.conv3(relu(self.norm2(change), inplace=True))
        change = self.norm3(change)
        change += x if self.shortcut is None else self.shortcut(x)
        return relu(change, inplace=True)


def convolution(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, dilation: int = 1) -> Conv2d:
    """A convolution that keeps the picture's size but for the stride; the norm behind it has the bias."""
    return Conv2d(
        in_channels=in_channels,
        out_channels=out_channels,
        kernel_size=kernel_size,
        stride=stride,
        padding=dilation * (kernel_size // 2),
        dilation=dilation,
        bias=False,
    )


def projection(in_channels: int, out_channels: int, stride: int) -> Sequential | None:
    """What gives the shortcut the shape of the change; None where it has it."""
    if stride == 1 and in_channels == out_channels:
        return None
    return Sequential(convolution(in_channels, out_channels, 1, stride), BatchNorm2d(num_features=out_channels))


class ResNet(Module):
    """A stem that reduces the picture, four stages of residual blocks, an average, a linear layer.

    `layers` counts the blocks of each stage, `width` is the first stage's number of channels, doubled by each stage after it.
    `stem_stride` 4 is the stem for photographs: a 7x7 convolution with stride 2, then a max pooling by 2. With 1 the stem is
    a 3x3 convolution that keeps every pixel, as section 4.2 has it for the pictures of CIFAR-10, which are 32x32. The last
    `dilated_stages` stages keep their maps' size.

    Paper: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015, https://arxiv.org/abs/1512.03385; table 1
    holds the sizes, and its conv2_x to conv5_x are stage1 to stage4 here.
    Shapes: (batch, in_channels, height, width) -> (batch, num_classes), logits.
    Raises: ValueError for another stem_stride, and for dilated_stages outside 0 to 3.
    Equals: torchvision.models.ResNet, its start included, with its replace_stride_with_dilation for bottlenecks; timm's for both.
    """

    def __init__(
        self,
        *,
        block: type[BasicBlock] | type[Bottleneck],
        layers: Sequence[int],
        num_classes: int,
        in_channels: int,
        stem_stride: int,
        width: int,
        dilated_stages: int = 0,
    ):
        super().__init__()
        if stem_stride not in (1, 4):
            raise ValueError(f"ResNet: stem_stride is 4, for photographs, or 1, for small pictures; it was given {stem_stride}")
        if dilated_stages not in range(4):
            raise ValueError(f"ResNet: three stages halve the map, so dilated_stages is 0 to 3; it was given {dilated_stages}")
        kernel_size = 7 if stem_stride == 4 else 3
        self.conv1 = convolution(in_channels, width, kernel_size, stride=2 if stem_stride == 4 else 1)
        self.norm1 = BatchNorm2d(num_features=width)
        self.pool = MaxPool2d(kernel_size=3, stride=2, padding=1) if stem_stride == 4 else None

        channels = [width * 2**stage for stage in range(4)]
        self.feature_channels = tuple(number * block.expansion for number in channels)
        self.feature_strides = tuple(stem_stride * 2 ** min(stage, 3 - dilated_stages) for stage in range(4))
        for stage, (number, depth) in enumerate(zip(channels, layers, strict=True)):
            came = self.feature_channels[stage - 1] if stage else width
            before, after = (2 ** max(0, one + dilated_stages - 3) for one in (stage - 1, stage))
            stride = 2 if stage and after == before else 1
            blocks = [block(in_channels=came, channels=number, stride=stride, dilation=(before, after))]
            came = number * block.expansion
            blocks += [block(in_channels=came, channels=number, stride=1, dilation=(after, after)) for _ in range(depth - 1)]
            setattr(self, f"stage{stage + 1}", Sequential(*blocks))
        self.head = Linear(in_features=self.feature_channels[-1], out_features=num_classes)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the convolutions anew: normal, of the size that keeps gradients (https://arxiv.org/abs/1502.01852)."""
        for module in self.modules():
            if isinstance(module, Conv2d):
                kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """The map at the end of each stage."""
        x = relu(self.norm1(self.conv1(images)), inplace=True)
        x = x if self.pool is None else self.pool(x)
        maps = []
        for stage in (self.stage1, self.stage2, self.stage3, self.stage4):
            x = stage(x)
            maps.append(x)
        return tuple(maps)

    def forward(self, images: Tensor) -> Tensor:
        x = self.features(images)[-1]  # (batch, channels, height / 32, width / 32)
        x = x.mean((2, 3))  # (batch, channels)
        return self.head(x)  # (batch, num_classes)


def resnet18(
    *, num_classes: int = 1000, in_channels: int = 3, stem_stride: int = 4, width: int = 64, dilated_stages: int = 0
) -> ResNet:
    """ResNet-18 with 11.7 million parameters."""
    return ResNet(block=BasicBlock, layers=(2, 2, 2, 2), **locals())


def resnet34(
    *, num_classes: int = 1000, in_channels: int = 3, stem_stride: int = 4, width: int = 64, dilated_stages: int = 0
) -> ResNet:
    """ResNet-34 with 21.8 million parameters."""
    return ResNet(block=BasicBlock, layers=(3, 4, 6, 3), **locals())


def resnet50(
    *, num_classes: int = 1000, in_channels: int = 3, stem_stride: int = 4, width: int = 64, dilated_stages: int = 0
) -> ResNet:
    """ResNet-50 with 25.6 million parameters, the first of bottlenecks."""
    return ResNet(block=Bottleneck, layers=(3, 4, 6, 3), **locals())


def resnet101(
    *, num_classes: int = 1000, in_channels: int = 3, stem_stride: int = 4, width: int = 64, dilated_stages: int = 0
) -> ResNet:
    """ResNet-101 with 44.5 million parameters."""
    return ResNet(block=Bottleneck, layers=(3, 4, 23, 3), **locals())


def resnet152(
    *, num_classes: int = 1000, in_channels: int = 3, stem_stride: int = 4, width: int = 64, dilated_stages: int = 0
) -> ResNet:
    """ResNet-152 with 60.2 million parameters."""
    return ResNet(block=Bottleneck, layers=(3, 8, 36, 3), **locals())


def transformers_rules() -> list[Rule]:
    """ResNetForImageClassification's names. It counts stages from 0 and a block's convolutions likewise."""
    theirs = "resnet.encoder.stages.{}.layers.{{}}"
    rules = [
        Rename("resnet.embedder.embedder.convolution.weight", "conv1.weight"),
        Rename("resnet.embedder.embedder.normalization.{}", "norm1.{}"),
        Rename("classifier.1.{}", "head.{}"),
    ]
    for stage in range(4):
        block, ours = theirs.format(stage), f"stage{stage + 1}.{{}}"
        rules += [
            Rename(f"{block}.shortcut.convolution.weight", f"{ours}.shortcut.0.weight"),
            Rename(f"{block}.shortcut.normalization.{{}}", f"{ours}.shortcut.1.{{}}"),
        ]
        for part in range(3):
            rules += [
                Rename(f"{block}.layer.{part}.convolution.weight", f"{ours}.conv{part + 1}.weight"),
                Rename(f"{block}.layer.{part}.normalization.{{}}", f"{ours}.norm{part + 1}.{{}}"),
            ]
    return rules


TORCHVISION = [
    Rename("bn1.{}", "norm1.{}"),
    Rename("fc.{}", "head.{}"),
    Rename("layer{}.{}.downsample.{}", "stage{}.{}.shortcut.{}"),
    Rename("layer{}.{}.conv{}.weight", "stage{}.{}.conv{}.weight"),
    Rename("layer{}.{}.bn{}.{}", "stage{}.{}.norm{}.{}"),
]

WEIGHTS = {"torchvision": TORCHVISION, "timm": TORCHVISION, "transformers": transformers_rules()}

CARD = {
    "title": "ResNet",
    "paper": "Deep residual learning for image recognition, https://arxiv.org/abs/1512.03385",
    "year": 2015,
    "family": "classification",
    "sizes": {
        "resnet18": "18 layers, basic blocks, 11.7 million parameters",
        "resnet34": "34 layers, basic blocks, 21.8 million parameters",
        "resnet50": "50 layers, bottlenecks, 25.6 million parameters",
        "resnet101": "101 layers, bottlenecks, 44.5 million parameters",
        "resnet152": "152 layers, bottlenecks, 60.2 million parameters",
    },
    "references": ("torchvision", "timm", "transformers"),
    "ancestor": "vgg11_bn",
}
