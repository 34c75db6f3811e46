"""Pooling layers."""

from torch import Tensor
from torch.nn import Module

from groundup.ops.convolution import Pair
from groundup.ops.pooling import avg_pool2d, max_pool2d


class MaxPool2d(Module):
    """The largest pixel of every window, channel by channel; the windows lie side by side unless `stride` says otherwise.

    Shapes: (batch, channels, height, width) -> (batch, channels, out height, out width), each side
    (size + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded down, or up with `ceil_mode`.
    Equals: torch.nn.MaxPool2d.
    """

    def __init__(
        self, *, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, dilation: Pair = 1, ceil_mode: bool = False
    ):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.dilation, self.ceil_mode = dilation, ceil_mode

    def forward(self, x: Tensor) -> Tensor:
        return max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


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
