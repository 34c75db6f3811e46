"""Boxes drawn on pictures, with words."""

from collections.abc import Sequence

from PIL import Image, ImageDraw
from torch import Tensor

from groundup.data.contact_sheet import TINTS, font_for
from groundup.tasks.drawing import to_picture

TILE = 240  # pixels along the longer side of a picture on a sheet
Colour = tuple[int, int, int]


def tint_of(number: int) -> Colour:
    """The colour of a class."""
    return TINTS[number % len(TINTS)]


def tile_of(image: Tensor, size: Sequence[int]) -> Image.Image:
    """A stretched picture (channels, side, side) in the proportions that it had, (height, width), with TILE pixels at most."""
    height, width = (TILE * int(number) / max(map(int, size)) for number in size)
    return to_picture(image).resize((max(1, round(width)), max(1, round(height))), Image.Resampling.BICUBIC)


def draw_boxes(
    picture: Image.Image,
    boxes: Sequence[Sequence[float]],
    tints: Sequence[Colour],
    words: Sequence[str] = (),
    *,
    scale: tuple[float, float] = (1.0, 1.0),
    line: int = 2,
    letters: int = 11,
) -> Image.Image:
    """The picture with these boxes on it, the first on top; `scale` is what x and y of a box are multiplied by.

    Words stand in a field above their box, or within it at the picture's upper edge.
    """
    picture = picture.copy()
    pen = ImageDraw.Draw(picture)
    placed = [tuple(value * scale[k % 2] for k, value in enumerate(box)) for box in boxes]
    for (x1, y1, x2, y2), tint in reversed(list(zip(placed, tints, strict=True))):
        pen.rectangle((x1, y1, max(x1, x2 - 1), max(y1, y2 - 1)), outline=tint, width=line)
    for (x1, y1, _, _), tint, text in reversed(list(zip(placed, tints, words))):
        font = font_for(text, letters)
        wide, high = pen.textlength(text, font) + 4, letters + 3
        left, top = max(0, min(x1, picture.width - wide)), max(0, y1 - high)
        pen.rectangle((left, top, left + wide, top + high), fill=tint)
        pen.text((left + 2, top), text, (255, 255, 255) if sum(tint) < 450 else (30, 30, 30), font)
    return picture
