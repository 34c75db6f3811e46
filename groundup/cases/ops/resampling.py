"""interpolate, pixel_shuffle, pixel_unshuffle, grid_sample and pad against torch's."""

from collections.abc import Iterator
from itertools import product

import torch
import torch.nn.functional as F
from torch import Generator

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.grid_sample import grid_sample
from groundup.ops.interpolation import interpolate
from groundup.ops.padding import pad
from groundup.ops.pixel_shuffle import pixel_shuffle, pixel_unshuffle


def interpolate_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    pictures = draw(2, 3, 5, 7), draw(1, 2, 6, 4).to(memory_format=torch.channels_last), draw(0, 2, 3, 3)
    for picture in pictures:
        for mode in ("nearest", "nearest-exact", "area"):
            yield call(picture, 3, mode=mode)
            yield call(picture, (8, 4), mode=mode)
            yield call(picture, scale_factor=(1.7, 0.6), mode=mode)
            yield call(picture, scale_factor=1.3, mode=mode, recompute_scale_factor=True)
        for mode, align_corners, antialias in product(("bilinear", "bicubic"), (None, True, False), (False, True)):
            options = dict(mode=mode, align_corners=align_corners, antialias=antialias)
            yield call(picture, (2, 3), **options)
            yield call(picture, [11, 2], **options)
            yield call(picture, scale_factor=(1.7, 0.6), **options)
            yield call(picture, scale_factor=0.5, recompute_scale_factor=True, **options)
    for mode, align_corners in (("nearest", None), ("area", None), ("linear", True), ("linear", False)):
        yield call(draw(2, 3, 5), 8, mode=mode, align_corners=align_corners)
        yield call(draw(2, 3, 5), None, 0.7, mode, align_corners)
    for mode, align_corners in (("nearest", None), ("nearest-exact", None), ("trilinear", True), ("trilinear", False)):
        yield call(draw(1, 2, 3, 4, 2), (2, 5, 3), mode=mode, align_corners=align_corners)


def grid_sample_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    modes = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"), (True, False)
    for mode, padding_mode, align_corners in product(*modes):
        yield call(draw(2, 3, 4, 5), draw(2, 3, 6, 2), mode, padding_mode, align_corners)
        yield call(draw(1, 2, 1, 3), draw(1, 2, 2, 2), mode, padding_mode, align_corners=align_corners)
        corners = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0], dtype=torch.float64)
        yield call(draw(1, 2, 3, 3), torch.cartesian_prod(corners, corners).view(1, 5, 5, 2), mode, padding_mode, align_corners)
    yield call(draw(2, 3, 4, 5).to(memory_format=torch.channels_last), draw(2, 2, 2, 2), align_corners=False)
    yield call(draw(0, 3, 4, 5), draw(0, 2, 2, 2), align_corners=False)


def pad_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for mode in ("constant", "reflect", "replicate", "circular"):
        yield call(draw(2, 3, 5, 6), (1, 2, 3, 0), mode)
        yield call(draw(2, 3, 5, 6).to(memory_format=torch.channels_last), [-1, 2, 1, -1], mode=mode)
        yield call(draw(2, 3, 5), (3, 4), mode)
        yield call(draw(0, 3, 5, 4), (1, 1, 1, 1), mode)
    yield call(draw(2, 3), (1, 2), value=4.0)
    yield call(draw(2, 3), (1, 2, 0, 3))
    yield call(draw(2, 1, 1), (7, 5), "replicate")
    yield call(draw(2, 3, 4), (4, 3), "circular")


def pixel_shuffle_samples(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 12, 3, 2, generator=generator, dtype=torch.float64), 2)
    yield call(torch.randn(9, 2, 3, generator=generator, dtype=torch.float64), 3)
    yield call(torch.randn(2, 1, 4, 3, 2, generator=generator, dtype=torch.float64).transpose(3, 4), 2)


def pixel_unshuffle_samples(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 3, 4, 6, generator=generator, dtype=torch.float64), 2)
    yield call(torch.randn(2, 6, 3, generator=generator, dtype=torch.float64), 3)
    yield call(torch.randn(2, 1, 2, 4, 6, generator=generator, dtype=torch.float64).transpose(3, 4), 2)


CASES = [
    OpCase(name=ours.__name__, reference=f"torch.nn.functional.{ours.__name__}", ours=ours, theirs=theirs, samples=samples)
    for ours, theirs, samples in (
        (interpolate, F.interpolate, interpolate_samples),
        (grid_sample, F.grid_sample, grid_sample_samples),
        (pad, F.pad, pad_samples),
        (pixel_shuffle, F.pixel_shuffle, pixel_shuffle_samples),
        (pixel_unshuffle, F.pixel_unshuffle, pixel_unshuffle_samples),
    )
]
