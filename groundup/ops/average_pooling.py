"""Average pooling: of every window of a picture the mean remains, channel by channel."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder
from groundup.ops.max_pooling import check_pool2d
from groundup.ops.windows import Pair, as_batch, pair, scatter_windows, windows2d


def check_avg_pool2d(
    input: Tensor, kernel_size: Pair, stride: Pair | None, padding: Pair, ceil_mode: bool, divisor_override: int | None
) -> tuple[int, int]:
    """The output's (height, width), or a ValueError that says what does not fit."""
    if not input.is_floating_point():
        raise ValueError(f"avg_pool2d: the mean of whole numbers is none; the input is {input.dtype}, make it floating-point")
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
    count = check_avg_pool2d(input, kernel_size, stride, padding, ceil_mode, divisor_override)
    stride_y, stride_x = pair(kernel_size if stride is None else stride)
    (kernel_height, kernel_width), (pad_y, pad_x) = pair(kernel_size), pair(padding)
    pictures = as_batch(input)
    batch, channels, height, width = pictures.shape
    output = input.new_zeros(batch, channels, *count)
    for n in range(batch):
        for c in range(channels):
            for y in range(count[0]):
                for x in range(count[1]):
                    total, pixels, padded_pixels = input.new_zeros(()), 0, 0
                    for row in range(y * stride_y - pad_y, y * stride_y - pad_y + kernel_height):
                        for column in range(x * stride_x - pad_x, x * stride_x - pad_x + kernel_width):
                            if row < height + pad_y and column < width + pad_x:
                                padded_pixels += 1
                            if 0 <= row < height and 0 <= column < width:
                                pixels += 1
                                total = total + pictures[n, c, row, column]
                    output[n, c, y, x] = total / (divisor_override or (padded_pixels if count_include_pad else pixels))
    return output.reshape(*input.shape[:-3], *output.shape[1:])


def pixels_counted(
    input: Tensor, count: tuple[int, int], kernel_size: Pair, stride: Pair, padding: Pair, count_include_pad: bool
) -> Tensor:
    """By how many pixels each window's sum is divided: those of the picture, and of its padding if that counts.

    Shapes: -> (out height, out width, 1).
    """
    directions = zip(input.shape[2:], count, pair(kernel_size), pair(stride), pair(padding))
    sides = []
    for size, windows, kernel, step, pad in directions:
        first = torch.arange(windows, device=input.device) * step - pad
        end = first + kernel
        sides.append(end.clamp(max=size + pad) - first if count_include_pad else end.clamp(max=size) - first.clamp(min=0))
    return (sides[0].unsqueeze(1) * sides[1]).unsqueeze(2)


def window_means(
    input: Tensor,
    count: tuple[int, int],
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    """The mean of each of the first `count` windows: (batch, channels, height, width) -> (batch, channels, *count)."""
    total = windows2d(input.permute(0, 2, 3, 1), kernel_size, count, stride, padding, 1).sum((3, 4))
    divisor = divisor_override or pixels_counted(input, count, kernel_size, stride, padding, count_include_pad)
    return (total / divisor).permute(0, 3, 1, 2)  # (batch, channels, out height, out width)


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

    Shapes: (batch, channels, height, width) or without the batch -> (batch, channels, out height, out width) or without the
    batch.
    Raises: ValueError for a padding of more than half the kernel, for a kernel larger than the padded input, for a picture
    without pixels or of whole numbers, for a divisor of 0, and for other numbers below 1.
    Equals: torch.nn.functional.avg_pool2d.
    """
    count = check_avg_pool2d(input, kernel_size, stride, padding, ceil_mode, divisor_override)
    stride = kernel_size if stride is None else stride
    output = window_means(as_batch(input), count, kernel_size, stride, padding, count_include_pad, divisor_override)
    return output if input.dim() == 4 else output.squeeze(0)


class AvgPool2dManual(torch.autograd.Function):
    """`window_means` with its backward pass by hand: each window hands its gradient, divided, to all of its pixels alike."""

    @staticmethod
    def forward(input, count, kernel_size, stride, padding, count_include_pad, divisor_override):
        return window_means(input, count, kernel_size, stride, padding, count_include_pad, divisor_override)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, count, ctx.kernel_size, ctx.stride, ctx.padding, count_include_pad, divisor_override = inputs
        ctx.size = input.shape[2:]
        ctx.divisor = divisor_override or pixels_counted(
            input, count, ctx.kernel_size, ctx.stride, ctx.padding, count_include_pad
        )

    @staticmethod
    def backward(ctx, grad):
        share = grad.permute(0, 2, 3, 1) / ctx.divisor
        windows = share[:, :, :, None, None].expand(-1, -1, -1, *pair(ctx.kernel_size), -1)
        grad_input = scatter_windows(windows, ctx.size, ctx.stride, ctx.padding, 1)
        return grad_input.permute(0, 3, 1, 2), None, None, None, None, None, None


def avg_pool2d_manual(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    count = check_avg_pool2d(input, kernel_size, stride, padding, ceil_mode, divisor_override)
    stride = kernel_size if stride is None else stride
    output = AvgPool2dManual.apply(as_batch(input), count, kernel_size, stride, padding, count_include_pad, divisor_override)
    return output if input.dim() == 4 else output.squeeze(0)


avg_pool2d = Ladder(avg_pool2d_tensors, loops=avg_pool2d_loops, manual=avg_pool2d_manual, fused=F.avg_pool2d)
