"""Convolution: every output pixel is the inner product of a kernel with the window of the input that lies under it."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.convolution_fused import conv2d_fused
from groundup.ops.convolve import conv2d_input_gradient, conv2d_weight_gradient, convolve
from groundup.ops.ladder import Ladder
from groundup.ops.windows import Pair, as_batch, check_at_least, numbers, output_size, pair

SIDES = {1: "length", 2: "height, width"}


def check_kernels(name: str, directions: int, input: Tensor, weight: Tensor, inside: str) -> None:
    """A ValueError for a wrong number of dimensions, for two dtypes, and for no channels or pixels.

    `inside` names the weight's first two dimensions.
    """
    sides = SIDES[directions]
    if weight.dim() != directions + 2 or input.dim() not in (directions + 1, directions + 2):
        raise ValueError(
            f"{name} takes input (batch, channels, {sides}) or (channels, {sides}) and weight ({inside}, {sides}); "
            f"it was given {tuple(input.shape)} and {tuple(weight.shape)}"
        )
    device = input.device.type
    autocast = torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)
    if input.dtype != weight.dtype and not autocast:
        raise ValueError(f"{name}: input and weight must be of one dtype; they are {input.dtype} and {weight.dtype}")
    if 0 in weight.shape or 0 in input.shape[-directions - 1 :]:
        raise ValueError(f"{name}: only the batch may be empty; it was given {tuple(input.shape)} and {tuple(weight.shape)}")


def check_bias(name: str, bias: Tensor | None, weight: Tensor, out_channels: int) -> None:
    """A ValueError for a bias that is not one number for each output channel, of the weight's dtype."""
    if bias is not None and (tuple(bias.shape) != (out_channels,) or bias.dtype != weight.dtype):
        raise ValueError(
            f"{name}: {out_channels} output channels take as many biases of {weight.dtype}; "
            f"bias has shape {tuple(bias.shape)} and {bias.dtype}"
        )


def padding_before(name: str, padding: Pair | str, kernel: Pair, stride: Pair, dilation: Pair) -> tuple[int, ...]:
    """How many pixels of padding lie before the first: of "same" half, rounded down, so that an odd one comes at the end."""
    directions = len(kernel)
    if not isinstance(padding, str):
        check_at_least(name, 0, directions, padding=padding)
        return numbers(padding, directions)
    if padding not in ("same", "valid"):
        raise ValueError(f'{name}: padding is a number, a pair, "same" or "valid"; it was given {padding!r}')
    if padding == "valid":
        return (0,) * directions
    if max(numbers(stride, directions)) > 1:
        raise ValueError(f'{name}: padding "same" is for a stride of 1; it was given stride {stride}')
    return tuple(step * (size - 1) // 2 for step, size in zip(numbers(dilation, directions), kernel))


def check_convolution(
    directions: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Pair,
    padding: Pair | str,
    dilation: Pair,
    groups: int,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The output's sides and the padding before the first pixel of each, or a ValueError that says what does not fit."""
    name = f"conv{directions}d"
    check_kernels(name, directions, input, weight, "out channels, in channels / groups")
    check_at_least(name, 1, directions, stride=stride, dilation=dilation, groups=groups)
    channels, sides = input.shape[-directions - 1], input.shape[-directions:]
    if channels != weight.shape[1] * groups:
        raise ValueError(
            f"{name}: a weight of shape {tuple(weight.shape)} with groups={groups} takes {weight.shape[1] * groups} channels; "
            f"the input has {channels}"
        )
    if weight.shape[0] % groups:
        raise ValueError(f"{name}: {weight.shape[0]} output channels do not divide into {groups} groups")
    check_bias(name, bias, weight, len(weight))
    kernel = tuple(weight.shape[2:])
    before = padding_before(name, padding, kernel, stride, dilation)
    if padding == "same":
        return tuple(sides), before
    count = tuple(map(output_size, sides, kernel, numbers(stride, directions), before, numbers(dilation, directions)))
    if min(count) < 1:
        raise ValueError(
            f"{name}: a kernel of {'x'.join(map(str, kernel))} pixels with dilation {dilation} does not fit into "
            f"{'x'.join(map(str, sides))} pixels padded by {padding}"
        )
    return count, before


def conv2d_loops(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    count, (pad_y, pad_x) = check_convolution(2, input, weight, bias, stride, padding, dilation, groups)
    (stride_y, stride_x), (step_y, step_x) = pair(stride), pair(dilation)
    pictures = as_batch(input)
    batch, _, height, width = pictures.shape
    out_channels, group_channels, kernel_height, kernel_width = weight.shape
    output = input.new_zeros(batch, out_channels, *count)
    for n in range(batch):
        for o in range(out_channels):
            first = o // (out_channels // groups) * group_channels  # the first input channel of this output's group
            for y in range(count[0]):
                for x in range(count[1]):
                    total = input.new_zeros(()) if bias is None else bias[o]
                    for c in range(group_channels):
                        for i in range(kernel_height):
                            for j in range(kernel_width):
                                row = y * stride_y - pad_y + i * step_y
                                column = x * stride_x - pad_x + j * step_x
                                if 0 <= row < height and 0 <= column < width:
                                    total = total + pictures[n, first + c, row, column] * weight[o, c, i, j]
                    output[n, o, y, x] = total
    return output.reshape(*input.shape[:-3], *output.shape[1:])


def conv2d_tensors(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of pictures with a bank of kernels.

    output[n, o, y, x] = bias[o] + sum over c, i, j of
        input[n, c, y * stride - padding + i * dilation, x * stride - padding + j * dilation] * weight[o, c, i, j]

    The padding is of zeros; "valid" is none, and "same", for a stride of 1, as much as keeps the size, an odd pixel at the
    bottom and right. With groups, each group of output channels sees only its own group of input channels.

    Shapes: input (batch, in channels, height, width) or without the batch, weight (out channels, in channels / groups, kernel
    height, kernel width), bias (out channels) -> (batch, out channels, out height, out width) or without the batch, each side
    (size + 2 padding - dilation (kernel - 1) - 1) // stride + 1.
    Raises: ValueError for shapes and dtypes that do not match, for a kernel larger than the padded input, for a negative
    padding and other numbers below 1, and for "same" with a stride.
    Equals: torch.nn.functional.conv2d.
    """
    count, before = check_convolution(2, input, weight, bias, stride, padding, dilation, groups)
    output = convolve(as_batch(input), weight, count, stride, before, dilation, groups)
    output = output if bias is None else output + bias.view(-1, 1, 1)
    return output if input.dim() == 4 else output.squeeze(0)


class Conv2dManual(torch.autograd.Function):
    """conv2d of a batch with its backward pass by hand: each gradient is again one product with the windows."""

    @staticmethod
    def forward(input, weight, bias, count, stride, padding, dilation, groups):
        output = convolve(input, weight, count, stride, padding, dilation, groups)
        return output if bias is None else output + bias.view(-1, 1, 1)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, weight, bias, _, *ctx.geometry = inputs
        ctx.save_for_backward(input, weight)
        ctx.has_bias = bias is not None

    @staticmethod
    def backward(ctx, grad):
        input, weight = ctx.saved_tensors
        grad_input = conv2d_input_gradient(grad, weight, input.shape[2:], *ctx.geometry)
        grad_weight = conv2d_weight_gradient(input, grad, weight, *ctx.geometry)
        grad_bias = grad.sum((0, 2, 3)) if ctx.has_bias else None
        return grad_input, grad_weight, grad_bias, None, None, None, None, None


def conv2d_manual(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    count, before = check_convolution(2, input, weight, bias, stride, padding, dilation, groups)
    output = Conv2dManual.apply(as_batch(input), weight, bias, count, stride, before, dilation, groups)
    return output if input.dim() == 4 else output.squeeze(0)


def conv1d_tensors(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int] = 1,
    padding: int | tuple[int] | str = 0,
    dilation: int | tuple[int] = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of sequences with a bank of kernels: conv2d of pictures one pixel high.

    output[n, o, x] = bias[o] + sum over c, j of input[n, c, x * stride - padding + j * dilation] * weight[o, c, j]

    Shapes: input (batch, in channels, length) or without the batch, weight (out channels, in channels / groups, kernel
    length), bias (out channels) -> (batch, out channels, out length) or without the batch.
    Raises: ValueError as conv2d.
    Equals: torch.nn.functional.conv1d.
    """
    _, before = check_convolution(1, input, weight, bias, stride, padding, dilation, groups)
    padding = padding if isinstance(padding, str) else (0, *before)
    stride, dilation = (1, *numbers(stride, 1)), (1, *numbers(dilation, 1))
    output = conv2d_tensors(input.unsqueeze(-2), weight.unsqueeze(-2), bias, stride, padding, dilation, groups)
    return output.squeeze(-2)


conv2d = Ladder(conv2d_tensors, loops=conv2d_loops, manual=conv2d_manual, fused=conv2d_fused)
conv1d = Ladder(conv1d_tensors, fused=F.conv1d)
