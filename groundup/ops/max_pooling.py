"""Max pooling: of every window of a picture the largest pixel remains, channel by channel."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.windows import Pair, as_batch, check_at_least, output_size, pad_for_windows, pair, shifted


def check_pool2d(
    name: str, input: Tensor, kernel_size: Pair, stride: Pair | None, padding: Pair, dilation: Pair, ceil_mode: bool
) -> tuple[int, int]:
    """The output's (height, width), or a ValueError that says what does not fit."""
    if input.dim() not in (3, 4):
        raise ValueError(
            f"{name} takes input (batch, channels, height, width) or (channels, height, width); it was given {tuple(input.shape)}"
        )
    if 0 in input.shape[-3:]:
        raise ValueError(f"{name}: only the batch may be empty; it was given {tuple(input.shape)}")
    kernel, pad, strides = pair(kernel_size), pair(padding), pair(kernel_size if stride is None else stride)
    check_at_least(name, 1, kernel_size=kernel_size, stride=strides, dilation=dilation)
    if not all(0 <= p <= k // 2 for p, k in zip(pad, kernel)):
        raise ValueError(f"{name}: padding {padding} must lie between 0 and half of the kernel {kernel_size}")
    sizes = tuple(map(output_size, input.shape[-2:], kernel, strides, pad, pair(dilation), (ceil_mode, ceil_mode)))
    if min(sizes) < 1:
        raise ValueError(
            f"{name}: a {kernel[0]}x{kernel[1]} kernel with dilation {dilation} does not fit into "
            f"{input.shape[-2]}x{input.shape[-1]} pixels padded by {padding}"
        )
    return sizes


def lowest(input: Tensor) -> float:
    """What no pixel lies below."""
    return -math.inf if input.is_floating_point() else torch.iinfo(input.dtype).min


def max_pool2d_loops(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    count = check_pool2d("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    stride_y, stride_x = pair(kernel_size if stride is None else stride)
    (kernel_height, kernel_width), (pad_y, pad_x), (step_y, step_x) = pair(kernel_size), pair(padding), pair(dilation)
    pictures = as_batch(input)
    batch, channels, height, width = pictures.shape
    output = input.new_full((batch, channels, *count), lowest(input))
    leaders = torch.full(output.shape, -1, device=input.device)
    for n in range(batch):
        for c in range(channels):
            for y in range(count[0]):
                for x in range(count[1]):
                    best, leader = None, -1
                    for i in range(kernel_height):
                        for j in range(kernel_width):
                            row = y * stride_y - pad_y + i * step_y
                            column = x * stride_x - pad_x + j * step_x
                            if 0 <= row < height and 0 <= column < width:
                                pixel = pictures[n, c, row, column]
                                if best is None or pixel > best or pixel.isnan():
                                    best, leader = pixel, row * width + column
                    if best is not None:  # a dilated window can miss a small picture altogether
                        output[n, c, y, x], leaders[n, c, y, x] = best, leader
    output, leaders = (found.reshape(*input.shape[:-3], *found.shape[1:]) for found in (output, leaders))
    return (output, leaders) if return_indices else output


@torch.no_grad()
def largest_pixels(
    input: Tensor, count: tuple[int, int], kernel_size: Pair, stride: Pair | None, padding: Pair, dilation: Pair
) -> Tensor:
    """The number, row by row, of the largest pixel under each of `count` windows; -1 for one that no pixel lies in.

    The windows' pixels come up in turn, row by row, each place of the kernel for all windows at once. The first to lie in the
    picture has the lead, and one that is larger, or not a number, takes it over. As the numbers grow from place to place, the
    largest that ever led is the last to lead.

    Shapes: (batch, channels, height, width) -> (batch, channels, *count).
    """
    geometry = (kernel_size, count, kernel_size if stride is None else stride)
    height, width = input.shape[2:]
    numbers = torch.arange(1, height * width + 1, device=input.device).view(1, height, width, 1)  # counted from 1: padding is 0
    numbers = shifted(pad_for_windows(numbers, *geometry, padding, dilation), *geometry, dilation)
    pixels = pad_for_windows(input.permute(0, 2, 3, 1), *geometry, padding, dilation, fill=lowest(input))
    leader, best = numbers[-1], input.new_full((), lowest(input))
    for number in reversed(numbers):
        leader = torch.where(number > 0, number, leader)
    for pixel, number in zip(shifted(pixels, *geometry, dilation), numbers):
        leads = (pixel > best) | pixel.isnan()
        best, leader = torch.maximum(best, pixel), torch.maximum(leader, number * leads)
    return leader.permute(0, 3, 1, 2) - 1


def pick(input: Tensor, numbers: Tensor) -> Tensor:
    """The pixels of these numbers, channel by channel; the lowest there is where the number is -1.

    Shapes: (batch, channels, height, width) and (batch, channels, out height, out width) -> as `numbers`.
    """
    picked = input.flatten(2).gather(2, numbers.clamp(min=0).flatten(2)).view(numbers.shape)
    return picked.masked_fill(numbers < 0, lowest(input))


def max_pool2d_tensors(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest pixel of every window, and with `return_indices` where it lies: row * width + column.

    output[n, c, y, x] = max over i, j of input[n, c, y * stride - padding + i * dilation, x * stride - padding + j * dilation]

    Padding never wins, not even over -inf; a NaN always does. Where pixels tie, the first of them, row by row, takes the
    gradient. Without a stride the windows lie side by side; `ceil_mode` keeps a last window that hangs over the end.

    Shapes: (batch, channels, height, width) or without the batch -> (batch, channels, out height, out width) or without the
    batch; the indices the same.
    Raises: ValueError for a padding of more than half the kernel, for a kernel larger than the padded input, for a picture
    without pixels, and for numbers below 1.
    Equals: torch.nn.functional.max_pool2d.
    """
    count = check_pool2d("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    pictures = as_batch(input)
    leaders = largest_pixels(pictures, count, kernel_size, stride, padding, dilation)
    output = pick(pictures, leaders)
    if input.dim() == 3:
        output, leaders = output.squeeze(0), leaders.squeeze(0)
    return (output, leaders) if return_indices else output


class PickManual(torch.autograd.Function):
    """`pick` with its backward pass by hand: all of a window's gradient goes to the pixel that it picked."""

    @staticmethod
    def forward(input, numbers):
        return pick(input, numbers)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, numbers = inputs
        ctx.size = input.shape[2:]
        ctx.save_for_backward(numbers)

    @staticmethod
    def backward(ctx, grad):
        (numbers,) = ctx.saved_tensors
        grad = grad.masked_fill(numbers < 0, 0).flatten(2)
        grad_input = grad.new_zeros(*grad.shape[:2], math.prod(ctx.size))
        return grad_input.scatter_add(2, numbers.clamp(min=0).flatten(2), grad).unflatten(2, ctx.size), None


def max_pool2d_manual(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    count = check_pool2d("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    pictures = as_batch(input)
    leaders = largest_pixels(pictures, count, kernel_size, stride, padding, dilation)
    output = PickManual.apply(pictures, leaders)
    if input.dim() == 3:
        output, leaders = output.squeeze(0), leaders.squeeze(0)
    return (output, leaders) if return_indices else output


max_pool2d = Ladder(max_pool2d_tensors, loops=max_pool2d_loops, manual=max_pool2d_manual, fused=F.max_pool2d)
