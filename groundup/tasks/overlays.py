"""Masks as colours over their pictures, with a legend: plain Pillow."""

import colorsys
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from groundup.data.annotated import VOID
from groundup.data.palette import Colour
from groundup.tasks.drawing import INK, PAPER

GAP, LINE, SWATCH = 8, 22, 14  # pixels between things, a line of text, a colour in the legend
STRENGTH = 0.65  # of a colour over a picture
GREY, NOTHING = (150, 150, 150), (255, 255, 255)  # in the legend: what shows the picture alone, and what has no class


def bright_colours(count: int) -> list[Colour]:
    """So many colours that can be told apart: each is the golden section of the circle away from the last, dark after light."""
    found = []
    for number in range(count):
        hue, light = (0.58 + 0.618034 * number) % 1, (0.52, 0.38, 0.68)[number % 3]
        found.append(tuple(round(255 * part) for part in colorsys.hls_to_rgb(hue, light, 0.85)))
    return found


def overlay(picture: Image.Image, mask: Tensor, colours: Sequence[Colour | None]) -> Image.Image:
    """The classes' colours over the picture in greys: so each colour is its class's, whatever lies beneath it.

    A class of colour None shows the picture alone, and what has no class is white.
    Shapes: mask (height, width) of classes, VOID for none; the nearest of its pixels is taken where it has another size.
    """
    table = np.zeros((256, 3), np.float32)
    weight = np.zeros((256, 1), np.float32)
    for number, colour in enumerate(colours):
        if colour is not None:
            table[number], weight[number] = colour, STRENGTH
    table[VOID], weight[VOID] = NOTHING, 0.85
    classes = Image.fromarray(mask.cpu().to(torch.uint8).numpy()).resize(picture.size, Image.Resampling.NEAREST)
    numbers = np.asarray(classes)
    pixels = np.asarray(picture.convert("L").convert("RGB"), dtype=np.float32)
    mixed = pixels * (1 - weight[numbers]) + table[numbers] * weight[numbers]
    return Image.fromarray(mixed.round().astype(np.uint8))


def shown_as(picture: Image.Image, size: Sequence[int], side: int) -> Image.Image:
    """A picture in the proportions of (height, width), its longer side at `side`: whole pixels where it grows, else averages."""
    scale = side / max(size)
    height, width = (max(1, round(length * scale)) for length in size)
    grows = width >= picture.width and height >= picture.height
    return picture.resize((width, height), Image.Resampling.NEAREST if grows else Image.Resampling.LANCZOS)


def legend(names: Sequence[str], colours: Sequence[Colour | None], width: int) -> Image.Image:
    """The names, each behind its colour, in as many lines as `width` pixels ask for; what shows the picture alone is grey."""
    font = ImageFont.load_default(size=13)
    places, x, y = [], GAP, GAP
    for name in names:
        needed = SWATCH + 6 + round(font.getlength(name)) + 2 * GAP
        if x + needed > width and x > GAP:
            x, y = GAP, y + LINE
        places.append((x, y))
        x += needed
    sheet = Image.new("RGB", (width, y + LINE + GAP // 2), PAPER)
    draw = ImageDraw.Draw(sheet)
    for name, colour, (x, y) in zip(names, colours, places, strict=True):
        draw.rectangle((x, y, x + SWATCH, y + SWATCH), fill=GREY if colour is None else colour, outline=INK)
        draw.text((x + SWATCH + 6, y - 1), name, fill=INK, font=font)
    return sheet


def mask_sheet(
    rows: Sequence[Sequence[Image.Image]], titles: Sequence[str], foot: Sequence[tuple[str, Colour | None]]
) -> Image.Image:
    """Rows of pictures under their columns' titles, and below all of them the legend."""
    font = ImageFont.load_default(size=14)
    wide = max(picture.width for row in rows for picture in row)
    width = max(len(titles) * (wide + GAP) + GAP, 260)
    heights = [max(picture.height for picture in row) for row in rows]
    key = legend([name for name, _ in foot], [colour for _, colour in foot], width)
    sheet = Image.new("RGB", (width, GAP + LINE + sum(heights) + GAP * len(rows) + key.height), PAPER)
    draw = ImageDraw.Draw(sheet)
    for column, title in enumerate(titles):
        draw.text((GAP + column * (wide + GAP), GAP), title, fill=INK, font=font)
    y = GAP + LINE
    for row, height in zip(rows, heights, strict=True):
        for column, picture in enumerate(row):
            sheet.paste(picture, (GAP + column * (wide + GAP), y))
        y += height + GAP
    sheet.paste(key, (0, y))
    return sheet
