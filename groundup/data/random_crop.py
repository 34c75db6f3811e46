"""A random part of a picture, as large networks are trained on: each time they see another piece of it, at another scale."""

from collections.abc import Sequence

from torch import Generator, Tensor

from groundup.data.transforms.geometry import resize_short
from groundup.data.transforms.random_geometry import random_crop, random_flip, random_resized_crop

CROPS = ("random_resized", "random")


def seeded_crop(image: Tensor, size: Sequence[int], seed: int, *, how: str) -> Tensor:
    """A part of the picture at this (height, width), mirrored every second time; a function of picture and seed.

    "random_resized" takes a part of random size and proportions and resizes it (Szegedy et al. 2014, section 6: 8 to 100
    percent of the area, 3:4 to 4:3), "random" one of `size` out of the picture with its short side at `short_side_of(size)`.
    Shapes: uint8 (channels, any, any) -> (channels, height, width).
    """
    generator, (height, width) = Generator().manual_seed(seed), size
    if how == "random_resized":
        item = random_resized_crop({"image": image}, generator, height=height, width=width)
    else:
        whole = shrunk(image, short_side_of(size))
        item = random_crop({"image": whole}, generator, height=height, width=width)
    return random_flip(item, generator)["image"].contiguous()


def short_side_of(size: Sequence[int]) -> int:
    """The short side at which a picture is kept for crops of this size: 256 for 224."""
    return round(max(size) * 8 / 7)


def shrunk(image: Tensor, short_side: int) -> Tensor:
    """The picture with its short side at `short_side`, its proportions kept; also where that enlarges it."""
    return resize_short({"image": image}, size=short_side)["image"]
