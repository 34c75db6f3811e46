"""What a space of codes looks like: a map of it, and rows of the pictures that it decodes to."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn.functional import interpolate, pad

from groundup.metrics.figure import figure_picture

DOTS = 2000  # codes that a map shows at most
INK, PAPER = (40, 40, 48), (255, 255, 255)
Window = tuple[float, float, float, float]  # left, right, bottom and top of a map


def mosaic(image: Tensor, columns: int, *, side: int = 64, gap: int = 4, ground: float = 1.0) -> np.ndarray:
    """Pictures from -1 to 1 in rows, for matplotlib: enlarged smoothly to some `side` pixels, with gaps between them.

    Shapes: (rows * columns, channels, height, width) -> (total height, total width, 3), from 0 to 1.
    """
    image = image.float().cpu()
    image = interpolate(image, scale_factor=max(1, round(side / max(image.shape[-2:]))), mode="bicubic")
    image = pad(((image + 1) / 2).clamp(0, 1), (0, gap, 0, gap), value=ground)
    image = image.expand(-1, 3, -1, -1).unflatten(0, (-1, columns))
    rows = image.permute(0, 3, 1, 4, 2).flatten(2, 3).flatten(0, 1)  # (rows of pixels, columns of pixels, 3)
    return rows[:-gap, :-gap].numpy()


def grid_codes(window: Window, side: int) -> Tensor:
    """Codes in the middles of side x side fields of a window, row by row from the top left. Shapes: (side ** 2, 2)."""
    left, right, bottom, top = window
    middles = (torch.arange(side) + 0.5) / side
    rows, columns = torch.meshgrid(top + (bottom - top) * middles, left + (right - left) * middles, indexing="ij")
    return torch.stack([columns.flatten(), rows.flatten()], dim=1)


def draw_map(code: Tensor, label: Tensor | None, labels: Sequence[str], decoded: Tensor, window: Window) -> Image.Image:
    """On the left the codes of pictures, coloured by class; on the right what the same plane decodes to.

    Shapes: code (pictures, 2), label (pictures) or None, decoded (fields, channels, height, width) as `grid_codes` lays them out.
    """
    code, side = code[:DOTS].cpu(), round(len(decoded) ** 0.5)
    figure = Figure(figsize=(14.6 if label is not None else 13.8, 6.8), layout="constrained")
    where, plane = figure.subplots(1, 2)
    if label is None:
        where.scatter(*code.T, s=12, color="#3b6fb6", linewidths=0)
    else:
        label, colours = label[:DOTS].cpu(), colormaps["tab10" if len(labels) <= 10 else "tab20"]
        for number, name in enumerate(labels):
            chosen = code[label == number]
            where.scatter(*chosen.T, s=14, color=colours(number % colours.N), label=name, linewidths=0, alpha=0.85)
        figure.legend(loc="outside right center", frameon=False, markerscale=1.8)
    plane.imshow(mosaic(decoded, side, side=40, gap=2, ground=0.35), extent=window, aspect="auto", interpolation="antialiased")
    for axes, title in ((where, "codes of held-out pictures"), (plane, "what the plane decodes to")):
        axes.set(xlim=window[:2], ylim=window[2:], xlabel="first number of the code", title=title)
    where.set_ylabel("second number of the code")
    where.grid(alpha=0.3)
    return figure_picture(figure)


def draw_rows(rows: Mapping[str, Tensor]) -> Image.Image:
    """A row of pictures for each name at its left. Shapes: each (columns, channels, height, width), from -1 to 1."""
    font, margin = ImageFont.load_default(size=15), 8
    strips = [Image.fromarray((mosaic(image, len(image)) * 255).round().astype(np.uint8)) for image in rows.values()]
    gutter = math.ceil(max(map(font.getlength, rows))) + 2 * margin
    height = strips[0].height + margin
    sheet = Image.new("RGB", (gutter + strips[0].width + margin, len(strips) * height + margin), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (name, strip) in enumerate(zip(rows, strips, strict=True)):
        y = margin + number * height
        draw.text((gutter - margin, y + strip.height / 2), name, fill=INK, font=font, anchor="rm")
        sheet.paste(strip, (gutter, y))
    return sheet
