"""DDPM's U-Net against diffusers' own, with classes and without."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.generative.ddpm import WEIGHTS, ddpm_celebahq_256, ddpm_cifar10_32

PAPER = dict(freq_shift=1, flip_sin_to_cos=False, downsample_padding=0, norm_eps=1e-6)  # what all published sizes share
TINY = dict(width=8, num_groups=4, dropout=0.0)


def theirs(channels: tuple[int, ...], attention: tuple[int, ...], **settings) -> nn.Module:
    """diffusers' U-Net with attention at these levels."""
    from diffusers import UNet2DModel

    attends = [level in attention for level in range(len(channels))]
    return UNet2DModel(
        **{"in_channels": 3, "out_channels": 3, "attention_head_dim": None} | PAPER | settings,
        block_out_channels=channels,
        down_block_types=tuple("AttnDownBlock2D" if attend else "DownBlock2D" for attend in attends),
        up_block_types=tuple("AttnUpBlock2D" if attend else "UpBlock2D" for attend in reversed(attends)),
    )


def call_theirs(model: nn.Module, x: Tensor, time: Tensor, label: Tensor | None = None) -> Tensor:
    return model(x, time, class_labels=label).sample


def labelled(generator: Generator) -> Iterator[Sample]:
    """Pictures that are not square, at the first, a middle and the last time, of a class and of none in particular."""
    images = torch.randn(3, 3, 8, 12, generator=generator, dtype=torch.float64)
    yield call(images, torch.tensor([0, 417, 999]), torch.tensor([5, 2, 0]))


def unlabelled(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 1, 8, 8, generator=generator, dtype=torch.float64), torch.tensor([730, 1]))


CASES = [
    ModelCase(
        name="ddpm_cifar10_32",
        reference="diffusers.UNet2DModel",
        requires=("diffusers",),
        ours=partial(ddpm_cifar10_32, **TINY, channel_multipliers=(1, 2, 3), num_blocks=2, num_classes=5),
        theirs=partial(theirs, (8, 16, 24), (1,), norm_num_groups=4, num_class_embeds=6),
        weights=WEIGHTS["diffusers"],
        call_theirs=call_theirs,
        samples=labelled,
    ),
    ModelCase(
        name="ddpm_celebahq_256",
        reference="diffusers.UNet2DModel",
        requires=("diffusers",),
        ours=partial(
            ddpm_celebahq_256,
            **TINY | dict(image_channels=1, head_dim=4),
            channel_multipliers=(1, 2),
            num_blocks=1,
            attention_levels=(0, 1),
        ),
        theirs=partial(
            theirs,
            (8, 16),
            (0, 1),
            **dict(in_channels=1, out_channels=1, layers_per_block=1, norm_num_groups=4, attention_head_dim=4),
        ),
        weights=WEIGHTS["diffusers"],
        call_theirs=call_theirs,
        samples=unlabelled,
    ),
]
