"""CLIP's ResNets: the towers that the paper began with.

Five of the nine networks that the paper trained see with a ResNet. Three things in it are changed, all for the sake of what a
plain ResNet loses on the way to its last vector:

- three 3x3 convolutions are the stem, in place of one of 7x7, and its pooling averages;
- no convolution takes a stride. A convolution that skips pixels lets fine patterns pass for coarse ones; where a stage halves the
  picture, the mean of each 2x2 pixels is taken instead, on the shortcut likewise (https://arxiv.org/abs/1904.11486 tells why);
- the last map is not averaged over its pixels. Its mean *asks*, as a query of attention, all pixels and itself, each with its
  position: so the vector can tell what stands where, which a mean cannot, and sentences do speak of left and right.

The text's tower, the common space and the loss are those of clip.py.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Module, Parameter, Sequential

from groundup.layers.attention import MultiHeadAttention
from groundup.layers.convolution import Conv2d
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm2d
from groundup.layers.pooling import AvgPool2d
from groundup.models.classification.resnet import convolution
from groundup.models.multimodal.clip import CLIP, OPEN_CLIP_TEXT, TextTower
from groundup.ops.activation import relu
from groundup.weights.rules import Rename


class Bottleneck(Module):
    """ResNet's bottleneck with a mean over stride x stride pixels where that has a stride.

    Shapes: (batch, in_channels, height, width) -> (batch, 4 * channels, height / stride, width / stride).
    """

    expansion = 4

    def __init__(self, *, in_channels: int, channels: int, stride: int):
        super().__init__()
        self.conv1 = convolution(in_channels, channels, 1)
        self.norm1 = BatchNorm2d(num_features=channels)
        self.conv2 = convolution(channels, channels, 3)
        self.norm2 = BatchNorm2d(num_features=channels)
        self.pool = AvgPool2d(kernel_size=stride) if stride > 1 else None
        self.conv3 = convolution(channels, channels * self.expansion, 1)
        self.norm3 = BatchNorm2d(num_features=channels * self.expansion)
        self.shortcut = None
        if stride > 1 or in_channels != channels * self.expansion:
            out_channels = channels * self.expansion
            self.shortcut = Sequential(convolution(in_channels, out_channels, 1), BatchNorm2d(num_features=out_channels))

    def forward(self, x: Tensor) -> Tensor:
        change = relu(self.norm1(self.conv1(x)))
        change = relu(self.norm2(self.conv2(change)))
        if self.pool is not None:
            change, x = self.pool(change), self.pool(x)
        change = self.norm3(self.conv3(change))
        change += x if self.shortcut is None else self.shortcut(x)
        return relu(change)


class AttentionPool2d(Module):
    """The mean of a map's pixels asks them all and itself; what it gathers is projected.

    Paper: section 2.4. Shapes: (batch, embed_dim, side, side) -> (batch, projection_dim).
    Raises: ValueError for a map of another size.
    """

    def __init__(self, *, side: int, embed_dim: int, num_heads: int, projection_dim: int):
        super().__init__()
        self.side = side
        self.positions = Parameter(torch.empty(1 + side**2, embed_dim))
        self.attention = MultiHeadAttention(embed_dim=embed_dim, num_heads=num_heads)
        self.attention.output = Linear(in_features=embed_dim, out_features=projection_dim)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew; the biases as a linear layer's."""
        deviation = self.positions.shape[1] ** -0.5
        with torch.no_grad():
            self.positions.normal_(std=deviation)
            for layer in (self.attention.query, self.attention.key, self.attention.value, self.attention.output):
                layer.reset_parameters()
                layer.weight.normal_(std=deviation)

    def forward(self, x: Tensor) -> Tensor:
        if tuple(x.shape[-2:]) != (self.side, self.side):
            wanted, came = 32 * self.side, tuple(32 * side for side in x.shape[-2:])
            raise ValueError(f"this tower was built for pictures of {wanted}x{wanted} pixels; it was given some of about {came}")
        x = x.flatten(2).mT  # (batch, pixels, embed_dim)
        x = torch.cat([x.mean(1, keepdim=True), x], 1) + self.positions  # (batch, tokens, embed_dim)
        return self.attention(x[:, :1], x)[:, 0]  # (batch, projection_dim)


class ModifiedResNet(Module):
    """A stem of three convolutions, four stages of bottlenecks, and a pooling by attention.

    `layers` counts the blocks of each stage, `width` is the number of channels within the first stage's blocks.
    Paper: section 2.4. Shapes: (batch, in_channels, image_size, image_size) -> (batch, projection_dim).
    Raises: ValueError for an image_size that 32 does not divide, an odd width, and a picture of another size.
    Equals: open_clip.modified_resnet.ModifiedResNet, its start included.
    """

    def __init__(
        self,
        *,
        projection_dim: int,
        in_channels: int,
        image_size: int,
        width: int,
        layers: Sequence[int],
        num_heads: int,
    ):
        super().__init__()
        if image_size < 32 or image_size % 32 or width % 2:
            raise ValueError(
                f"CLIP's ResNet takes an image_size that is a multiple of 32 and an even width; it was given "
                f"image_size={image_size} and width={width}"
            )
        self.conv1 = convolution(in_channels, width // 2, 3, stride=2)
        self.norm1 = BatchNorm2d(num_features=width // 2)
        self.conv2 = convolution(width // 2, width // 2, 3)
        self.norm2 = BatchNorm2d(num_features=width // 2)
        self.conv3 = convolution(width // 2, width, 3)
        self.norm3 = BatchNorm2d(num_features=width)
        self.pool = AvgPool2d(kernel_size=2)
        came = width
        for stage, depth in enumerate(layers, start=1):
            channels, blocks = width * 2 ** (stage - 1), []
            for number in range(depth):
                stride = 2 if stage > 1 and number == 0 else 1
                blocks.append(Bottleneck(in_channels=came, channels=channels, stride=stride))
                came = channels * Bottleneck.expansion
            setattr(self, f"stage{stage}", Sequential(*blocks))
        self.attention_pool = AttentionPool2d(
            side=image_size // 32, embed_dim=came, num_heads=num_heads, projection_dim=projection_dim
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the convolutions anew; at first a block adds nothing to what came in."""
        for module in self.modules():
            if isinstance(module, Conv2d):
                module.reset_parameters()
            if isinstance(module, Bottleneck):
                with torch.no_grad():
                    module.norm3.weight.zero_()

    def forward(self, images: Tensor) -> Tensor:
        x = relu(self.norm1(self.conv1(images)))  # (batch, width / 2, height / 2, width / 2)
        x = relu(self.norm2(self.conv2(x)))
        x = relu(self.norm3(self.conv3(x)))  # (batch, width, height / 2, width / 2)
        x = self.pool(x)  # (batch, width, height / 4, width / 4)
        x = self.stage4(self.stage3(self.stage2(self.stage1(x))))  # (batch, 32 * width, height / 32, width / 32)
        return self.attention_pool(x)  # (batch, projection_dim)


def with_resnet(
    *,
    projection_dim: int,
    in_channels: int,
    image_size: int,
    width: int,
    vision_layers: Sequence[int],
    vision_heads: int | None,
    vocab_size: int,
    max_seq_len: int,
    text_dim: int,
    text_layers: int,
    text_heads: int,
    quick_gelu: bool,
) -> CLIP:
    """CLIP of a ResNet and a text tower of these sizes; without `vision_heads`, heads of 64 numbers pool."""
    visual = ModifiedResNet(
        projection_dim=projection_dim,
        in_channels=in_channels,
        image_size=image_size,
        width=width,
        layers=vision_layers,
        num_heads=vision_heads or width // 2,
    )
    text = TextTower(
        projection_dim=projection_dim,
        vocab_size=vocab_size,
        max_seq_len=max_seq_len,
        embed_dim=text_dim,
        num_layers=text_layers,
        num_heads=text_heads,
        quick_gelu=quick_gelu,
    )
    return CLIP(visual=visual, text=text)


def clip_rn50(
    *,
    projection_dim: int = 1024,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    vision_layers: Sequence[int] = (3, 4, 6, 3),
    vision_heads: int | None = None,
    vocab_size: int = 49_408,
    max_seq_len: int = 77,
    text_dim: int = 512,
    text_layers: int = 12,
    text_heads: int = 8,
    quick_gelu: bool = True,
) -> CLIP:
    """CLIP with ResNet-50 and 102 million parameters; every number can be another. `quick_gelu` is for the text's tower."""
    return with_resnet(**locals())


def clip_rn101(
    *,
    projection_dim: int = 512,
    vision_layers: Sequence[int] = (3, 4, 23, 3),
    vocab_size: int = 49_408,
    max_seq_len: int = 77,
    **sizes: object,
) -> CLIP:
    """CLIP with ResNet-101 and 120 million parameters; what is not named here is as in clip_rn50."""
    given = locals()
    return clip_rn50(**given.pop("sizes"), **given)


def clip_rn50x4(
    *,
    projection_dim: int = 640,
    image_size: int = 288,
    width: int = 80,
    vision_layers: Sequence[int] = (4, 6, 10, 6),
    vocab_size: int = 49_408,
    max_seq_len: int = 77,
    text_dim: int = 640,
    text_heads: int = 10,
    **sizes: object,
) -> CLIP:
    """CLIP with a ResNet of about 4 times the computation and 178 million parameters."""
    given = locals()
    return clip_rn50(**given.pop("sizes"), **given)


def clip_rn50x16(
    *,
    projection_dim: int = 768,
    image_size: int = 384,
    width: int = 96,
    vision_layers: Sequence[int] = (6, 8, 18, 8),
    vocab_size: int = 49_408,
    max_seq_len: int = 77,
    text_dim: int = 768,
    text_heads: int = 12,
    **sizes: object,
) -> CLIP:
    """CLIP with a ResNet of about 16 times the computation and 291 million parameters."""
    given = locals()
    return clip_rn50(**given.pop("sizes"), **given)


def clip_rn50x64(
    *,
    projection_dim: int = 1024,
    image_size: int = 448,
    width: int = 128,
    vision_layers: Sequence[int] = (3, 15, 36, 10),
    vocab_size: int = 49_408,
    max_seq_len: int = 77,
    text_dim: int = 1024,
    text_heads: int = 16,
    **sizes: object,
) -> CLIP:
    """CLIP with a ResNet of about 64 times the computation and 623 million parameters."""
    given = locals()
    return clip_rn50(**given.pop("sizes"), **given)


OPEN_CLIP = [
    Rename("visual.attnpool.positional_embedding", "visual.attention_pool.positions"),
    Rename("visual.attnpool.q_proj.{}", "visual.attention_pool.attention.query.{}"),
    Rename("visual.attnpool.k_proj.{}", "visual.attention_pool.attention.key.{}"),
    Rename("visual.attnpool.v_proj.{}", "visual.attention_pool.attention.value.{}"),
    Rename("visual.attnpool.c_proj.{}", "visual.attention_pool.attention.output.{}"),
    Rename("visual.layer{}.{}.downsample.{}", "visual.stage{}.{}.shortcut.{}"),
    Rename("visual.layer{}.{}.conv{}.weight", "visual.stage{}.{}.conv{}.weight"),
    Rename("visual.layer{}.{}.bn{}.{}", "visual.stage{}.{}.norm{}.{}"),
    Rename("visual.conv{}.weight", "visual.conv{}.weight"),
    Rename("visual.bn{}.{}", "visual.norm{}.{}"),
    *OPEN_CLIP_TEXT,
]

WEIGHTS = {"open_clip": OPEN_CLIP}

CARD = {
    "title": "CLIP with a ResNet",
    "paper": "Learning transferable visual models from natural language supervision, https://arxiv.org/abs/2103.00020",
    "year": 2021,
    "family": "multimodal",
    "sizes": {
        "clip_rn50": "ResNet-50 with pooling by attention, 102 million parameters",
        "clip_rn101": "ResNet-101, 120 million parameters",
        "clip_rn50x4": "wider, deeper and at 288 pixels, 178 million parameters",
        "clip_rn50x16": "at 384 pixels, 291 million parameters",
        "clip_rn50x64": "at 448 pixels, 623 million parameters",
    },
    "references": ("open_clip",),
    "ancestor": "resnet50",
}
