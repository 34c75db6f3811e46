"""The sums of a convolution in four arrangements, and the two ways back: what conv2d and its transpose are made of.

Every arrangement forms the same sums of products. They differ in what they copy and in how large the products are, and so in
speed; `convolve` chooses by the shapes.
"""

import math

import torch
from torch import Tensor

from groundup.ops.windows import Pair, pad_for_windows, pair, scatter_windows, shifted, windows2d

MANY_CHANNELS = 32  # fewer make a product for each place of the kernel too thin to be fast
MANY_COPIES = 2_000_000  # numbers in the windows of all pictures that are multiplied together
MANY_PIXELS = 200  # the windows of a smaller picture are copied faster than they are gone round


def grouped_windows(
    input: Tensor, weight: Tensor, count: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """The windows as one matrix a group.

    Shapes: -> (groups, batch * out height * out width, kernel height * kernel width * channels / groups).
    """
    windows = windows2d(input.permute(0, 2, 3, 1).contiguous(), weight.shape[2:], count, stride, padding, dilation)
    windows = windows.unflatten(-1, (groups, -1))  # (batch, out height, out width, kernel height, kernel width, groups, channels)
    return windows.permute(5, 0, 1, 2, 3, 4, 6).reshape(groups, -1, weight[0].numel())


def grouped_pixels(input: Tensor, groups: int) -> Tensor:
    """The pixels as one matrix a group: (groups, batch * height * width, channels / groups)."""
    return input.permute(0, 2, 3, 1).reshape(-1, groups, input.shape[1] // groups).transpose(0, 1)


def grouped_kernel(weight: Tensor, groups: int) -> Tensor:
    """The kernels as one matrix a group: (groups, kernel height * kernel width * channels / groups, out channels / groups)."""
    return weight.unflatten(0, (groups, -1)).permute(0, 3, 4, 2, 1).flatten(1, 3)


def window_product(
    input: Tensor, weight: Tensor, count: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """All windows laid out as the rows of a matrix, times the kernels as its columns: one product a group.

    It serves every geometry. Each pixel is copied once for every window that it lies in; a large batch is taken in parts, so
    that the copies stay in the processor's caches.
    """
    part = MANY_COPIES // max(1, math.prod(count) * weight[0].numel() * groups)
    if 0 < part < len(input):
        parts = (window_product(some, weight, count, stride, padding, dilation, groups) for some in input.split(part))
        return torch.cat(list(parts))
    product = grouped_windows(input, weight, count, stride, padding, dilation, groups) @ grouped_kernel(weight, groups)
    return product.transpose(0, 1).reshape(len(input), *count, len(weight)).permute(0, 3, 1, 2)


def pixel_product(input: Tensor, weight: Tensor, count: tuple[int, int], stride: Pair, groups: int) -> Tensor:
    """A kernel of one pixel mixes the channels of every pixel: one product, and nothing to cut out."""
    stride_y, stride_x = pair(stride)
    input = input[:, :, ::stride_y, ::stride_x][:, :, : count[0], : count[1]]
    if input.is_contiguous(memory_format=torch.channels_last) or groups > 1:
        product = grouped_pixels(input, groups) @ grouped_kernel(weight, groups)
        return product.transpose(0, 1).reshape(len(input), *count, len(weight)).permute(0, 3, 1, 2)
    mixed = torch.bmm(weight.flatten(1).expand(len(input), -1, -1), input.flatten(2))  # (batch, out channels, pixels)
    return mixed.unflatten(2, count)


def shifted_products(input: Tensor, weight: Tensor, count: tuple[int, int], padding: Pair, dilation: Pair) -> Tensor:
    """For a stride of 1: for each place of the kernel one product of the shifted picture with the weights of that place.

    As rows of one matrix, all pixels of all padded pictures are shifted by leaving out the first few rows, so nothing is
    copied; what runs over the end of a row or of a picture lies outside of `count` and is cut off. It wins where channels
    and pixels are many.
    """
    input = pad_for_windows(input.permute(0, 2, 3, 1), weight.shape[2:], count, 1, padding, dilation)
    batch, height, width, channels = input.shape
    step_y, step_x = pair(dilation)
    kernel = weight.permute(2, 3, 1, 0)  # (kernel height, kernel width, in channels, out channels)
    shifts = [(i, j, i * step_y * width + j * step_x) for i in range(len(kernel)) for j in range(kernel.shape[1])]
    rows, last = input.reshape(-1, channels), shifts[-1][2]
    output = input.new_zeros(())
    for i, j, shift in shifts:
        output = torch.addmm(output, rows[shift : len(rows) - last + shift], kernel[i, j])
    output = torch.constant_pad_nd(output, (0, 0, 0, last)).view(batch, height, width, -1)
    return output[:, : count[0], : count[1]].permute(0, 3, 1, 2)


def shifted_sums(input: Tensor, weight: Tensor, count: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair) -> Tensor:
    """For kernels of one channel each (depthwise): the picture, shifted to each place of the kernel, times that one number.

    A product of matrices would have one row to sum over here, and windows would copy each pixel for nothing.
    """
    groups = input.shape[1]
    input = pad_for_windows(input.permute(0, 2, 3, 1), weight.shape[2:], count, stride, padding, dilation)
    kernel = weight.unflatten(0, (groups, -1)).permute(3, 4, 2, 0, 1).flatten(0, 2)  # (places, groups, out channels / groups)
    output = input.new_zeros(())
    for pixels, place in zip(shifted(input, weight.shape[2:], count, stride, dilation), kernel):
        output = torch.addcmul(output, pixels.unsqueeze(4), place)
    return output.flatten(3).permute(0, 3, 1, 2)


def convolve(
    input: Tensor, weight: Tensor, count: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """The inner products of the kernels with the first `count` windows, in the arrangement that the shapes make fastest.

    Shapes: input (batch, in channels, height, width), weight (out channels, in channels / groups, kernel height, kernel width)
    -> (batch, out channels, *count).
    """
    if weight.shape[2:] == (1, 1) and pair(padding) == (0, 0):
        return pixel_product(input, weight, count, stride, groups)
    if weight.shape[1] == 1 and groups > 1:
        return shifted_sums(input, weight, count, stride, padding, dilation)
    many = input.shape[1] >= MANY_CHANNELS and math.prod(count) >= MANY_PIXELS and len(input) > 0
    if many and pair(stride) == (1, 1) and groups == 1:
        return shifted_products(input, weight, count, padding, dilation)
    return window_product(input, weight, count, stride, padding, dilation, groups)


def conv2d_input_gradient(
    grad: Tensor, weight: Tensor, size: tuple[int, int], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """Each output pixel's gradient, times the kernel, goes back to the window of the input that the pixel was made from.

    Shapes: (batch, out channels, out height, out width) -> (batch, in channels, *size).
    """
    windows = grouped_pixels(grad, groups) @ grouped_kernel(weight, groups).transpose(1, 2)
    windows = windows.view(groups, len(grad), *grad.shape[2:], *weight.shape[2:], weight.shape[1])
    windows = windows.permute(1, 2, 3, 4, 5, 0, 6).flatten(5)  # the groups' channels side by side again
    return scatter_windows(windows, size, stride, padding, dilation).permute(0, 3, 1, 2)


def conv2d_weight_gradient(
    input: Tensor, grad: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """Each number of the kernel sums, over all windows, the pixel that it met times the gradient of what came out."""
    windows = grouped_windows(input, weight, grad.shape[2:], stride, padding, dilation, groups)
    product = windows.transpose(1, 2) @ grouped_pixels(grad, groups)
    product = product.unflatten(1, (*weight.shape[2:], -1))  # (groups, kernel height, kernel width, in / groups, out / groups)
    return product.permute(0, 4, 3, 1, 2).flatten(0, 1)
