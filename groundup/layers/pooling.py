"""Pooling layers."""

from torch import Tensor
from torch.nn import Module

from groundup.ops.adaptive_pooling import Size, adaptive_avg_pool2d
from groundup.ops.average_pooling import avg_pool2d
from groundup.ops.max_pooling import max_pool2d
from groundup.ops.windows import Pair


class MaxPool2d(Module):
    """The largest pixel of every window, channel by channel; the windows lie side by side unless `stride` says otherwise.

    With `return_indices` also where each lies: row * width + column.

    Shapes: (batch, channels, height, width) -> (batch, channels, out height, out width), each side
    (size + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded down, or up with `ceil_mode`.
    Equals: torch.nn.MaxPool2d.
    """

    def __init__(
        self,
        *,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        dilation: Pair = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.dilation, self.return_indices, self.ceil_mode = dilation, return_indices, ceil_mode

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        return max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices)


class AvgPool2d(Module):
    """The mean pixel of every window, channel by channel; the windows lie side by side unless `stride` says otherwise.

    Shapes: (batch, channels, height, width) -> (batch, channels, out height, out width), each side
    (size + 2 padding - kernel) / stride + 1, rounded down, or up with `ceil_mode`.
    Equals: torch.nn.AvgPool2d.
    """

    def __init__(
        self,
        *,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ):
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.ceil_mode = kernel_size, stride, padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, x: Tensor) -> Tensor:
        return avg_pool2d(
            x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad, self.divisor_override
        )


class AdaptiveAvgPool2d(Module):
    """The picture at a given size, whatever its own: the mean of each of as many windows, channel by channel.

    Shapes: (batch, channels, height, width) -> (batch, channels, *output_size); a side of None stays as it is.
    Equals: torch.nn.AdaptiveAvgPool2d.
    """

    def __init__(self, *, output_size: Size):
        super().__init__()
        self.output_size = output_size

    def forward(self, x: Tensor) -> Tensor:
        return adaptive_avg_pool2d(x, self.output_size)
