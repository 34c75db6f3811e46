"""Random changes of whole batches that leave their meaning alone; all randomness comes from the generator given.

Each takes (batch, generator) and settings, so a recipe's `augment` is a partial of one, or of `in_turn` for several. What is
random is drawn on the CPU, a number or a few for each picture, so that a batch is changed alike on every device.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Generator, Tensor

from groundup.errors import UserError

PADDINGS = ("zeros", "reflect")


def in_turn(
    batch: Mapping[str, object], generator: Generator, *, parts: Sequence[Callable], num_classes: int | None = None
) -> dict[str, object]:
    """Several changes, one after the other; those that take `num_classes` are given it.

    Write as `partial(in_turn, parts=(partial(crop_and_flip, padding=4), partial(cutout, size=8)))`.
    """
    for part in parts:
        takes_classes = num_classes is not None and "num_classes" in inspect.signature(part).parameters
        batch = part(batch, generator, num_classes=num_classes) if takes_classes else part(batch, generator)
    return dict(batch)


def shift(batch: Mapping[str, object], generator: Generator, *, pixels: int) -> dict[str, object]:
    """Move each picture by up to so many pixels in each direction; what comes in from outside is black.

    Shapes: image (batch, channels, height, width), unchanged.
    """
    rows, columns = random_window(batch["image"], generator, pixels)
    return {**batch, "image": gathered(torch.constant_pad_nd(batch["image"], (pixels,) * 4), rows, columns)}


def crop_and_flip(
    batch: Mapping[str, object], generator: Generator, *, padding: int, flip: bool = True, mode: str = "zeros"
) -> dict[str, object]:
    """Pad each picture, cut a window of its former size out at random, and mirror every other one from left to right.

    What is padded is black, or with mode "reflect" the picture's mirror image at its edge. Without `flip` no picture is
    mirrored: letters and digits must not be.
    Shapes: image (batch, channels, height, width), unchanged.
    Raises: UserError for another mode, and for a reflection wider than the picture.
    """
    image = batch["image"]
    height, width = image.shape[2:]
    rows, columns = random_window(image, generator, padding)
    if flip:
        mirrored = torch.rand(len(image), 1, generator=generator) < 0.5
        columns = torch.where(mirrored.to(image.device), columns.flip(1), columns)
    if mode == "zeros":
        return {**batch, "image": gathered(torch.constant_pad_nd(image, (padding,) * 4), rows, columns)}
    if mode != "reflect" or padding >= min(height, width):
        raise UserError(
            f"crop_and_flip pads with {' or '.join(PADDINGS)}, and reflects at most {min(height, width) - 1} pixels here; "
            f"got mode={mode!r} and padding={padding}"
        )
    return {**batch, "image": gathered(image, reflected(rows - padding, height), reflected(columns - padding, width))}


def random_window(image: Tensor, generator: Generator, padding: int) -> tuple[Tensor, Tensor]:
    """The rows and columns of a window as large as the picture, somewhere in the picture padded on each side.

    Shapes: -> (batch, height) and (batch, width) int64, counted in the padded picture.
    Raises: UserError for a negative padding.
    """
    if padding < 0:
        raise UserError(f"a picture is moved or padded by 0 pixels or more; got {padding}")
    count, _, height, width = image.shape
    top, left = torch.randint(0, 2 * padding + 1, (2, count, 1), generator=generator).to(image.device)
    return top + torch.arange(height, device=image.device), left + torch.arange(width, device=image.device)


def gathered(image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Of each picture the pixels at the crossings of its rows and columns, through one index for all of a batch.

    Shapes: image (batch, channels, any, width), rows (batch, height_out), columns (batch, width_out) int64
    -> (batch, channels, height_out, width_out).
    """
    count, channels, _, width = image.shape
    places = (rows[:, :, None] * width + columns[:, None, :]).flatten(1)  # (batch, height_out * width_out)
    found = image.flatten(2).gather(2, places[:, None].expand(-1, channels, -1))
    return found.view(count, channels, rows.shape[1], columns.shape[1])


def reflected(places: Tensor, size: int) -> Tensor:
    """Places up to size - 1 outside of 0..size - 1, mirrored at the first and the last, which are not repeated."""
    places = places.abs()
    return torch.minimum(places, 2 * (size - 1) - places)


def cutout(batch: Mapping[str, object], generator: Generator, *, size: int, fill: int = 0) -> dict[str, object]:
    """Paint over a square of each picture, so that no single part of it can be relied on.

    The square's middle falls on any pixel alike, so at the edges less than the whole square is painted over.
    Paper: DeVries and Taylor 2017, https://arxiv.org/abs/1708.04552, section 3.2.
    Shapes: image (batch, channels, height, width), unchanged.
    Raises: UserError for a size below 1.
    """
    if size < 1:
        raise UserError(f"cutout paints over a square of 1 pixel or more; got size={size}")
    image = batch["image"]
    top, left = random_pixel(image, generator) - size // 2
    inside = boxes_inside(image, top, left, top + size, left + size)
    return {**batch, "image": image.masked_fill(inside, fill)}


def random_pixel(image: Tensor, generator: Generator) -> Tensor:
    """A row and a column in each picture, every pixel as likely.

    Shapes: -> (2, batch) int64.
    """
    draws = torch.rand(2, len(image), generator=generator, dtype=torch.float64)
    sides = torch.tensor(image.shape[2:], dtype=torch.float64)
    return (draws * sides[:, None]).long().to(image.device)


def boxes_inside(image: Tensor, top: Tensor, left: Tensor, bottom: Tensor, right: Tensor) -> Tensor:
    """Which pixels lie within each picture's box; a bottom row and a right column are no longer in it.

    Shapes: (batch) each -> (batch, 1, height, width) bool.
    """
    rows = torch.arange(image.shape[2], device=image.device)
    columns = torch.arange(image.shape[3], device=image.device)
    in_rows = (rows >= top[:, None]) & (rows < bottom[:, None])
    in_columns = (columns >= left[:, None]) & (columns < right[:, None])
    return (in_rows[:, :, None] & in_columns[:, None, :])[:, None]
