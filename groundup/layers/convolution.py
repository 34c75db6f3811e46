"""Convolution layers."""

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.layers.initialization import uniform_fan_in_
from groundup.ops.convolution import Pair, conv2d, pair
from groundup.ops.convolution_transpose import conv_transpose2d


class Conv2d(Module):
    """A bank of kernels slid over a picture.

    Shapes: (batch, in_channels, height, width) -> (batch, out_channels, out height, out width), each side
    (size + 2 padding - dilation (kernel - 1) - 1) // stride + 1.
    Raises: ValueError for channels that `groups` does not divide.
    Equals: torch.nn.Conv2d, its start included.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
    ):
        super().__init__()
        if in_channels % groups or out_channels % groups:
            raise ValueError(f"Conv2d: groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}")
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        self.weight = Parameter(torch.empty(out_channels, in_channels // groups, *pair(kernel_size)))
        self.bias = Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        uniform_fan_in_(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class ConvTranspose2d(Module):
    """A bank of kernels stamped onto a larger picture, one stamp for every pixel: Conv2d run backwards.

    Shapes: (batch, in_channels, height, width) -> (batch, out_channels, out height, out width), each side
    (size - 1) stride - 2 padding + dilation (kernel - 1) + 1 + output_padding.
    Raises: ValueError for channels that `groups` does not divide.
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
    ):
        super().__init__()
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"ConvTranspose2d: groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}"
            )
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
