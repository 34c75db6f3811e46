"""Convolution in two dimensions, and the cutting of windows that pooling and the transposed convolution share with it.

Every output pixel is the inner product of the kernel with the window of the input that lies under it. `tensors` lays all
windows out as the rows of one matrix by strides alone and multiplies once.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder

Pair = int | tuple[int, int]


def pair(value: Pair) -> tuple[int, int]:
    """One number for both directions, or (rows, columns)."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


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


def check_conv2d(input: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> tuple[int, int]:
    """The output's (height, width), or a ValueError that says what does not fit."""
    if input.dim() != 4 or weight.dim() != 4:
        raise ValueError(
            f"conv2d takes input (batch, channels, height, width) and weight (out, in / groups, height, width); "
            f"it was given {tuple(input.shape)} and {tuple(weight.shape)}"
        )
    if input.shape[1] != weight.shape[1] * groups:
        raise ValueError(
            f"conv2d: a weight of shape {tuple(weight.shape)} with groups={groups} takes {weight.shape[1] * groups} channels; "
            f"the input has {input.shape[1]}"
        )
    if weight.shape[0] % groups:
        raise ValueError(f"conv2d: {weight.shape[0]} output channels do not divide into {groups} groups")
    sizes = tuple(map(output_size, input.shape[2:], weight.shape[2:], pair(stride), pair(padding), pair(dilation)))
    if min(sizes) < 1:
        raise ValueError(
            f"conv2d: a {weight.shape[2]}x{weight.shape[3]} kernel with dilation {dilation} does not fit into "
            f"{input.shape[2]}x{input.shape[3]} pixels padded by {padding}"
        )
    return sizes


def conv2d_loops(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    out_height, out_width = check_conv2d(input, weight, stride, padding, dilation, groups)
    (stride_y, stride_x), (pad_y, pad_x), (step_y, step_x) = pair(stride), pair(padding), pair(dilation)
    batch, _, height, width = input.shape
    out_channels, group_channels, kernel_height, kernel_width = weight.shape
    output = input.new_zeros(batch, out_channels, out_height, out_width)
    for n in range(batch):
        for o in range(out_channels):
            first = o // (out_channels // groups) * group_channels  # the first input channel of this output's group
            for y in range(out_height):
                for x in range(out_width):
                    total = input.new_zeros(()) if bias is None else bias[o]
                    for c in range(group_channels):
                        for i in range(kernel_height):
                            for j in range(kernel_width):
                                row = y * stride_y - pad_y + i * step_y
                                column = x * stride_x - pad_x + j * step_x
                                if 0 <= row < height and 0 <= column < width:
                                    total = total + input[n, first + c, row, column] * weight[o, c, i, j]
                    output[n, o, y, x] = total
    return output


def windows2d(
    input: Tensor, kernel: Pair, count: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair, fill: float = 0.0
) -> Tensor:
    """The first `count` windows of a channels-last input padded with `fill`, cut out without copying a pixel.

    Shapes: (batch, height, width, channels) -> (batch, *count, kernel height, kernel width, channels).
    """
    (kernel_y, kernel_x), (stride_y, stride_x), (pad_y, pad_x), (step_y, step_x) = map(pair, (kernel, stride, padding, dilation))
    batch, height, width, channels = input.shape
    below = max(0, span(count[0], kernel_y, stride_y, step_y) - height - pad_y)  # as far as the last window reaches
    right = max(0, span(count[1], kernel_x, stride_x, step_x) - width - pad_x)
    if pad_y or pad_x or below or right:
        input = torch.constant_pad_nd(input, (0, 0, pad_x, right, pad_y, below), fill)
    image, row, column, channel = input.stride()
    return input.as_strided(
        (batch, *count, kernel_y, kernel_x, channels),
        (image, row * stride_y, column * stride_x, row * step_y, column * step_x, channel),
    )


def scatter_windows(windows: Tensor, size: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair) -> Tensor:
    """The way back of `windows2d`: every window is added onto the pixels that it was cut from.

    Shapes: (batch, out height, out width, kernel height, kernel width, channels) -> (batch, *size, channels).
    """
    batch, *count, kernel_y, kernel_x, channels = windows.shape
    (stride_y, stride_x), (pad_y, pad_x), (step_y, step_x) = pair(stride), pair(padding), pair(dilation)
    height = max(pad_y + size[0], span(count[0], kernel_y, stride_y, step_y))
    width = max(pad_x + size[1], span(count[1], kernel_x, stride_x, step_x))
    # windows cut from a picture of pixel numbers say where each of their places came from
    numbers = torch.arange(batch * height * width, device=windows.device).view(batch, height, width, 1)
    numbers = windows2d(numbers, (kernel_y, kernel_x), count, stride, 0, dilation).flatten()
    padded = windows.new_zeros(batch * height * width, channels).index_add(0, numbers, windows.reshape(-1, channels))
    return padded.view(batch, height, width, channels)[:, pad_y : pad_y + size[0], pad_x : pad_x + size[1]]


def grouped_windows(
    input: Tensor, weight: Tensor, count: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """The windows as one matrix a group.

    Shapes: -> (groups, batch * out height * out width, kernel height * kernel width * channels / groups).
    """
    windows = windows2d(input.permute(0, 2, 3, 1).contiguous(), tuple(weight.shape[2:]), count, stride, padding, dilation)
    windows = windows.unflatten(-1, (groups, -1))  # (batch, out height, out width, kernel height, kernel width, groups, channels)
    return windows.permute(5, 0, 1, 2, 3, 4, 6).reshape(groups, -1, weight[0].numel())


def grouped_pixels(input: Tensor, groups: int) -> Tensor:
    """The pixels as one matrix a group: (groups, batch * height * width, channels / groups)."""
    return input.permute(0, 2, 3, 1).reshape(-1, groups, input.shape[1] // groups).transpose(0, 1)


def grouped_kernel(weight: Tensor, groups: int) -> Tensor:
    """The kernels as one matrix a group: (groups, kernel height * kernel width * channels / groups, out channels / groups)."""
    return weight.unflatten(0, (groups, -1)).permute(0, 3, 4, 2, 1).flatten(1, 3)


def convolve(
    input: Tensor, weight: Tensor, count: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """The inner products of the kernels with the first `count` windows: (batch, out channels, *count)."""
    product = grouped_windows(input, weight, count, stride, padding, dilation, groups) @ grouped_kernel(weight, groups)
    return product.transpose(0, 1).reshape(len(input), *count, len(weight)).permute(0, 3, 1, 2)


def conv2d_tensors(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of a batch of pictures with a bank of kernels.

    output[n, o, y, x] = bias[o] + sum over c, i, j of
        input[n, c, y * stride - padding + i * dilation, x * stride - padding + j * dilation] * weight[o, c, i, j]

    Shapes: input (batch, in channels, height, width), weight (out channels, in channels / groups, kernel height, kernel
    width), bias (out channels) -> (batch, out channels, out height, out width).
    Raises: ValueError for channels that do not match and for a kernel larger than the padded input.
    Equals: torch.nn.functional.conv2d.
    """
    count = check_conv2d(input, weight, stride, padding, dilation, groups)
    output = convolve(input, weight, count, stride, padding, dilation, groups)
    return output if bias is None else output + bias.view(-1, 1, 1)


def conv2d_input_gradient(
    grad: Tensor, weight: Tensor, size: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """Each output pixel's gradient, times the kernel, goes back to the window of the input that the pixel was made from.

    Shapes: (batch, out channels, out height, out width) -> (batch, in channels, *size).
    """
    windows = grouped_pixels(grad, groups) @ grouped_kernel(weight, groups).transpose(1, 2)
    windows = windows.view(groups, len(grad), *grad.shape[2:], *weight.shape[2:], weight.shape[1])
    windows = windows.permute(1, 2, 3, 4, 5, 0, 6).flatten(5)  # the groups' channels side by side again
    return scatter_windows(windows, size, stride, padding, dilation).permute(0, 3, 1, 2)


def conv2d_weight_gradient(
    input: Tensor, grad: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """Each number of the kernel sums, over all windows, the pixel that it met times the gradient of what came out."""
    windows = grouped_windows(input, weight, grad.shape[2:], stride, padding, dilation, groups)
    product = windows.transpose(1, 2) @ grouped_pixels(grad, groups)
    product = product.unflatten(1, (*weight.shape[2:], -1))  # (groups, kernel height, kernel width, in / groups, out / groups)
    return product.permute(0, 4, 3, 1, 2).flatten(0, 1)


class Conv2dManual(torch.autograd.Function):
    """conv2d with its backward pass by hand: each gradient is again one product with the windows."""

    @staticmethod
    def forward(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return conv2d_tensors(input, weight, bias, stride, padding, dilation, groups)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, weight, bias, *ctx.geometry = inputs
        ctx.save_for_backward(input, weight)
        ctx.has_bias = bias is not None

    @staticmethod
    def backward(ctx, grad):
        input, weight = ctx.saved_tensors
        grad_input = conv2d_input_gradient(grad, weight, input.shape[2:], *ctx.geometry)
        grad_weight = conv2d_weight_gradient(input, grad, weight, *ctx.geometry)
        grad_bias = grad.sum((0, 2, 3)) if ctx.has_bias else None
        return grad_input, grad_weight, grad_bias, None, None, None, None


conv2d = Ladder(conv2d_tensors, loops=conv2d_loops, manual=Conv2dManual.apply, fused=F.conv2d)
