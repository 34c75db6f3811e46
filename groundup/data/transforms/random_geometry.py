"""The changes of `geometry` by chance. All chance comes from the generator given: the same state, the same picture."""

import math
from collections.abc import Sequence

import torch
from torch import Generator

from groundup.data.transforms.geometry import Item, crop, flip, pad, resize, resize_short, size_of
from groundup.errors import UserError

ATTEMPTS = 10  # at a part that fits into the picture


def uniform(low: float, high: float, generator: Generator) -> float:
    return low + (high - low) * torch.rand((), generator=generator, dtype=torch.float64).item()


def whole_number(below: int, generator: Generator) -> int:
    return int(torch.randint(below, (), generator=generator))


def random_flip(
    item: Item, generator: Generator, *, probability: float = 0.5, flip_pairs: Sequence[Sequence[int]] = ()
) -> dict[str, object]:
    """Left and right exchanged with this probability."""
    return flip(item, flip_pairs=flip_pairs) if uniform(0, 1, generator) < probability else dict(item)


def random_crop(item: Item, generator: Generator, *, height: int, width: int) -> dict[str, object]:
    """A part of this size from anywhere in the picture; a smaller picture is first padded on the right and below."""
    rows, columns = size_of(item)
    item = pad(item, right=max(width - columns, 0), bottom=max(height - rows, 0))
    rows, columns = size_of(item)
    top, left = whole_number(rows - height + 1, generator), whole_number(columns - width + 1, generator)
    return crop(item, top=top, left=left, height=height, width=width)


def random_resized_crop(
    item: Item,
    generator: Generator,
    *,
    height: int,
    width: int,
    scale: tuple[float, float] = (0.08, 1.0),
    ratio: tuple[float, float] = (3 / 4, 4 / 3),
) -> dict[str, object]:
    """A part of the picture, brought to this size: its share of the area and its ratio of sides lie in these ranges.

    Source: Szegedy et al. 2015, section 6 (https://arxiv.org/abs/1409.4842).
    """
    top, left, rows, columns = random_part(size_of(item), generator, scale=scale, ratio=ratio)
    return resize(crop(item, top=top, left=left, height=rows, width=columns), height=height, width=width)


def random_part(
    size: tuple[int, int], generator: Generator, *, scale: tuple[float, float], ratio: tuple[float, float]
) -> tuple[int, int, int, int]:
    """Top, left, height and width of a part whose share and ratio are drawn; after ten that do not fit, the middle.

    Raises: UserError for ranges that are empty or leave 0 to 1, and ratios that are not above 0.
    """
    if not 0 < scale[0] <= scale[1] <= 1 or not 0 < ratio[0] <= ratio[1]:
        raise UserError(f"scale is a range in 0 to 1 and ratio one above 0, lower end first; got {scale} and {ratio}")
    rows, columns = size
    for _ in range(ATTEMPTS):
        area = rows * columns * uniform(*scale, generator)
        aspect = math.exp(uniform(math.log(ratio[0]), math.log(ratio[1]), generator))
        height, width = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
        if 0 < height <= rows and 0 < width <= columns:
            return whole_number(rows - height + 1, generator), whole_number(columns - width + 1, generator), height, width
    height = min(rows, max(1, round(columns / ratio[0])))
    width = min(columns, max(1, round(rows * ratio[1])))
    return (rows - height) // 2, (columns - width) // 2, height, width


def random_short(item: Item, generator: Generator, *, sizes: Sequence[int], max_size: int | None = None) -> dict[str, object]:
    """The shorter side brought to one of `sizes`, as detectors are trained at several scales."""
    return resize_short(item, size=sizes[whole_number(len(sizes), generator)], max_size=max_size)
