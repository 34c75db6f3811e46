"""Adaptive pooling: the picture is cut into as many windows as the output is to have pixels, and each is averaged."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.resample import resample
from groundup.ops.windows import as_batch

Size = int | None | tuple[int | None, int | None]


def adaptive_size(input: Tensor, output_size: Size) -> tuple[int, int]:
    """The output's (height, width), or a ValueError that says what does not fit."""
    name = "adaptive_avg_pool2d"
    if input.dim() not in (3, 4) or 0 in input.shape[-2:]:
        raise ValueError(
            f"{name} takes input (batch, channels, height, width) or (channels, height, width) with pixels in it; "
            f"it was given {tuple(input.shape)}"
        )
    if not input.is_floating_point():
        raise ValueError(f"{name}: the mean of whole numbers is none; the input is {input.dtype}, make it floating-point")
    asked = tuple(output_size) if isinstance(output_size, tuple | list) else (output_size, output_size)
    if len(asked) != 2:
        raise ValueError(f"{name}: output_size is one number or two, each may be None; it was given {output_size}")
    height, width = (side if size is None else size for side, size in zip(input.shape[-2:], asked))
    if min(height, width) < 0:
        raise ValueError(f"{name}: output_size must not be negative; it was given {output_size}")
    return height, width


def adaptive_avg_pool2d_loops(input: Tensor, output_size: Size) -> Tensor:
    out_height, out_width = adaptive_size(input, output_size)
    pictures = as_batch(input)
    batch, channels, height, width = pictures.shape
    output = input.new_zeros(batch, channels, out_height, out_width)
    for n in range(batch):
        for c in range(channels):
            for y in range(out_height):
                for x in range(out_width):
                    rows = range(y * height // out_height, -(-(y + 1) * height // out_height))
                    columns = range(x * width // out_width, -(-(x + 1) * width // out_width))
                    total = input.new_zeros(())
                    for row in rows:
                        for column in columns:
                            total = total + pictures[n, c, row, column]
                    output[n, c, y, x] = total / (len(rows) * len(columns))
    return output.reshape(*input.shape[:-3], *output.shape[1:])


def adaptive_windows(size: int, count: int, input: Tensor) -> tuple[Tensor, Tensor]:
    """The pixels under each of `count` windows along one direction, and the share of each in the mean.

    The shorter windows are filled up with pixels of no share. Shapes: two of (count, longest window).
    """
    first = torch.arange(count, device=input.device) * size // max(count, 1)
    end = -(-torch.arange(1, count + 1, device=input.device) * size // max(count, 1))
    longest = min(size, -(-size // max(count, 1)) + 1)
    places = first.unsqueeze(1) + torch.arange(longest, device=input.device)
    shares = (places < end.unsqueeze(1)) / (end - first).unsqueeze(1).to(input.dtype)
    return places.clamp(max=size - 1), shares


def adaptive_avg_pool2d_tensors(input: Tensor, output_size: Size) -> Tensor:
    """The mean pixel of each of as many windows as the output is to have pixels, whatever the size of the input.

    output[n, c, y, x] = mean of input[n, c, i, j] over y * height // out height <= i < ceil((y + 1) * height / out height),
    and over j likewise: neighbouring windows share pixels where the sizes do not divide, and pixels repeat where the output
    is larger. A side of None stays as it is.

    Shapes: (batch, channels, height, width) or without the batch -> (batch, channels, *output_size) or without the batch.
    Raises: ValueError for an input without pixels or of whole numbers, and for a size that is negative or not one or two
    numbers.
    Equals: torch.nn.functional.adaptive_avg_pool2d.
    """
    for dim, (size, count) in enumerate(zip(input.shape[-2:], adaptive_size(input, output_size)), start=-2):
        if count == 1:
            input = input.mean(dim, keepdim=True)
        elif count != size:
            input = resample(input, dim, *adaptive_windows(size, count, input))
    return input


adaptive_avg_pool2d = Ladder(adaptive_avg_pool2d_tensors, loops=adaptive_avg_pool2d_loops, fused=F.adaptive_avg_pool2d)
