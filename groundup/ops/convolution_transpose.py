"""The transposed convolution: conv2d run backwards.

As a matrix, conv2d takes pictures to smaller ones; the transpose of that matrix takes small pictures to larger ones. It is
the computation by which conv2d hands its gradient back to its input, so it is written with the functions of that backward
pass, and its own backward pass is conv2d.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.convolution import check_bias, check_kernels
from groundup.ops.convolve import conv2d_input_gradient, conv2d_weight_gradient, convolve
from groundup.ops.ladder import Ladder
from groundup.ops.windows import Pair, as_batch, check_at_least, pair, span


def check_conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Pair,
    padding: Pair,
    output_padding: Pair,
    groups: int,
    dilation: Pair,
) -> tuple[int, int]:
    """The output's (height, width), or a ValueError that says what does not fit."""
    name = "conv_transpose2d"
    check_kernels(name, 2, input, weight, "in channels, out channels / groups")
    check_at_least(name, 1, stride=stride, dilation=dilation, groups=groups)
    check_at_least(name, 0, padding=padding, output_padding=output_padding)
    if input.shape[-3] != weight.shape[0]:
        raise ValueError(
            f"{name}: a weight of shape {tuple(weight.shape)} takes {weight.shape[0]} channels; the input has {input.shape[-3]}"
        )
    if weight.shape[0] % groups:
        raise ValueError(f"{name}: {weight.shape[0]} input channels do not divide into {groups} groups")
    check_bias(name, bias, weight, groups * weight.shape[1])
    for extra, step, gap in zip(pair(output_padding), pair(stride), pair(dilation)):
        if extra >= max(step, gap):
            raise ValueError(
                f"{name}: output_padding {output_padding} must be smaller than stride {stride} or dilation {dilation}"
            )
    spans = map(span, input.shape[-2:], weight.shape[2:], pair(stride), pair(dilation))
    cuts = zip(spans, pair(padding), pair(output_padding))
    height, width = (side - 2 * cut + extra for side, cut, extra in cuts)
    if min(height, width) < 1:
        raise ValueError(f"{name}: padding {padding} cuts away the whole output and leaves {height}x{width} pixels")
    return height, width


def conv_transpose2d_loops(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    groups: int = 1,
    dilation: Pair = 1,
) -> Tensor:
    out_height, out_width = check_conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)
    (stride_y, stride_x), (pad_y, pad_x), (step_y, step_x) = pair(stride), pair(padding), pair(dilation)
    pictures = as_batch(input)
    batch, in_channels, height, width = pictures.shape
    _, group_channels, kernel_height, kernel_width = weight.shape
    output = input.new_zeros(batch, groups * group_channels, out_height, out_width)
    if bias is not None:
        output = output + bias.view(-1, 1, 1)
    for n in range(batch):
        for c in range(in_channels):
            first = c // (in_channels // groups) * group_channels  # the first output channel of this input's group
            for y in range(height):
                for x in range(width):
                    for o in range(group_channels):
                        for i in range(kernel_height):
                            for j in range(kernel_width):
                                row = y * stride_y - pad_y + i * step_y
                                column = x * stride_x - pad_x + j * step_x
                                if 0 <= row < out_height and 0 <= column < out_width:
                                    output[n, first + o, row, column] += pictures[n, c, y, x] * weight[c, o, i, j]
    return output.reshape(*input.shape[:-3], *output.shape[1:])


def conv_transpose2d_tensors(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    groups: int = 1,
    dilation: Pair = 1,
) -> Tensor:
    """The transpose of conv2d: every input pixel stamps the kernel, times its value, onto the output.

    output[n, o, y * stride - padding + i * dilation, x * stride - padding + j * dilation]
        += input[n, c, y, x] * weight[c, o, i, j]    for all c, y, x, i, j; then bias[o] is added

    `padding` cuts pixels off all round and `output_padding` leaves some more at the bottom and right; with conv2d's own
    numbers the output has the size that conv2d started from.

    Shapes: input (batch, in channels, height, width) or without the batch, weight (in channels, out channels / groups, kernel
    height, kernel width), bias (out channels) -> (batch, out channels, out height, out width) or without the batch, each side
    (size - 1) stride - 2 padding + dilation (kernel - 1) + 1 + output_padding.
    Raises: ValueError for shapes and dtypes that do not match, for an output_padding of a whole stride (and dilation) or more,
    for an empty output, and for negative paddings and other numbers below 1.
    Paper: https://arxiv.org/abs/1603.07285 (chapter 4).
    Equals: torch.nn.functional.conv_transpose2d.
    """
    size = check_conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)
    output = conv2d_input_gradient(as_batch(input), weight, size, stride, padding, dilation, groups)
    output = output if bias is None else output + bias.view(-1, 1, 1)
    return output if input.dim() == 4 else output.squeeze(0)


class ConvTranspose2dManual(torch.autograd.Function):
    """conv_transpose2d of a batch with its backward pass by hand: conv2d takes the gradient back to the input."""

    @staticmethod
    def forward(input, weight, bias, size, stride, padding, dilation, groups):
        output = conv2d_input_gradient(input, weight, size, stride, padding, dilation, groups)
        return output if bias is None else output + bias.view(-1, 1, 1)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, weight, bias, _, *ctx.geometry = inputs
        ctx.save_for_backward(input, weight)
        ctx.has_bias = bias is not None

    @staticmethod
    def backward(ctx, grad):
        input, weight = ctx.saved_tensors
        grad_input = convolve(grad, weight, input.shape[2:], *ctx.geometry)
        grad_weight = conv2d_weight_gradient(grad, input, weight, *ctx.geometry)
        grad_bias = grad.sum((0, 2, 3)) if ctx.has_bias else None
        return grad_input, grad_weight, grad_bias, None, None, None, None, None


def conv_transpose2d_manual(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    groups: int = 1,
    dilation: Pair = 1,
) -> Tensor:
    size = check_conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)
    output = ConvTranspose2dManual.apply(as_batch(input), weight, bias, size, stride, padding, dilation, groups)
    return output if input.dim() == 4 else output.squeeze(0)


conv_transpose2d = Ladder(
    conv_transpose2d_tensors, loops=conv_transpose2d_loops, manual=conv_transpose2d_manual, fused=F.conv_transpose2d
)
