"""Convolution: slide a bank of kernels over a batch of pictures.

Write `conv2d`. Loops are welcome, one line of tensors is too; what counts is that each output is

    output[n, o, y, x] = bias[o] + sum over c, i, j of picture[n, c, y * stride + i, x * stride + j] * weight[o, c, i, j]

where the picture has `padding` zeros around it. Do not call torch's own convolution: it is what you are building.
"""

import torch
from torch import Tensor


def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """Cross-correlation of pictures with kernels.

    Shapes: input (batch, in channels, height, width), weight (out channels, in channels, rows, columns), bias (out channels) ->
    (batch, out channels, out height, out width), each side (size + 2 * padding - kernel) // stride + 1.
    """
    raise NotImplementedError
