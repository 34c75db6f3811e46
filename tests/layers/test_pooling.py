"""Pooling and resampling layers beyond their cases: their defaults, and what they hand on."""

import pytest
import torch
from torch import nn

from groundup.layers.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from groundup.layers.resampling import PixelShuffle, PixelUnshuffle, Upsample


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (MaxPool2d, nn.MaxPool2d, dict(kernel_size=2)),
        (MaxPool2d, nn.MaxPool2d, dict(kernel_size=3, stride=2, padding=1)),
        (AvgPool2d, nn.AvgPool2d, dict(kernel_size=2)),
        (AvgPool2d, nn.AvgPool2d, dict(kernel_size=3, stride=2, padding=1)),
        (AvgPool2d, nn.AvgPool2d, dict(kernel_size=3, ceil_mode=True, divisor_override=2)),
        (AvgPool2d, nn.AvgPool2d, dict(kernel_size=3, padding=1, count_include_pad=False)),
        (AdaptiveAvgPool2d, nn.AdaptiveAvgPool2d, dict(output_size=2)),
        (AdaptiveAvgPool2d, nn.AdaptiveAvgPool2d, dict(output_size=(None, 3))),
        (Upsample, nn.Upsample, dict(scale_factor=2)),
        (Upsample, nn.Upsample, dict(size=(3, 9))),
        (Upsample, nn.Upsample, dict(scale_factor=1.3, mode="bilinear")),
        (Upsample, nn.Upsample, dict(scale_factor=1.3, mode="bilinear", align_corners=True)),
        (Upsample, nn.Upsample, dict(scale_factor=1.3, mode="bicubic", recompute_scale_factor=True)),
        (PixelShuffle, nn.PixelShuffle, dict(upscale_factor=2)),
        (PixelUnshuffle, nn.PixelUnshuffle, dict(downscale_factor=2)),
    ],
)
def test_every_option_and_default_is_torchs(ours, theirs, options):
    x = torch.randn(2, 4, 8, 6)
    torch.testing.assert_close(ours(**options)(x), theirs(**options)(x))


def test_only_who_asks_is_told_where_the_largest_pixels_lie():
    x = torch.randn(2, 4, 8, 6)
    assert isinstance(MaxPool2d(kernel_size=2)(x), torch.Tensor)
    largest, indices = MaxPool2d(kernel_size=2, return_indices=True)(x)
    assert torch.equal(x.flatten(2).gather(2, indices.flatten(2)), largest.flatten(2))
