"""Resampling layers against torch.nn's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.resampling import PixelShuffle, PixelUnshuffle, Upsample

UPSAMPLE = dict(scale_factor=(1.7, 2.3), mode="bilinear", align_corners=False, recompute_scale_factor=True)


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(3, 8, 4, 6, generator=generator, dtype=torch.float64))
    yield call(torch.randn(1, 4, 2, 2, generator=generator, dtype=torch.float64))


CASES = [
    ModuleCase(
        name="Upsample",
        reference="torch.nn.Upsample",
        ours=partial(Upsample, **UPSAMPLE),
        theirs=partial(nn.Upsample, **UPSAMPLE),
        samples=pictures,
    ),
    ModuleCase(
        name="PixelShuffle",
        reference="torch.nn.PixelShuffle",
        ours=partial(PixelShuffle, upscale_factor=2),
        theirs=partial(nn.PixelShuffle, 2),
        samples=pictures,
    ),
    ModuleCase(
        name="PixelUnshuffle",
        reference="torch.nn.PixelUnshuffle",
        ours=partial(PixelUnshuffle, downscale_factor=2),
        theirs=partial(nn.PixelUnshuffle, 2),
        samples=pictures,
    ),
]
