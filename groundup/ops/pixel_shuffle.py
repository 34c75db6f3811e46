"""Pixel shuffle: channels become pixels, and pixels become channels."""

import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder


def pixel_shuffle_tensors(input: Tensor, upscale_factor: int) -> Tensor:
    """Each pixel becomes a square of upscale_factor * upscale_factor pixels, row by row from as many channels in a row.

    output[..., c, y * r + i, x * r + j] = input[..., c * r * r + i * r + j, y, x], where r is upscale_factor.

    Shapes: (..., channels * r * r, height, width) -> (..., channels, height * r, width * r).
    Raises: ValueError for channels that do not divide, for fewer than three dimensions and for a factor below 1.
    Paper: https://arxiv.org/abs/1609.05158 (section 3.2, equation 4; r is upscale_factor).
    Equals: torch.nn.functional.pixel_shuffle.
    """
    r = upscale_factor
    if input.dim() < 3 or r < 1 or input.shape[-3] % (r * r):
        raise ValueError(
            f"pixel_shuffle takes input (..., channels, height, width) with channels that upscale_factor squared divides, "
            f"upscale_factor at least 1; it was given {tuple(input.shape)} and {r}"
        )
    input = input.unflatten(-3, (input.shape[-3] // (r * r), r, r))  # (..., channels, r, r, height, width)
    return input.movedim((-4, -3), (-3, -1)).flatten(-4, -3).flatten(-2)


def pixel_unshuffle_tensors(input: Tensor, downscale_factor: int) -> Tensor:
    """The way back of `pixel_shuffle`: each square of downscale_factor * downscale_factor pixels becomes one of more channels.

    output[..., c * r * r + i * r + j, y, x] = input[..., c, y * r + i, x * r + j], where r is downscale_factor.

    Shapes: (..., channels, height * r, width * r) -> (..., channels * r * r, height, width).
    Raises: ValueError for sides that do not divide, for fewer than three dimensions and for a factor below 1.
    Equals: torch.nn.functional.pixel_unshuffle.
    """
    r = downscale_factor
    if input.dim() < 3 or r < 1 or input.shape[-2] % r or input.shape[-1] % r:
        raise ValueError(
            f"pixel_unshuffle takes input (..., channels, height, width) with sides that downscale_factor divides, "
            f"downscale_factor at least 1; it was given {tuple(input.shape)} and {r}"
        )
    height, width = input.shape[-2:]
    input = input.unflatten(-1, (width // r, r)).unflatten(-3, (height // r, r))  # (..., channels, height, r, width, r)
    return input.movedim((-3, -1), (-4, -3)).flatten(-5, -3)


pixel_shuffle = Ladder(pixel_shuffle_tensors, fused=F.pixel_shuffle)
pixel_unshuffle = Ladder(pixel_unshuffle_tensors, fused=F.pixel_unshuffle)
