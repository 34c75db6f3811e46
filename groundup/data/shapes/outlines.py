"""The stencils that things are painted with, from exact geometry in whole numbers.

A shape is a yes or no for every point (across, down) of a square that reaches from -1000 to 1000. A pixel asks at 4 x 4 points
and so knows which sixteenths of it are inside: that makes smooth edges without one rounding that a machine could do otherwise.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from groundup.data.shapes.scene import SHAPES

POINTS = 4  # asked a pixel, along each side
BANDS = 5  # of a striped thing; the second and the fourth are light

PAINTS = np.array(
    [
        *((214, 36, 40), (255, 136, 0), (252, 222, 44), (40, 156, 60)),
        *((36, 204, 220), (36, 78, 216), (128, 44, 168), (250, 136, 196)),
    ]
)  # of COLOURS
POINTS_OF_STAR = ((0, -1000), (951, -309), (588, 809), (-588, 809), (-951, -309))


def inside(shape: str, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Whether points lie in a shape of radius 1000 round the origin.

    Shapes: two of any shape that broadcast, int64 -> bool.
    """
    side = np.abs(across)
    if shape == "circle":
        return across**2 + down**2 <= 940**2
    if shape == "square":
        return (side <= 790) & (np.abs(down) <= 790)
    if shape == "triangle":
        return (down <= 720) & (1650 * side <= 950 * (down + 930))
    if shape == "diamond":
        return 1000 * side + 700 * np.abs(down) <= 700_000
    if shape == "cross":
        return ((side <= 310) & (np.abs(down) <= 920)) | ((side <= 920) & (np.abs(down) <= 310))
    if shape == "star":  # five lines, each through two of the points: what is outside of at most one line is in the star
        return sum((a * across + b * down > 309_000).astype(np.int64) for a, b in POINTS_OF_STAR) <= 1
    if shape == "heart":  # two discs, what hangs between them, and a tip whose sides touch the discs
        discs = (side - 430) ** 2 + (down + 330) ** 2 <= 480**2
        between = (side <= 430) & (down >= -330) & (down <= -15)
        return discs | between | ((down >= -15) & (1000 * side <= 866 * (900 - down)))
    if shape == "moon":  # a disc without another
        return ((across - 180) ** 2 + down**2 <= 940**2) & ((across - 600) ** 2 + (down + 90) ** 2 > 720**2)
    raise ValueError(f"no shape {shape!r}: there are {', '.join(SHAPES)}")


class Stencil(NamedTuple):
    """How a thing changes the pixels under it: (pixel * keep + paint) // 16.

    Shapes: paint (3, 2 * half, 2 * half) uint16, keep (2 * half, 2 * half) uint16 in sixteenths, solid (the same) bool: the
    pixels that belong to the thing, which are those at least half inside it.
    """

    half: int
    paint: np.ndarray
    keep: np.ndarray
    solid: np.ndarray


@lru_cache(maxsize=4096)
def stencil(shape: int, colour: int, filling: int, quarters: int) -> Stencil:
    """The stencil of a thing whose radius is so many quarters of a pixel."""
    half = -(-quarters // 4)
    eighths = np.arange(1 - 8 * half, 8 * half, 2)  # where the points lie, from the middle
    places = np.sign(eighths) * (np.abs(eighths) * 500 // quarters)
    across, down = places[None, :], places[:, None]
    shaped = inside(SHAPES[shape], across, down) & (np.abs(across) <= 1000)
    inner = shrunk(shaped, max(2, quarters // 9))
    light = inner & (((down + 1000) * BANDS // 2001) % 2 == 1) & (filling == 1)

    full = PAINTS[colour]
    parts = ((shaped & ~inner, full * 9 // 16), (inner & ~light, full), (light, (full + 3 * 255) // 4))
    paint = sum(sixteenths(points)[None] * tone[:, None, None] for points, tone in parts)
    covered = sixteenths(shaped)
    return Stencil(half, (paint + 8).astype(np.uint16), (16 - covered).astype(np.uint16), covered >= 8)


def sixteenths(points: np.ndarray) -> np.ndarray:
    """How many of each pixel's points are set: (height * 4, width * 4) bool -> (height, width) int64."""
    height, width = (side // POINTS for side in points.shape)
    return points.reshape(height, POINTS, width, POINTS).astype(np.int64).sum((1, 3))


def shrunk(points: np.ndarray, distance: int) -> np.ndarray:
    """The points from which eight steps of this length, one in each direction, all stay inside."""
    padded = np.pad(points, distance)
    height, width = points.shape
    slanted = distance * 7 // 10  # as long as the straight ones
    inner = points
    for step in ((0, distance), (distance, 0), (slanted, slanted), (slanted, -slanted)):
        for down, across in (step, (-step[0], -step[1])):
            inner = inner & padded[distance + down :, distance + across :][:height, :width]
    return inner
