"""Polygons filled as COCO's own program fills them, pixel for pixel.

Which pixels a polygon covers is a convention. COCO's walks along the outline on a grid five times as fine, notes each place
where the walk enters another column of pixels, and there switches between outside and inside.
https://github.com/cocodataset/cocoapi (rleFrPoly)
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

FINE = 5  # steps of the walk a pixel


def fill_polygon(polygon: np.ndarray, height: int, width: int) -> Tensor:
    """The pixels of one polygon.

    Shapes: polygon (points, 2) of x, y float64 in pixels -> (height, width) bool.
    """
    x, y = outline(polygon)
    entered = np.flatnonzero(x[1:] != x[:-1])  # the steps into another fine column
    column = np.minimum(x[entered], x[entered + 1])
    row = np.minimum(y[entered], y[entered + 1])
    column, row = (column + 0.5) / FINE - 0.5, (row + 0.5) / FINE - 0.5
    crossed = (column == np.floor(column)) & (column >= 0) & (column <= width - 1)  # the middle of a column of pixels
    column = column[crossed].astype(np.int64)
    row = np.ceil(np.clip(row[crossed], 0, height)).astype(np.int64)
    mask = np.zeros((width, height), dtype=bool)
    if len(column):
        first, last = column.min(), column.max()
        # Going down through all columns, one after the other, each crossing turns outside into inside or back. A crossing
        # below the last row turns the first pixel of the next column, as run lengths have it.
        pixels = (last - first + 1) * height
        switches = np.bincount((column - first) * height + row, minlength=pixels + 1)[:pixels]
        mask[first : last + 1] = (np.cumsum(switches) % 2).reshape(-1, height)
    return torch.from_numpy(mask.T.copy())


def outline(polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The fine grid's points along the closed outline, corner to corner: their x and their y."""
    corners = np.trunc(FINE * polygon + 0.5).astype(np.int64)  # towards zero, as C turns a number into an integer
    start, end = corners, np.roll(corners, -1, axis=0)
    far = np.abs(end - start)
    flat = far[:, 0] >= far[:, 1]  # a step of one in x moves by at most one in y
    steps = far.max(axis=1)
    # Each side is walked from its smaller end, so that two polygons with a side in common round it alike.
    swapped = np.where(flat, start[:, 0] > end[:, 0], start[:, 1] > end[:, 1])
    low, high = np.where(swapped[:, None], end, start), np.where(swapped[:, None], start, end)
    rise = np.where(flat, high[:, 1] - low[:, 1], high[:, 0] - low[:, 0]) / np.maximum(steps, 1)

    side = np.repeat(np.arange(len(steps)), steps + 1)
    step = np.arange(len(side)) - np.repeat(np.cumsum(steps + 1) - (steps + 1), steps + 1)
    along = np.where(swapped[side], steps[side] - step, step)
    across = np.where(flat, low[:, 1], low[:, 0])[side] + rise[side] * along
    across = np.trunc(across + 0.5).astype(np.int64)
    along = along + np.where(flat, low[:, 0], low[:, 1])[side]
    return np.where(flat[side], along, across), np.where(flat[side], across, along)


def fill_polygons(polygons: Sequence[np.ndarray], height: int, width: int) -> Tensor:
    """The pixels that lie in at least one of the polygons.

    Shapes: (height, width) bool.
    """
    filled = torch.zeros(height, width, dtype=torch.bool)
    for polygon in polygons:
        filled |= fill_polygon(polygon, height, width)
    return filled
