"""Convolution layers beyond their cases: how they start, and channels that do not divide."""

import pytest
import torch
from torch import nn

from groundup.layers.convolution import Conv2d, ConvTranspose2d

PAIRS = [(Conv2d, nn.Conv2d), (ConvTranspose2d, nn.ConvTranspose2d)]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
@pytest.mark.parametrize("bias", [True, False])
def test_the_start_is_torchs_under_the_same_seed(ours, theirs, bias):
    options = dict(in_channels=6, out_channels=4, kernel_size=(3, 2), groups=2, bias=bias)
    states = []
    for layer in (ours, theirs):
        torch.manual_seed(5)
        states.append(layer(**options).state_dict())
    torch.testing.assert_close(*states, atol=0, rtol=1e-6)


@pytest.mark.parametrize(("layer", "_"), PAIRS)
@pytest.mark.parametrize("channels", [dict(in_channels=4, out_channels=3), dict(in_channels=3, out_channels=4)])
def test_channels_that_do_not_divide_into_the_groups_are_refused(layer, _, channels):
    with pytest.raises(ValueError, match=f"{layer.__name__}: groups=2 must divide in_channels={channels['in_channels']}"):
        layer(**channels, kernel_size=3, groups=2)


def test_a_transposed_convolution_doubles_a_picture():
    layer = ConvTranspose2d(in_channels=3, out_channels=2, kernel_size=4, stride=2, padding=1)
    assert layer(torch.zeros(5, 3, 8, 6)).shape == (5, 2, 16, 12)
