"""Pooling in two dimensions: every window of a picture becomes one pixel, channel by channel.

The windows are those of convolution, cut out by strides; what is done with each is not a product but a maximum or a mean.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.convolution import Pair, output_size, pair, scatter_windows, windows2d
from groundup.ops.ladder import Ladder


def check_pool2d(
    name: str, input: Tensor, kernel_size: Pair, stride: Pair | None, padding: Pair, dilation: Pair, ceil_mode: bool
) -> tuple[int, int]:
    """The output's (height, width), or a ValueError that says what does not fit."""
    if input.dim() != 4:
        raise ValueError(f"{name} takes input (batch, channels, height, width); it was given {tuple(input.shape)}")
    kernel, pad = pair(kernel_size), pair(padding)
    if not all(0 <= p <= k // 2 for p, k in zip(pad, kernel)):
        raise ValueError(f"{name}: padding {padding} must lie between 0 and half of the kernel {kernel_size}")
    strides = pair(kernel if stride is None else stride)
    sizes = tuple(map(output_size, input.shape[2:], kernel, strides, pad, pair(dilation), (ceil_mode, ceil_mode)))
    if min(sizes) < 1:
        raise ValueError(
            f"{name}: a {kernel[0]}x{kernel[1]} kernel with dilation {dilation} does not fit into "
            f"{input.shape[2]}x{input.shape[3]} pixels padded by {padding}"
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
) -> Tensor:
    out_height, out_width = check_pool2d("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    stride_y, stride_x = pair(kernel_size if stride is None else stride)
    (kernel_height, kernel_width), (pad_y, pad_x), (step_y, step_x) = pair(kernel_size), pair(padding), pair(dilation)
    batch, channels, height, width = input.shape
    output = input.new_full((batch, channels, out_height, out_width), lowest(input))
    for n in range(batch):
        for c in range(channels):
            for y in range(out_height):
                for x in range(out_width):
                    best = None
                    for i in range(kernel_height):
                        for j in range(kernel_width):
                            row = y * stride_y - pad_y + i * step_y
                            column = x * stride_x - pad_x + j * step_x
                            if 0 <= row < height and 0 <= column < width:
                                pixel = input[n, c, row, column]
                                if best is None or pixel > best or pixel.isnan():
                                    best = pixel
                    if best is not None:  # a dilated window can miss a small picture altogether
                        output[n, c, y, x] = best
    return output


def max_pool2d_places(
    input: Tensor, kernel_size: Pair, stride: Pair | None, padding: Pair, dilation: Pair, ceil_mode: bool
) -> tuple[Tensor, Tensor]:
    """The largest pixel of every window, and its place in the window, row by row; of equal ones the first.

    Shapes: two of (batch, out height, out width, 1, channels).
    """
    count = check_pool2d("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    stride = kernel_size if stride is None else stride
    windows = windows2d(input.permute(0, 2, 3, 1), kernel_size, count, stride, padding, dilation, fill=lowest(input))
    return windows.flatten(3, 4).max(3, keepdim=True)


def max_pool2d_tensors(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest pixel of every window.

    output[n, c, y, x] = max over i, j of input[n, c, y * stride - padding + i * dilation, x * stride - padding + j * dilation]

    Padding never wins. Where pixels tie, the first of them, row by row, takes the gradient. Without a stride the windows
    lie side by side; `ceil_mode` keeps a last window that hangs over the end.

    Shapes: (batch, channels, height, width) -> (batch, channels, out height, out width).
    Raises: ValueError for a padding of more than half the kernel and for a kernel larger than the padded input.
    Equals: torch.nn.functional.max_pool2d.
    """
    largest, _ = max_pool2d_places(input, kernel_size, stride, padding, dilation, ceil_mode)
    return largest.squeeze(3).permute(0, 3, 1, 2)  # (batch, channels, out height, out width)


class MaxPool2dManual(torch.autograd.Function):
    """max_pool2d with its backward pass by hand: all of a window's gradient goes to the place that held the largest pixel."""

    @staticmethod
    def forward(input, kernel_size, stride, padding, dilation, ceil_mode):
        largest, places = max_pool2d_places(input, kernel_size, stride, padding, dilation, ceil_mode)
        return largest.squeeze(3).permute(0, 3, 1, 2), places

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, kernel_size, stride, *ctx.geometry, _ = inputs
        ctx.size, ctx.kernel_size, ctx.stride = input.shape[2:], pair(kernel_size), kernel_size if stride is None else stride
        ctx.save_for_backward(output[1])
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx, grad, _):
        (places,) = ctx.saved_tensors
        grad = grad.permute(0, 2, 3, 1).unsqueeze(3)  # (batch, out height, out width, 1, channels)
        windows = grad.new_zeros(*grad.shape[:3], math.prod(ctx.kernel_size), grad.shape[4]).scatter(3, places, grad)
        grad_input = scatter_windows(windows.unflatten(3, ctx.kernel_size), ctx.size, ctx.stride, *ctx.geometry)
        return grad_input.permute(0, 3, 1, 2), None, None, None, None, None


def max_pool2d_manual(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
) -> Tensor:
    return MaxPool2dManual.apply(input, kernel_size, stride, padding, dilation, ceil_mode)[0]


def check_avg_pool2d(
    input: Tensor, kernel_size: Pair, stride: Pair | None, padding: Pair, ceil_mode: bool, divisor_override: int | None
) -> tuple[int, int]:
    """The output's (height, width), or a ValueError that says what does not fit."""
    if divisor_override == 0:
        raise ValueError("avg_pool2d: divisor_override must not be 0")
    return check_pool2d("avg_pool2d", input, kernel_size, stride, padding, 1, ceil_mode)


def avg_pool2d_loops(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    out_height, out_width = check_avg_pool2d(input, kernel_size, stride, padding, ceil_mode, divisor_override)
    stride_y, stride_x = pair(kernel_size if stride is None else stride)
    (kernel_height, kernel_width), (pad_y, pad_x) = pair(kernel_size), pair(padding)
    batch, channels, height, width = input.shape
    output = input.new_zeros(batch, channels, out_height, out_width)
    for n in range(batch):
        for c in range(channels):
            for y in range(out_height):
                for x in range(out_width):
                    total, pixels, padded_pixels = input.new_zeros(()), 0, 0
                    for row in range(y * stride_y - pad_y, y * stride_y - pad_y + kernel_height):
                        for column in range(x * stride_x - pad_x, x * stride_x - pad_x + kernel_width):
                            if row < height + pad_y and column < width + pad_x:
                                padded_pixels += 1
                            if 0 <= row < height and 0 <= column < width:
                                pixels += 1
                                total = total + input[n, c, row, column]
                    output[n, c, y, x] = total / (divisor_override or (padded_pixels if count_include_pad else pixels))
    return output


def pixels_counted(
    input: Tensor, count: tuple[int, int], kernel_size: Pair, stride: Pair, padding: Pair, count_include_pad: bool
) -> Tensor:
    """By how many pixels each window's sum is divided: those of the input, and of its padding if that counts.

    Shapes: -> (out height, out width, 1).
    """
    sides = []
    for size, windows, kernel, step, pad in zip(input.shape[2:], count, pair(kernel_size), pair(stride), pair(padding)):
        first = torch.arange(windows, device=input.device) * step - pad
        end = first + kernel
        sides.append(end.clamp(max=size + pad) - first if count_include_pad else end.clamp(max=size) - first.clamp(min=0))
    return (sides[0].unsqueeze(1) * sides[1]).unsqueeze(2)


def avg_pool2d_tensors(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean pixel of every window.

    output[n, c, y, x] = sum over i, j of input[n, c, y * stride - padding + i, x * stride - padding + j] / divisor

    The divisor is `divisor_override` if given, else the number of pixels under the window: with the padding that it covers,
    or with `count_include_pad=False` without. What `ceil_mode` lets hang over the padding is never counted.

    Shapes: (batch, channels, height, width) -> (batch, channels, out height, out width).
    Raises: ValueError for a padding of more than half the kernel, for a kernel larger than the padded input, and for a
    divisor of 0.
    Equals: torch.nn.functional.avg_pool2d.
    """
    count = check_avg_pool2d(input, kernel_size, stride, padding, ceil_mode, divisor_override)
    stride = kernel_size if stride is None else stride
    total = windows2d(input.permute(0, 2, 3, 1), kernel_size, count, stride, padding, 1).sum((3, 4))
    divisor = divisor_override or pixels_counted(input, count, kernel_size, stride, padding, count_include_pad)
    return (total / divisor).permute(0, 3, 1, 2)  # (batch, channels, out height, out width)


class AvgPool2dManual(torch.autograd.Function):
    """avg_pool2d with its backward pass by hand: each window hands its gradient, divided, to all of its pixels alike."""

    @staticmethod
    def forward(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
        return avg_pool2d_tensors(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, ctx.kernel_size, stride, ctx.padding, _, count_include_pad, divisor_override = inputs
        ctx.size, ctx.stride = input.shape[2:], ctx.kernel_size if stride is None else stride
        ctx.divisor = divisor_override or pixels_counted(
            input, output.shape[2:], ctx.kernel_size, ctx.stride, ctx.padding, count_include_pad
        )

    @staticmethod
    def backward(ctx, grad):
        share = grad.permute(0, 2, 3, 1) / ctx.divisor
        windows = share[:, :, :, None, None].expand(-1, -1, -1, *pair(ctx.kernel_size), -1)
        grad_input = scatter_windows(windows, ctx.size, ctx.stride, ctx.padding, 1)
        return grad_input.permute(0, 3, 1, 2), None, None, None, None, None, None


max_pool2d = Ladder(max_pool2d_tensors, loops=max_pool2d_loops, manual=max_pool2d_manual, fused=F.max_pool2d)
avg_pool2d = Ladder(avg_pool2d_tensors, loops=avg_pool2d_loops, manual=AvgPool2dManual.apply, fused=F.avg_pool2d)
