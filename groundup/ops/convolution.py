"""Convolution and its transpose in two dimensions.

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


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """How many windows fit along one direction."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


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


def windows2d(input: Tensor, kernel: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair) -> Tensor:
    """Every window of a padded channels-last input, without copying a pixel.

    Shapes: (batch, height, width, channels) -> (batch, out height, out width, kernel height, kernel width, channels).
    """
    (stride_y, stride_x), (pad_y, pad_x), (step_y, step_x) = pair(stride), pair(padding), pair(dilation)
    if pad_y or pad_x:
        input = torch.constant_pad_nd(input, (0, 0, pad_x, pad_x, pad_y, pad_y))
    batch, height, width, channels = input.shape
    out_height = output_size(height, kernel[0], stride_y, 0, step_y)
    out_width = output_size(width, kernel[1], stride_x, 0, step_x)
    image, row, column, channel = input.stride()
    return input.as_strided(
        (batch, out_height, out_width, *kernel, channels),
        (image, row * stride_y, column * stride_x, row * step_y, column * step_x, channel),
    )


def grouped_windows(input: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Tensor:
    """The windows as one matrix a group.

    Shapes: -> (groups, batch * out height * out width, kernel height * kernel width * channels / groups).
    """
    windows = windows2d(input.permute(0, 2, 3, 1).contiguous(), tuple(weight.shape[2:]), stride, padding, dilation)
    windows = windows.unflatten(-1, (groups, -1))  # (batch, out height, out width, kernel height, kernel width, groups, channels)
    return windows.permute(5, 0, 1, 2, 3, 4, 6).reshape(groups, -1, weight[0].numel())


def grouped_kernel(weight: Tensor, groups: int) -> Tensor:
    """The kernels as one matrix a group: (groups, kernel height * kernel width * channels / groups, out channels / groups)."""
    return weight.unflatten(0, (groups, -1)).permute(0, 3, 4, 2, 1).flatten(1, 3)


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
    out_height, out_width = check_conv2d(input, weight, stride, padding, dilation, groups)
    product = grouped_windows(input, weight, stride, padding, dilation, groups) @ grouped_kernel(weight, groups)
    output = product.transpose(0, 1).reshape(len(input), out_height, out_width, len(weight))
    if bias is not None:
        output = output + bias
    return output.permute(0, 3, 1, 2)  # (batch, out channels, out height, out width)


class Conv2dManual(torch.autograd.Function):
    """conv2d with its backward pass by hand: each of the three gradients is again one product with the windows."""

    @staticmethod
    def forward(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return conv2d_tensors(input, weight, bias, stride, padding, dilation, groups)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, weight, bias, *ctx.geometry = inputs
        ctx.save_for_backward(input, weight)
        ctx.has_bias = bias is not None

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_tensors
        stride, padding, dilation, groups = ctx.geometry
        (stride_y, stride_x), (pad_y, pad_x), (step_y, step_x) = pair(stride), pair(padding), pair(dilation)
        batch, in_channels, height, width = input.shape
        out_height, out_width = grad_output.shape[2:]
        kernel_height, kernel_width = weight.shape[2:]

        # (groups, batch * out height * out width, out channels / groups)
        grad = grad_output.permute(0, 2, 3, 1).reshape(-1, groups, len(weight) // groups).transpose(0, 1)

        grad_weight = grouped_windows(input, weight, stride, padding, dilation, groups).transpose(1, 2) @ grad
        grad_weight = grad_weight.reshape(groups, kernel_height, kernel_width, -1, len(weight) // groups)
        grad_weight = grad_weight.permute(0, 4, 3, 1, 2).reshape(weight.shape)

        # each window hands its gradient back to the pixels that it was cut from; where windows overlap the shares add up
        grad_windows = grad @ grouped_kernel(weight, groups).transpose(1, 2)
        grad_windows = grad_windows.transpose(0, 1).reshape(
            batch, out_height, out_width, groups, kernel_height, kernel_width, in_channels // groups
        )
        grad_windows = grad_windows.permute(4, 5, 0, 3, 6, 1, 2).flatten(3, 4)
        grad_padded = input.new_zeros(batch, in_channels, height + 2 * pad_y, width + 2 * pad_x)
        for i in range(kernel_height):
            for j in range(kernel_width):
                rows = slice(i * step_y, i * step_y + (out_height - 1) * stride_y + 1, stride_y)
                columns = slice(j * step_x, j * step_x + (out_width - 1) * stride_x + 1, stride_x)
                grad_padded[:, :, rows, columns] += grad_windows[i, j]
        grad_input = grad_padded[:, :, pad_y : pad_y + height, pad_x : pad_x + width]

        grad_bias = grad_output.sum((0, 2, 3)) if ctx.has_bias else None
        return grad_input, grad_weight, grad_bias, None, None, None, None


conv2d = Ladder(conv2d_tensors, loops=conv2d_loops, manual=Conv2dManual.apply, fused=F.conv2d)
