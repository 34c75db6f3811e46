"""Grid sampling: a picture read at any places, also between its pixels."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.interpolation import cubic
from groundup.ops.ladder import Ladder

MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")


def check_grid_sample(input: Tensor, grid: Tensor, mode: str, padding_mode: str) -> None:
    """A ValueError that says what does not fit."""
    if input.dim() != 4 or grid.dim() != 4 or grid.shape[-1] != 2 or len(input) != len(grid):
        raise ValueError(
            f"grid_sample takes input (batch, channels, height, width) and grid (batch, out height, out width, 2); "
            f"it was given {tuple(input.shape)} and {tuple(grid.shape)}"
        )
    if 0 in input.shape[2:]:
        raise ValueError(f"grid_sample: a picture without pixels cannot be read; it was given {tuple(input.shape)}")
    if input.dtype != grid.dtype or not input.is_floating_point():
        raise ValueError(
            f"grid_sample: input and grid must be floating-point and of one dtype; they are {input.dtype} and {grid.dtype}"
        )
    if mode not in MODES:
        raise ValueError(f"grid_sample: no mode is called {mode!r}: choose one of {', '.join(MODES)}")
    if padding_mode not in PADDINGS:
        raise ValueError(f"grid_sample: no padding_mode is called {padding_mode!r}: choose one of {', '.join(PADDINGS)}")


def pixel_coordinates(grid: Tensor, size: int, align_corners: bool) -> Tensor:
    """From -1 to 1 across the picture to 0 to size - 1 across the middles of its pixels.

    -1 and 1 are the picture's edges, half a pixel beyond the middles, or with `align_corners` the outermost middles.
    """
    return (grid + 1) / 2 * (size - 1) if align_corners else ((grid + 1) * size - 1) / 2


def into_picture(at: Tensor, size: int, padding_mode: str, align_corners: bool) -> Tensor:
    """Coordinates with those outside the picture moved to its border, or reflected at its edges; for zeros as they are."""
    if padding_mode == "zeros":
        return at
    if padding_mode == "reflection":
        low, length = (0.0, size - 1.0) if align_corners else (-0.5, float(size))  # of the stretch between the two mirrors
        if length == 0:
            return torch.zeros_like(at)
        distance = (at - low).abs()
        turns, rest = (distance / length).floor(), distance % length
        at = torch.where(turns % 2 == 0, rest + low, length - rest + low)
    inside = (at > 0) & (at < size - 1)
    return torch.where(inside, at, at.detach().clamp(0, size - 1))  # at the border and beyond, moving changes nothing


def taps(at: Tensor, size: int, mode: str, padding_mode: str, align_corners: bool) -> list[tuple[Tensor, Tensor]]:
    """The pixels that a place reads along one direction, and the weight of each: pairs of the coordinates' shape."""
    if mode != "bicubic":
        at = into_picture(at, size, padding_mode, align_corners)
    if mode == "nearest":
        return [(at.round(), torch.ones_like(at))]
    first = at.detach().floor()
    if mode == "bilinear":
        return [(first, first + 1 - at), (first + 1, at - first)]
    beyond = at - first
    return [(into_picture(first + k, size, padding_mode, align_corners), cubic(beyond - k, a=-0.75)) for k in (-1, 0, 1, 2)]


def grid_sample_tensors(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The input read at the places of the grid, where a place is (x, y), each from -1 to 1 across the picture.

    output[n, c, y, x] = sum over i, j of w(grid[n, y, x, 1] - i) w(grid[n, y, x, 0] - j) input[n, c, i, j], in pixels, with
    the weights w of linear interpolation (two pixels a direction), of cubic (four), or 1 for the nearest pixel.

    Outside, the picture is zero, or goes on as its border pixels, or is mirrored at its edges. With `align_corners` -1 and 1
    are the middles of the outermost pixels, else the outer edges of these. A NaN in the grid counts as -1,
    as torch documents it.

    Shapes: input (batch, channels, height, width), grid (batch, out height, out width, 2)
    -> (batch, channels, out height, out width).
    Raises: ValueError for shapes and dtypes that do not match, a picture without pixels, and unknown modes.
    Paper: https://arxiv.org/abs/1506.02025 (section 3.3, equation 5).
    Equals: torch.nn.functional.grid_sample on pictures.
    """
    check_grid_sample(input, grid, mode, padding_mode)
    height, width = input.shape[2:]
    grid = torch.where(grid.isnan(), -1.0, grid)
    x = pixel_coordinates(grid[..., 0], width, bool(align_corners))  # (batch, out height, out width)
    y = pixel_coordinates(grid[..., 1], height, bool(align_corners))
    pixels = input.flatten(2)  # (batch, channels, pixels)
    output = input.new_zeros(())
    for row, row_weight in taps(y, height, mode, padding_mode, bool(align_corners)):
        for column, column_weight in taps(x, width, mode, padding_mode, bool(align_corners)):
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            weight = (row_weight * column_weight).masked_fill(~inside, 0)
            number = row.long().clamp(0, height - 1) * width + column.long().clamp(0, width - 1)
            picked = pixels.gather(2, number.flatten(1).unsqueeze(1).expand(-1, pixels.shape[1], -1))
            output = output + weight.unsqueeze(1) * picked.unflatten(2, number.shape[1:])
    return output


grid_sample = Ladder(grid_sample_tensors, fused=F.grid_sample)
