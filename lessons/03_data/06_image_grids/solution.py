"""The answer to `grid`."""

import math

from torch import Tensor


def grid(images: Tensor, columns: int = 8, padding: int = 2, fill: float = 0.0) -> Tensor:
    """A batch as one picture. Shapes: (batch, channels, height, width) -> (channels, grid height, grid width)."""
    count, channels, height, width = images.shape
    if not count or columns < 1 or padding < 0:
        raise ValueError(f"a grid of {count} pictures in {columns} columns with padding {padding} cannot be")
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    cells = images.new_full((rows * columns, channels, height + padding, width + padding), fill)
    cells[:count, :, padding:, padding:] = images
    whole = images.new_full((channels, rows * (height + padding) + padding, columns * (width + padding) + padding), fill)
    joined = cells.unflatten(0, (rows, columns)).permute(2, 0, 3, 1, 4).flatten(3, 4).flatten(1, 2)
    whole[:, : joined.shape[1], : joined.shape[2]] = joined
    return whole
