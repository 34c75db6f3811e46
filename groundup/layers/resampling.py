"""Layers that change a picture's size without weights."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import Module

from groundup.ops.interpolation import interpolate
from groundup.ops.pixel_shuffle import pixel_shuffle, pixel_unshuffle


class Upsample(Module):
    """A picture, sequence or volume at another `size`, or at its own times `scale_factor`, by interpolation.

    Shapes: (batch, channels, height, width) -> (batch, channels, out height, out width); one or three sides likewise.
    Equals: torch.nn.Upsample.
    """

    def __init__(
        self,
        *,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ):
        super().__init__()
        self.size, self.scale_factor, self.mode = size, scale_factor, mode
        self.align_corners, self.recompute_scale_factor = align_corners, recompute_scale_factor

    def forward(self, x: Tensor) -> Tensor:
        return interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor)


class PixelShuffle(Module):
    """Each pixel becomes a square of upscale_factor * upscale_factor pixels, made of as many of its channels.

    Shapes: (..., channels * upscale_factor ** 2, height, width) -> (..., channels, height * upscale_factor, width * ...).
    Paper: https://arxiv.org/abs/1609.05158 (section 3.2; r is upscale_factor).
    Equals: torch.nn.PixelShuffle.
    """

    def __init__(self, *, upscale_factor: int):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, x: Tensor) -> Tensor:
        return pixel_shuffle(x, self.upscale_factor)


class PixelUnshuffle(Module):
    """Each square of downscale_factor * downscale_factor pixels becomes one pixel of more channels: PixelShuffle run backwards.

    Shapes: (..., channels, height, width) -> (..., channels * downscale_factor ** 2, height / downscale_factor, width / ...).
    Equals: torch.nn.PixelUnshuffle.
    """

    def __init__(self, *, downscale_factor: int):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, x: Tensor) -> Tensor:
        return pixel_unshuffle(x, self.downscale_factor)
