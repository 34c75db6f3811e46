"""Max-pooling with stride, padding and ceil_mode.

Write `max_pool2d`. With `stride` None the windows lie side by side. The padding never wins. Along a side there are

    (size + 2 * padding - kernel_size) / stride, rounded down, or up with ceil_mode, plus one

windows; but a last one that would begin behind the picture and its padding at the front (at size + padding or later, counted
from where the padding begins) is not made. Do not call torch's own pooling: it is what you are building.
"""

import math

import torch
from torch import Tensor


def max_pool2d(input: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0, ceil_mode: bool = False) -> Tensor:
    """The largest number of each window.

    Shapes: (batch, channels, height, width) -> (batch, channels, out height, out width).
    """
    raise NotImplementedError
