"""Sheets of pictures with words, and heat laid over a picture: what the explanations are drawn with."""

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from groundup.data.contact_sheet import font_for
from groundup.tasks.drawing import INK, PAPER, to_picture

MARGIN, GAP, LINE, LETTERS = 14, 8, 17, 13  # in pixels; LINE is from one line of writing to the next
FAINT = (110, 110, 118)


class Cell(NamedTuple):
    """A picture and the lines below it."""

    picture: Image.Image
    words: str = ""


class Row(NamedTuple):
    """Cells side by side, and the lines to the left of them."""

    cells: Sequence[Cell]
    words: str = ""


def draw_sheet(rows: Sequence[Row], *, title: str, note: str = "") -> Image.Image:
    """Rows below each other under a title and a note in grey; columns are as wide as the widest cell in them."""
    left = max(map(width_of, (row.words for row in rows)), default=0)
    left += MARGIN + (2 * GAP if left else 0)
    columns = [
        max(max(row.cells[place].picture.width, width_of(row.cells[place].words)) for row in rows if place < len(row.cells))
        for place in range(max(len(row.cells) for row in rows))
    ]
    width = max(left + sum(columns) + GAP * (len(columns) - 1), MARGIN + width_of(title, LETTERS + 3), MARGIN + width_of(note))
    heads = LINE + 8 + height_of(note) + GAP
    heights = [max(cell.picture.height + height_of(cell.words) for cell in row.cells) for row in rows]
    sheet = Image.new("RGB", (width + MARGIN, heads + 2 * MARGIN + sum(heights) + GAP * (len(rows) - 1)), PAPER)
    draw = ImageDraw.Draw(sheet)
    write(draw, (MARGIN, MARGIN), title, INK, LETTERS + 3)
    write(draw, (MARGIN, MARGIN + LINE + 6), note, FAINT)
    top = MARGIN + heads
    for row, height in zip(rows, heights, strict=True):
        write(draw, (MARGIN, top), row.words, INK)
        x = left
        for cell, wide in zip(row.cells, columns, strict=False):
            sheet.paste(cell.picture, (x, top))
            write(draw, (x, top + cell.picture.height + 2), cell.words, INK)
            x += wide + GAP
        top += height + GAP
    return sheet


def in_rows(cells: Sequence[Cell], columns: int) -> list[Row]:
    return [Row(cells[start : start + columns]) for start in range(0, len(cells), columns)]


def write(draw: ImageDraw.ImageDraw, place: tuple[int, int], words: str, ink: tuple[int, int, int], size: int = LETTERS) -> None:
    for number, line in enumerate(words.split("\n")):
        draw.text((place[0], place[1] + LINE * number), line, ink, font_for(line, size))


def width_of(words: str, size: int = LETTERS) -> int:
    return max(round(font_for(line, size).getlength(line) + 0.5) for line in words.split("\n"))


def height_of(words: str) -> int:
    return LINE * len(words.split("\n")) + 4 if words else 0


def picture_of(image: Tensor) -> Image.Image:
    """A picture of a data set. Shapes: (1 or 3, height, width), uint8 from black to white, else scaled from lowest to highest."""
    if image.dtype != torch.uint8:
        return to_picture(image)
    array = image.cpu().permute(1, 2, 0).numpy()
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array).convert("RGB")


def enlarged(picture: Image.Image, side: int) -> Image.Image:
    """The picture with `side` pixels along its longer side; made larger, its pixels stay squares."""
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS)


def coloured(values: Tensor, palette: str) -> Image.Image:
    """Values from 0 to 1 in the colours of one of matplotlib's maps. Shapes: (height, width)."""
    colours = matplotlib.colormaps[palette](values.detach().cpu().double().numpy(), bytes=True)
    return Image.fromarray(np.ascontiguousarray(colours[..., :3]))


def overlaid(picture: Image.Image, heat: Tensor) -> Image.Image:
    """Heat from 0 to 1 laid over a picture, by bilinear interpolation: where it is 0 the picture shows, darker and paler.

    Shapes: heat (rows, columns), of any size.
    """
    small = Image.fromarray(heat.detach().cpu().float().numpy())
    share = np.asarray(small.resize(picture.size, Image.Resampling.BILINEAR)).clip(0, 1)
    colours, grey = np.asarray(picture.convert("RGB")), np.asarray(picture.convert("L"))[..., None]
    ground = 0.8 * (0.6 * colours + 0.4 * grey)
    warm = matplotlib.colormaps["inferno"](0.35 + 0.65 * share)[..., :3] * 255
    cover = 0.65 * share[..., None]
    return Image.fromarray(((1 - cover) * ground + cover * warm).round().astype(np.uint8))


def scaled(values: Tensor) -> Tensor:
    """Values from 0, for the lowest, to 1, for the highest; all 0 where they do not differ."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low).clamp_min(torch.finfo(values.dtype).tiny)
