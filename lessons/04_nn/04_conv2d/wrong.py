"""Answers to `conv2d` that are wrong in the ways that people are."""

import torch
from torch import Tensor


def windows(input: Tensor, kernel: tuple[int, int], stride: int, padding: int) -> Tensor:
    batch, channels, height, width = input.shape
    padded = input.new_zeros(batch, channels, height + 2 * padding, width + 2 * padding)
    padded[:, :, padding : padding + height, padding : padding + width] = input
    return padded.unfold(2, kernel[0], stride).unfold(3, kernel[1], stride)  # (batch, channels, y, x, rows, columns)


def summed(found: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    output = torch.einsum("ncyxij,ocij->noyx", found, weight)
    return output if bias is None else output + bias[:, None, None]


def flipped(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """The kernel is turned by half before it slides. That is the convolution of mathematics; what networks call convolution
    lays the kernel down as it is (cross-correlation): weight[o, c, i, j] meets the pixel at y + i, x + j."""
    return summed(windows(input, weight.shape[2:], stride, padding), weight.flip(2, 3), bias)


def transposed(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """Rows and columns of the kernel change places: index i counts along the height, j along the width, for the picture and
    for the kernel alike."""
    weight = weight.transpose(2, 3)
    return summed(windows(input, weight.shape[2:], stride, padding), weight, bias)


def averaged(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """You take the mean over the channels and the window. A convolution sums: with the mean, a larger kernel would answer no
    louder than a small one."""
    return summed(windows(input, weight.shape[2:], stride, padding), weight / weight[0].numel(), bias)


def one_channel(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """Only the first channel is read. A kernel is as deep as its picture: the products of all channels are summed."""
    found = windows(input, weight.shape[2:], stride, padding)
    return summed(found[:, :1], weight[:, :1], bias)


def no_bias(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """The bias is never added: one number for each output channel, the same at every pixel."""
    output = summed(windows(input, weight.shape[2:], stride, padding), weight, None)
    return output if bias is None else output + 0 * bias[:, None, None]


def padded_after(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """All the padding is at the bottom and at the right. `padding` is how many zeros stand on each of the four sides."""
    found = torch.nn.functional.pad(input, (0, 2 * padding, 0, 2 * padding))
    return summed(windows(found, weight.shape[2:], stride, 0), weight, bias)


def strided_window(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """The stride is taken inside the window, between the pixels that a kernel sees; that is dilation. A stride is how far the
    whole kernel moves from one output to the next."""
    rows, columns = weight.shape[2:]
    spread = weight.new_zeros(*weight.shape[:2], stride * (rows - 1) + 1, stride * (columns - 1) + 1)
    spread[:, :, ::stride, ::stride] = weight
    return summed(windows(input, spread.shape[2:], 1, padding), spread, bias)
