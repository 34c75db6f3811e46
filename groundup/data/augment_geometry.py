"""Shearing, moving and turning pictures: each operation on a whole batch, with a strength of its own for each picture.

All take pictures (batch, channels, height, width) of uint8 and a strength (batch); they give pictures of the same shape and
type, made of pixels of the old ones and black where there were none. Each equals what torchvision.transforms.v2.functional's
`affine` and `rotate` give for the nearest pixel.
"""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def shear_x(image: Tensor, slope: Tensor) -> Tensor:
    """Move each row to the left, by its distance from the top times the slope."""
    return resampled(image, right_of_row=slope, right=slope * image.shape[2] / 2)


def shear_y(image: Tensor, slope: Tensor) -> Tensor:
    """Move each column up, by its distance from the left edge times the slope."""
    return resampled(image, down_of_column=slope, down=slope * image.shape[3] / 2)


def translate_x(image: Tensor, pixels: Tensor) -> Tensor:
    """Move each picture to the right by so many pixels; a fraction is dropped."""
    return resampled(image, right=-pixels.trunc())


def translate_y(image: Tensor, pixels: Tensor) -> Tensor:
    """Move each picture down by so many pixels; a fraction is dropped."""
    return resampled(image, down=-pixels.trunc())


def rotate(image: Tensor, degrees: Tensor) -> Tensor:
    """Turn each picture about its middle, against the clock."""
    angle = degrees.double().deg2rad()
    return resampled(
        image,
        right_of_column=angle.cos(),
        right_of_row=-angle.sin(),
        down_of_column=angle.sin(),
        down_of_row=angle.cos(),
    )


def resampled(
    image: Tensor,
    *,
    right_of_column: Tensor | float = 1.0,
    right_of_row: Tensor | float = 0.0,
    right: Tensor | float = 0.0,
    down_of_column: Tensor | float = 0.0,
    down_of_row: Tensor | float = 1.0,
    down: Tensor | float = 0.0,
) -> Tensor:
    """Pictures whose pixel at (column, row), counted from the middle, is the old one nearest to

    column: right_of_column * column + right_of_row * row + right
    row:    down_of_column * column + down_of_row * row + down

    Shapes: each factor a number or (batch); image (batch, channels, height, width), unchanged.
    """
    count, _, height, width = image.shape
    factors = (right_of_column, right_of_row, right, down_of_column, down_of_row, down)
    wide = [torch.as_tensor(f, dtype=torch.float64, device=image.device).expand(count) for f in factors]
    matrix = torch.stack(wide, dim=1).view(count, 2, 3).float()
    rows = torch.arange(height, device=image.device) - (height - 1) / 2
    columns = torch.arange(width, device=image.device) - (width - 1) / 2
    places = torch.stack(torch.broadcast_tensors(columns, rows[:, None], torch.ones((), device=image.device)), dim=2)
    halves = torch.tensor([width / 2, height / 2], device=image.device)  # grid_sample counts from -1 to 1
    grid = places.view(1, height * width, 3).expand(count, -1, -1).bmm(matrix.mT / halves)
    found = grid_sample(image.float(), grid.view(count, height, width, 2), mode="nearest", align_corners=False)
    return found.to(image.dtype)
