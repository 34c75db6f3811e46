"""The windows of a picture: how many there are, how they are cut out, and how they are put back.

Convolution and pooling look at a picture window by window. Nothing is copied to do so: a window starts `stride` pixels after
the one before it and steps through the picture by `dilation`, which the strides of a tensor alone can say.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

Pair = int | Sequence[int]


def numbers(value: int | Sequence[int], directions: int) -> tuple[int, ...]:
    """One number for all directions, or one for each."""
    given = (value,) if isinstance(value, int) else tuple(value)
    if len(given) not in (1, directions):
        raise ValueError(f"one number, or {directions}, one for each direction, is what fits; it was given {value}")
    return given if len(given) == directions else given * directions


def pair(value: Pair) -> tuple[int, int]:
    """One number for both directions, or (rows, columns)."""
    return numbers(value, 2)


def check_at_least(name: str, least: int, directions: int = 2, **values: Pair) -> None:
    """A ValueError that names the first of the numbers below `least`."""
    for what, value in values.items():
        if min(numbers(value, directions)) < least:
            raise ValueError(f"{name}: {what} must be at least {least}; it was given {value}")


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool = False) -> int:
    """How many windows fit along one direction; `ceil_mode` counts a last one that hangs over the end.

    A window that would start in the padding at the end is never counted.
    """
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= size + padding else count


def span(count: int, kernel: int, stride: int, dilation: int) -> int:
    """How many pixels lie between the first window's first and the last window's last, both included."""
    return (count - 1) * stride + dilation * (kernel - 1) + 1


def as_batch(input: Tensor) -> Tensor:
    """A picture alone as a batch of one, a batch as it is: (batch, channels, height, width)."""
    return input.unsqueeze(0) if input.dim() == 3 else input


def pad_for_windows(
    input: Tensor, kernel: Pair, count: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair, fill: float = 0.0
) -> Tensor:
    """A channels-last input with `padding` before its first pixels, and after its last as much as the last window needs.

    Shapes: (batch, height, width, channels) -> (batch, padded height, padded width, channels).
    """
    top, left = pair(padding)
    below, right = (
        max(0, reach - size - before)
        for reach, size, before in zip(
            map(span, count, pair(kernel), pair(stride), pair(dilation)), input.shape[1:3], (top, left)
        )
    )
    if top or left or below or right:
        return torch.constant_pad_nd(input, (0, 0, left, right, top, below), fill)
    return input


def windows2d(input: Tensor, kernel: Pair, count: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair) -> Tensor:
    """The first `count` windows of a channels-last input padded with zeros, cut out without copying a pixel.

    Shapes: (batch, height, width, channels) -> (batch, *count, kernel height, kernel width, channels).
    """
    input = pad_for_windows(input, kernel, count, stride, padding, dilation)
    for dim, (size, step, gap) in enumerate(zip(pair(kernel), pair(stride), pair(dilation)), start=1):
        input = input.unfold(dim, span(1, size, step, gap), step)[..., ::gap]  # the places of each window as a last dimension
    return input[:, : count[0], : count[1]].permute(0, 1, 2, 4, 5, 3)


def scatter_windows(windows: Tensor, size: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair) -> Tensor:
    """The way back of `windows2d`: every window is added onto the pixels that it was cut from.

    Shapes: (batch, out height, out width, kernel height, kernel width, channels) -> (batch, *size, channels).
    """
    batch, *count, kernel_y, kernel_x, channels = windows.shape
    (stride_y, stride_x), (pad_y, pad_x), (step_y, step_x) = pair(stride), pair(padding), pair(dilation)
    height = max(pad_y + size[0], span(count[0], kernel_y, stride_y, step_y))
    width = max(pad_x + size[1], span(count[1], kernel_x, stride_x, step_x))
    # windows cut from a picture of pixel numbers say where each of their places came from
    pixels = torch.arange(batch * height * width, device=windows.device).view(batch, height, width, 1)
    pixels = windows2d(pixels, (kernel_y, kernel_x), count, stride, 0, dilation).flatten()
    padded = windows.new_zeros(batch * height * width, channels).index_add(0, pixels, windows.reshape(-1, channels))
    return padded.view(batch, height, width, channels)[:, pad_y : pad_y + size[0], pad_x : pad_x + size[1]]


def shifted(input: Tensor, kernel: Pair, count: tuple[int, int], stride: Pair, dilation: Pair) -> list[Tensor]:
    """For each place of the kernel, row by row, the pixels that it meets: the padded input, shifted and thinned out.

    Shapes: (batch, padded height, padded width, channels) -> kernel height * kernel width times (batch, *count, channels).
    """
    (kernel_y, kernel_x), (stride_y, stride_x), (step_y, step_x) = pair(kernel), pair(stride), pair(dilation)
    height, width = (step * (places - 1) + 1 for step, places in zip((stride_y, stride_x), count))
    return [
        input[:, y : y + height : stride_y, x : x + width : stride_x]
        for y in range(0, step_y * kernel_y, step_y)
        for x in range(0, step_x * kernel_x, step_x)
    ]
