"""A random part of a picture, as large networks are trained on: each time they see another piece of it, at another scale."""

import math
import random
from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import interpolate

CROPS = ("random_resized", "random")


def seeded_crop(image: Tensor, size: Sequence[int], seed: int, *, how: str) -> Tensor:
    """A part of the picture at this (height, width), mirrored every second time; a function of picture and seed.

    "random_resized" takes a part of random size and proportions and resizes it (Szegedy et al. 2014, section 6: 8 to 100
    percent of the area, 3:4 to 4:3), "random" one of `size` out of the picture with its short side at `short_side_of(size)`.
    Shapes: uint8 (channels, any, any) -> (channels, height, width).
    """
    chance, size = random.Random(seed), tuple(size)
    if how == "random_resized":
        top, left, height, width = crop_box(*image.shape[1:], chance)
        part = resized(image[:, top : top + height, left : left + width], size)
    else:
        image = shrunk(image, short_side_of(size))
        top, left = (whole_number(chance, have - want + 1) for have, want in zip(image.shape[1:], size, strict=True))
        part = image[:, top : top + size[0], left : left + size[1]]
    return part.flip(-1) if chance.random() < 0.5 else part.contiguous()


def crop_box(
    height: int,
    width: int,
    chance: random.Random,
    *,
    scale: tuple[float, float] = (0.08, 1.0),
    ratio: tuple[float, float] = (3 / 4, 4 / 3),
) -> tuple[int, int, int, int]:
    """Top, left, height and width of a part with a random share of the area and random proportions (width to height).

    Ten boxes are drawn; where none fits, which happens in very long pictures, it is the largest in the middle with allowed
    proportions.
    """
    for _ in range(10):
        area = height * width * chance.uniform(*scale)
        proportion = math.exp(chance.uniform(math.log(ratio[0]), math.log(ratio[1])))
        rows, columns = round(math.sqrt(area / proportion)), round(math.sqrt(area * proportion))
        if 0 < rows <= height and 0 < columns <= width:
            return whole_number(chance, height - rows + 1), whole_number(chance, width - columns + 1), rows, columns
    rows = max(1, min(height, round(width / ratio[0])))
    columns = max(1, min(width, round(height * ratio[1])))
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def whole_number(chance: random.Random, count: int) -> int:
    """A number from 0 to count - 1. Unlike `randrange`, of which Python promises nothing, it stays the same in all versions."""
    return int(chance.random() * count)


def short_side_of(size: Sequence[int]) -> int:
    """The short side at which a picture is kept for crops of this size: 256 for 224."""
    return round(max(size) * 8 / 7)


def shrunk(image: Tensor, short_side: int) -> Tensor:
    """The picture with its short side at `short_side`, its proportions kept; also where that enlarges it."""
    height, width = image.shape[1:]
    factor = short_side / min(height, width)
    target = (max(short_side, round(height * factor)), max(short_side, round(width * factor)))
    return image if target == (height, width) else resized(image, target)


def resized(image: Tensor, size: Sequence[int]) -> Tensor:
    """Shapes: uint8 (channels, any, any) -> (channels, height, width), bilinear, averaging where it shrinks."""
    return interpolate(image.unsqueeze(0), tuple(size), mode="bilinear", antialias=True)[0]
