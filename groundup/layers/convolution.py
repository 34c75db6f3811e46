"""Convolution layers."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.layers.initialization import uniform_fan_in_
from groundup.ops.convolution import conv1d, conv2d, padding_before
from groundup.ops.convolution_transpose import conv_transpose2d
from groundup.ops.padding import pad
from groundup.ops.windows import Pair, numbers, pair

PADDING_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def check_groups(name: str, in_channels: int, out_channels: int, groups: int) -> None:
    """A ValueError for groups that do not divide the channels."""
    if groups < 1 or in_channels % groups or out_channels % groups:
        raise ValueError(f"{name}: groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}")


class Convolution(Module):
    """What Conv1d and Conv2d have in common: the parameters, and a padding that is made up from the input's own pixels."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sequence[int],
        stride: Pair,
        padding: Pair | str,
        dilation: Pair,
        groups: int,
        bias: bool,
        padding_mode: str,
    ):
        super().__init__()
        name = type(self).__name__
        check_groups(name, in_channels, out_channels, groups)
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"{name}: no padding_mode is called {padding_mode!r}: choose one of {', '.join(PADDING_MODES)}")
        self.sides = []  # (before, after) of each direction, the last first
        before = padding_before(name, padding, kernel_size, stride, dilation)
        for first, step, size in zip(before, numbers(dilation, len(before)), kernel_size):
            last = step * (size - 1) - first if padding == "same" else first
            self.sides = [first, last, *self.sides]
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        self.padding_mode = padding_mode
        self.weight = Parameter(torch.empty(out_channels, in_channels // groups, *kernel_size))
        self.bias = Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        uniform_fan_in_(self.weight, self.bias)

    def padded(self, x: Tensor) -> Tensor:
        """The input with its padding made up from its own pixels."""
        return pad(x, self.sides, PADDING_MODES[self.padding_mode])


class Conv1d(Convolution):
    """A bank of kernels slid along a sequence.

    With a `padding_mode` other than "zeros" the padding is the sequence mirrored at its ends ("reflect"), its last values
    repeated ("replicate"), or its other end ("circular").

    Shapes: (batch, in_channels, length) -> (batch, out_channels, out length), which is
    (length + 2 padding - dilation (kernel - 1) - 1) // stride + 1.
    Raises: ValueError for channels that `groups` does not divide, and for a padding that is unknown or does not fit.
    Equals: torch.nn.Conv1d, its start included.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] = 1,
        padding: int | tuple[int] | str = 0,
        dilation: int | tuple[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
    ):
        kernel_size = numbers(kernel_size, 1)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode)

    def forward(self, x: Tensor) -> Tensor:
        if self.padding_mode == "zeros":
            return conv1d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
        return conv1d(self.padded(x), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class Conv2d(Convolution):
    """A bank of kernels slid over a picture.

    With a `padding_mode` other than "zeros" the padding is the picture mirrored at its border ("reflect"), its border pixels
    repeated ("replicate"), or its other side ("circular").

    Shapes: (batch, in_channels, height, width) -> (batch, out_channels, out height, out width), each side
    (size + 2 padding - dilation (kernel - 1) - 1) // stride + 1.
    Raises: ValueError for channels that `groups` does not divide, and for a padding that is unknown or does not fit.
    Equals: torch.nn.Conv2d, its start included.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
    ):
        kernel_size = pair(kernel_size)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode)

    def forward(self, x: Tensor) -> Tensor:
        if self.padding_mode == "zeros":
            return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
        return conv2d(self.padded(x), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class ConvTranspose2d(Module):
    """A bank of kernels stamped onto a larger picture, one stamp for every pixel: Conv2d run backwards.

    Shapes: (batch, in_channels, height, width) -> (batch, out_channels, out height, out width), each side
    (size - 1) stride - 2 padding + dilation (kernel - 1) + 1 + output_padding.
    Raises: ValueError for channels that `groups` does not divide, and for another padding_mode than "zeros".
    Equals: torch.nn.ConvTranspose2d, its start included.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        output_padding: Pair = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Pair = 1,
        padding_mode: str = "zeros",
    ):
        super().__init__()
        check_groups("ConvTranspose2d", in_channels, out_channels, groups)
        if padding_mode != "zeros":
            raise ValueError(f'ConvTranspose2d: padding is cut off, so padding_mode can only be "zeros", not {padding_mode!r}')
        self.stride, self.padding, self.output_padding = stride, padding, output_padding
        self.groups, self.dilation = groups, dilation
        self.weight = Parameter(torch.empty(in_channels, out_channels // groups, *pair(kernel_size)))
        self.bias = Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        uniform_fan_in_(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return conv_transpose2d(
            x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )
