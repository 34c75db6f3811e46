"""DDPM: pictures made by taking noise away, a little at a time, with one network for every amount of noise.

A GAN draws a picture in one go, and is taught by an opponent. Here nobody is fooled. A known process drowns a picture in
noise over a thousand small steps; a network learns to undo one of them, and from pure noise it then walks all the way back.
What each step asks, "which noise was added to this?", has an answer, so training is plain regression, and cannot collapse.

The idea is of 2015 (Sohl-Dickstein et al.); what this paper changed made it paint better than the GANs of its day:

- the network says the noise, not the picture or the mean of the next step, and all amounts of noise count alike in the loss;
- the network is a U-Net (Ronneberger et al. 2015): a way down that sees ever wider, a way up that draws ever finer, and every
  map of the way down handed across, so that nothing of the picture is lost in the narrow middle;
- its blocks are residual, as ResNet's, with group norm, which does not mix pictures of unlike noise as batch norm would;
- the time, which says how much noise there is, comes in as a Transformer's position does, as sines, and is added in every block;
- at one small size every pixel looks at all others, by self-attention.

The process itself, and the walk back, stand in `generation/diffusion.py`: the network knows nothing of them but the time.
Classes are a later addition (Ho & Salimans 2022, classifier-free guidance): a learnt vector each, added to the time's, and one
more for "no class in particular", so that one network can paint with and without being told what.
"""

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import Module, ModuleList

from groundup.layers.attention import MultiHeadAttention
from groundup.layers.convolution import Conv2d
from groundup.layers.dropout import Dropout
from groundup.layers.embedding import Embedding
from groundup.layers.linear import Linear
from groundup.layers.normalization import GroupNorm
from groundup.layers.resampling import Upsample
from groundup.ops.gelu import silu
from groundup.ops.padding import pad
from groundup.weights.rules import Rename, Rule

EPSILON = 1e-6  # of the norms, as in the paper's own program
SLOWEST = 10_000  # the longest wave of the time, as a multiple of 2 pi


class TimeEmbedding(Module):
    """The time as sines and cosines, mixed by two linear layers.

    The waves are computed in float32, whatever the network computes in: so were those that published weights learnt from.

    Shapes: (batch) -> (batch, embed_dim).
    """

    def __init__(self, *, num_waves: int, embed_dim: int):
        super().__init__()
        self.num_waves = num_waves  # each gives a sine and a cosine
        self.expand = Linear(in_features=2 * num_waves, out_features=embed_dim)
        self.mix = Linear(in_features=embed_dim, out_features=embed_dim)

    def forward(self, time: Tensor) -> Tensor:
        wave = torch.arange(self.num_waves, dtype=torch.float32, device=time.device)
        speed = torch.exp(-math.log(SLOWEST) * wave / (self.num_waves - 1))  # (waves)
        angle = time.float().unsqueeze(1) * speed  # (batch, waves)
        x = torch.cat([angle.sin(), angle.cos()], dim=1).to(self.expand.weight.dtype)  # (batch, sines and cosines)
        return self.mix(silu(self.expand(x)))  # (batch, embed_dim)


class Residual(Module):
    """Two convolutions that add to what comes in; between them the embedding of time and class shifts every channel.

    Paper: appendix B. Shapes: x (batch, in_channels, height, width), embedding (batch, embed_dim) -> (batch, out_channels, ...).
    """

    def __init__(self, *, in_channels: int, out_channels: int, embed_dim: int, num_groups: int, dropout: float):
        super().__init__()
        self.norm1 = GroupNorm(num_groups=num_groups, num_channels=in_channels, eps=EPSILON)
        self.conv1 = Conv2d(in_channels=in_channels, out_channels=out_channels, kernel_size=3, padding=1)
        self.shift = Linear(in_features=embed_dim, out_features=out_channels)
        self.norm2 = GroupNorm(num_groups=num_groups, num_channels=out_channels, eps=EPSILON)
        self.dropout = Dropout(p=dropout)
        self.conv2 = Conv2d(in_channels=out_channels, out_channels=out_channels, kernel_size=3, padding=1)
        self.shortcut = None
        if in_channels != out_channels:
            self.shortcut = Conv2d(in_channels=in_channels, out_channels=out_channels, kernel_size=1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        change = self.conv1(silu(self.norm1(x))) + self.shift(embedding)[:, :, None, None]
        change = self.conv2(self.dropout(silu(self.norm2(change))))  # (batch, out_channels, height, width)
        return change + (x if self.shortcut is None else self.shortcut(x))


class PixelAttention(Module):
    """Every pixel looks at all pixels, and adds what it finds.

    Shapes: (batch, channels, height, width) -> the same.
    """

    def __init__(self, *, channels: int, num_heads: int, num_groups: int):
        super().__init__()
        self.norm = GroupNorm(num_groups=num_groups, num_channels=channels, eps=EPSILON)
        self.attention = MultiHeadAttention(embed_dim=channels, num_heads=num_heads)
        for projection in (self.attention.query, self.attention.key, self.attention.value, self.attention.output):
            projection.reset_parameters()  # each for itself, as linear layers start

    def forward(self, x: Tensor) -> Tensor:
        pixels = self.norm(x).flatten(2).mT  # (batch, pixels, channels)
        return x + self.attention(pixels).mT.reshape(x.shape)


class Block(Module):
    """A residual block and, at some sizes, attention behind it."""

    def __init__(self, *, in_channels: int, out_channels: int, num_heads: int | None, **settings):
        super().__init__()
        self.residual = Residual(in_channels=in_channels, out_channels=out_channels, **settings)
        self.attention = None
        if num_heads is not None:
            self.attention = PixelAttention(channels=out_channels, num_heads=num_heads, num_groups=settings["num_groups"])

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        x = self.residual(x, embedding)
        return x if self.attention is None else self.attention(x)


class Down(Module):
    """The blocks of one size on the way down, and the halving behind them; gives all maps, the last of half the size.

    The halving pads at the right and at the bottom alone, as TensorFlow does.
    """

    def __init__(self, *, blocks: Sequence[Block], shrink: Conv2d | None):
        super().__init__()
        self.blocks, self.shrink = ModuleList(blocks), shrink

    def forward(self, x: Tensor, embedding: Tensor) -> list[Tensor]:
        maps = []
        for block in self.blocks:
            x = block(x, embedding)
            maps.append(x)
        if self.shrink is not None:
            maps.append(self.shrink(pad(x, (0, 1, 0, 1))))
        return maps


class Up(Module):
    """The blocks of one size on the way up, each of which takes in a map from the way down, and the doubling behind them."""

    def __init__(self, *, blocks: Sequence[Block], grow: Conv2d | None):
        super().__init__()
        self.blocks, self.grow = ModuleList(blocks), grow
        self.enlarge = Upsample(scale_factor=2.0, mode="nearest")

    def forward(self, x: Tensor, maps: list[Tensor], embedding: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(torch.cat([x, maps.pop()], dim=1), embedding)
        return x if self.grow is None else self.grow(self.enlarge(x))


class UNet(Module):
    """Noisy pictures and their times to what is in them: the noise, or whatever else it was trained to say.

    `channel_multipliers`, one for each size from the picture's own downwards, say how many times `width` channels there are;
    `num_blocks` stand at each. `attention_levels` counts the sizes with attention from 0, the picture's own; the middle always
    has it. `head_dim` None is one head of all channels. With `num_classes` a label can be given; the label `num_classes`, or
    none at all, stands for no class in particular.

    Paper: Ho, Jain, Abbeel, Denoising diffusion probabilistic models, https://arxiv.org/abs/2006.11239, appendix B; classes,
    Ho & Salimans, https://arxiv.org/abs/2207.12598.
    Shapes: x (batch, image_channels, height, width), time (batch), label (batch) of int64 -> as x.
    Raises: ValueError for sizes that do not fit each other, for pictures that cannot be halved so often, and for a label where
    there are no classes.
    Equals: diffusers.UNet2DModel with freq_shift=1, flip_sin_to_cos=False, downsample_padding=0, norm_eps=1e-6.
    """

    def __init__(
        self,
        *,
        image_channels: int,
        width: int,
        channel_multipliers: Sequence[int],
        num_blocks: int,
        attention_levels: Sequence[int],
        num_groups: int = 32,
        head_dim: int | None = None,
        dropout: float = 0.0,
        num_classes: int | None = None,
    ):
        super().__init__()
        channels = [width * times for times in channel_multipliers]
        check_sizes(width, channels, num_blocks, attention_levels, num_groups, head_dim)
        self.num_classes, self.halvings, embed_dim = num_classes, len(channels) - 1, 4 * width
        make = partial(Block, embed_dim=embed_dim, num_groups=num_groups, dropout=dropout)

        def heads(level: int, attends: bool) -> int | None:
            return channels[level] // (head_dim or channels[level]) if attends else None

        self.input = Conv2d(in_channels=image_channels, out_channels=width, kernel_size=3, padding=1)
        self.time = TimeEmbedding(num_waves=width // 2, embed_dim=embed_dim)
        self.label = None if num_classes is None else Embedding(num_embeddings=num_classes + 1, embedding_dim=embed_dim)

        self.down, now, kept = ModuleList(), width, [width]  # the channels here, and those of every map that is kept
        for level, count in enumerate(channels):
            blocks = []
            for _ in range(num_blocks):
                blocks.append(make(in_channels=now, out_channels=count, num_heads=heads(level, level in attention_levels)))
                now = count
                kept.append(count)
            shrink = None
            if level < self.halvings:
                shrink = Conv2d(in_channels=count, out_channels=count, kernel_size=3, stride=2)
                kept.append(count)
            self.down.append(Down(blocks=blocks, shrink=shrink))

        self.middle = ModuleList(make(in_channels=now, out_channels=now, num_heads=heads(-1, first)) for first in (True, False))

        self.up = ModuleList()
        for level, count in reversed(list(enumerate(channels))):
            blocks = []
            for _ in range(num_blocks + 1):
                attends = heads(level, level in attention_levels)
                blocks.append(make(in_channels=now + kept.pop(), out_channels=count, num_heads=attends))
                now = count
            grow = Conv2d(in_channels=count, out_channels=count, kernel_size=3, padding=1) if level else None
            self.up.append(Up(blocks=blocks, grow=grow))

        self.norm = GroupNorm(num_groups=num_groups, num_channels=width, eps=EPSILON)
        self.output = Conv2d(in_channels=width, out_channels=image_channels, kernel_size=3, padding=1)

    def embedding(self, time: Tensor, label: Tensor | None) -> Tensor:
        """What every block is told. Shapes: (batch), (batch) -> (batch, embed_dim)."""
        told = self.time(time)
        if self.label is None and label is not None:
            raise ValueError("this U-Net was built without classes and takes no label: give num_classes")
        if self.label is not None:
            told = told + self.label(torch.full_like(time, self.num_classes, dtype=torch.int64) if label is None else label)
        return silu(told)

    def forward(self, x: Tensor, time: Tensor, label: Tensor | None = None) -> Tensor:
        if any(side % 2**self.halvings for side in x.shape[-2:]):
            height, width = x.shape[-2:]
            raise ValueError(f"this U-Net halves its pictures {self.halvings} times; {height}x{width} does not divide so often")
        embedding = self.embedding(time, label)  # (batch, embed_dim)
        x = self.input(x)  # (batch, width, height, breadth)
        maps = [x]
        for level in self.down:
            maps += level(maps[-1], embedding)
        x = maps[-1]
        for block in self.middle:
            x = block(x, embedding)
        for level in self.up:
            x = level(x, maps, embedding)
        return self.output(silu(self.norm(x)))  # (batch, image_channels, height, breadth)


def check_sizes(
    width: int,
    channels: Sequence[int],
    num_blocks: int,
    attention_levels: Sequence[int],
    num_groups: int,
    head_dim: int | None,
) -> None:
    """A ValueError that says which sizes do not fit."""
    if not channels or min(channels) < 1 or num_blocks < 1:
        raise ValueError(f"a U-Net has at least one size, with channels and blocks; got {channels} channels, {num_blocks} blocks")
    if width < 4 or width % 2:
        raise ValueError(f"width must be even and at least 4, for the waves of the time; got {width}")
    if num_groups < 1 or any(count % num_groups for count in (width, *channels)):
        raise ValueError(f"num_groups={num_groups} must divide the channels of every size, {(width, *channels)}")
    if any(not 0 <= level < len(channels) for level in attention_levels):
        raise ValueError(f"attention_levels counts the {len(channels)} sizes from 0; got {tuple(attention_levels)}")
    attending = [channels[level] for level in (*attention_levels, -1)]
    if head_dim is not None and (head_dim < 1 or any(count % head_dim for count in attending)):
        raise ValueError(f"head_dim={head_dim} must divide the channels where there is attention, {tuple(attending)}")


def ddpm_cifar10_32(
    *,
    image_channels: int = 3,
    width: int = 128,
    channel_multipliers: Sequence[int] = (1, 2, 2, 2),
    num_blocks: int = 2,
    attention_levels: Sequence[int] = (1,),
    num_groups: int = 32,
    head_dim: int | None = None,
    dropout: float = 0.1,
    num_classes: int | None = None,
) -> UNet:
    """DDPM for pictures of 32x32 in colour, 35.7 million parameters; every number can be another."""
    return UNet(**locals())


def ddpm_celebahq_256(
    *,
    image_channels: int = 3,
    width: int = 128,
    channel_multipliers: Sequence[int] = (1, 1, 2, 2, 4, 4),
    num_blocks: int = 2,
    attention_levels: Sequence[int] = (4,),
    num_groups: int = 32,
    head_dim: int | None = None,
    dropout: float = 0.0,
    num_classes: int | None = None,
) -> UNet:
    """DDPM for pictures of 256x256 in colour, faces, bedrooms, churches or cats, 113.7 million parameters."""
    return UNet(**locals())


PLACES = {"down_blocks.{}": "down.{}.blocks", "mid_block": "middle", "up_blocks.{}": "up.{}.blocks"}


def rules(query: str, key: str, value: str, output: str) -> list[Rule]:
    """Their names, with those that their attention gives its four projections."""
    found: list[Rule] = [
        Rename("conv_in.{}", "input.{}"),
        Rename("time_embedding.linear_1.{}", "time.expand.{}"),
        Rename("time_embedding.linear_2.{}", "time.mix.{}"),
        Rename("class_embedding.{}", "label.{}"),
        Rename("down_blocks.{}.downsamplers.0.conv.{}", "down.{}.shrink.{}"),
        Rename("up_blocks.{}.upsamplers.0.conv.{}", "up.{}.grow.{}"),
        Rename("conv_norm_out.{}", "norm.{}"),
        Rename("conv_out.{}", "output.{}"),
    ]
    attention = {query: "query", key: "key", value: "value", output: "output"}
    for theirs, ours in PLACES.items():
        found += [
            Rename(f"{theirs}.resnets.{{}}.time_emb_proj.{{}}", f"{ours}.{{}}.residual.shift.{{}}"),
            Rename(f"{theirs}.resnets.{{}}.conv_shortcut.{{}}", f"{ours}.{{}}.residual.shortcut.{{}}"),
            Rename(f"{theirs}.attentions.{{}}.group_norm.{{}}", f"{ours}.{{}}.attention.norm.{{}}"),
        ]
        for layer in ("norm1", "conv1", "norm2", "conv2"):
            found.append(Rename(f"{theirs}.resnets.{{}}.{layer}.{{}}", f"{ours}.{{}}.residual.{layer}.{{}}"))
        for name, own in attention.items():
            found.append(Rename(f"{theirs}.attentions.{{}}.{name}.{{}}", f"{ours}.{{}}.attention.attention.{own}.{{}}"))
    return found


WEIGHTS = {
    "diffusers": rules("to_q", "to_k", "to_v", "to_out.0"),
    "diffusers_2022": rules("query", "key", "value", "proj_attn"),  # the files in which the paper's weights are published
}

CARD = {
    "title": "DDPM",
    "paper": "Denoising diffusion probabilistic models, https://arxiv.org/abs/2006.11239",
    "year": 2020,
    "family": "generative",
    "sizes": {
        "ddpm_cifar10_32": "35.7 million parameters, for 32x32 pictures in colour",
        "ddpm_celebahq_256": "113.7 million parameters, for 256x256 pictures in colour",
    },
    "references": ("diffusers",),
    "ancestor": None,
}
