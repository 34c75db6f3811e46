"""Convolution as it is shipped: PyTorch's kernel, or one product of matrices where that is faster."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.windows import output_size, pair

FEW_PIXELS = 4096  # of a batch's maps together
SMALL_MAP = 16  # pixels of a map that a kernel of many channels leaves
MANY_CHANNELS = 256


def conv2d_fused(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Tensor:
    if can_be_product(input, weight, dilation, groups) and not isinstance(padding, str):
        if stride in (1, (1, 1)) and padding in (0, (0, 0)) and are_single_pixels(input, weight):
            return F.linear(input.permute(0, 2, 3, 1), weight.flatten(1), bias).permute(0, 3, 1, 2)
        if torch.is_autocast_enabled("cpu") and (count := small_map(input, weight, pair(stride), pair(padding))):
            return product_with_windows(input, weight, bias, pair(stride), pair(padding), count)
    return F.conv2d(input, weight, bias, stride, padding, dilation, groups)


def can_be_product(input: Tensor, weight: Tensor, dilation: int | tuple[int, int], groups: int) -> bool:
    """Whether this is a plain convolution of a batch of pictures on a CPU, which nobody traces."""
    if type(input) is not Tensor or torch.compiler.is_compiling():
        return False
    fits = input.dim() == weight.dim() == 4 and input.shape[1] == weight.shape[1] and len(input)
    return bool(fits) and input.device.type == "cpu" and groups == 1 and dilation in (1, (1, 1))


def are_single_pixels(input: Tensor, weight: Tensor) -> bool:
    """Whether kernels of one pixel are to be one product, which these pictures' layout allows.

    For float32. PyTorch takes a product a picture, filling and copying between, where it has one thread and fewer than 16
    pictures; and of maps of few pixels a product of them all is faster than its kernel of convolution, which it takes else.
    """
    if torch.is_autocast_enabled("cpu") or weight.shape[2:] != (1, 1) or not input.dtype == weight.dtype == torch.float32:
        return False
    count, channels, height, width = input.shape
    if input.stride() != (height * width * channels, 1, width * channels, channels):
        return False
    return count * height * width <= FEW_PIXELS or (count < 16 and torch.get_num_threads() == 1)


def small_map(input: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]) -> tuple[int, int] | None:
    """The output's sides, where many kernels of several pixels and many channels leave so few pixels."""
    kernel = tuple(weight.shape[2:])
    if kernel == (1, 1) or min(weight.shape[:2]) < MANY_CHANNELS or min(stride) < 1 or min(padding) < 0:
        return None
    height, width = map(output_size, input.shape[2:], kernel, stride, padding, (1, 1))
    return (height, width) if min(height, width) > 0 and height * width <= SMALL_MAP else None


def product_with_windows(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride: tuple[int, int], padding: tuple[int, int], count: tuple[int, int]
) -> Tensor:
    """Every window of the padded pictures as a row, times all kernels: in half precision faster where maps are small.

    PyTorch's kernel goes by tiles of the map, and a map of 2x2 or 4x4 is less than one.
    """
    rows, columns = weight.shape[2:]
    padded = F.pad(input.permute(0, 2, 3, 1), (0, 0, padding[1], padding[1], padding[0], padding[0]))
    reach = [step * (number - 1) + 1 for step, number in zip(stride, count)]
    windows = [padded[:, i : i + reach[0] : stride[0], j : j + reach[1] : stride[1]] for i in range(rows) for j in range(columns)]
    product = F.linear(torch.cat(windows, 3), weight.permute(0, 2, 3, 1).flatten(1), bias)
    return product.permute(0, 3, 1, 2)
