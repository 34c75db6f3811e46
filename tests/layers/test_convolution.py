"""Convolution layers beyond their cases: how they start, their padding, and what does not fit."""

import pytest
import torch
from torch import nn

from groundup.layers.convolution import Conv1d, Conv2d, ConvTranspose2d
from groundup.ops.ladder import rung
from groundup.parity.compare import PART_BOUND, compare_modules

PAIRS = [(Conv1d, nn.Conv1d), (Conv2d, nn.Conv2d), (ConvTranspose2d, nn.ConvTranspose2d)]
ONE_NUMBER = dict(in_channels=4, out_channels=6, kernel_size=3)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
@pytest.mark.parametrize("bias", [True, False])
def test_the_start_is_torchs_under_the_same_seed(ours, theirs, bias):
    options = dict(in_channels=6, out_channels=4, kernel_size=(5,) if ours is Conv1d else (3, 2), groups=2, bias=bias)
    states = []
    for layer in (ours, theirs):
        torch.manual_seed(5)
        states.append(layer(**options).state_dict())
    torch.testing.assert_close(*states, atol=0, rtol=1e-6)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_the_defaults_are_torchs(ours, theirs):
    theirs = theirs(**ONE_NUMBER)
    ours = ours(**ONE_NUMBER)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 4, *[6] * (theirs.weight.dim() - 2))
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("ours", [ours for ours, _ in PAIRS])
def test_drawing_anew_changes_every_weight(ours):
    layer = ours(**ONE_NUMBER)
    before = [parameter.clone() for parameter in layer.parameters()]
    layer.reset_parameters()
    assert len(before) == 2 and not any((a == b).any() for a, b in zip(before, layer.parameters(), strict=True))


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("padding_mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [1, "same", "valid"])
@pytest.mark.parametrize("kernel_size", [2, 3])
def test_every_padding_mode_and_padding_equals_torchs(padding_mode, padding, kernel_size):
    for ours, theirs, sides in ((Conv1d, nn.Conv1d, (7,)), (Conv2d, nn.Conv2d, (7, 6))):
        options = ONE_NUMBER | dict(kernel_size=kernel_size, padding=padding, padding_mode=padding_mode, dilation=1, groups=2)
        theirs = theirs(**options).double()
        ours = ours(**options).double()
        ours.load_state_dict(theirs.state_dict())
        for name in ("tensors", "fused"):
            with rung(name):
                for batch in ((), (2,)):
                    assert compare_modules(ours, theirs, [torch.randn(*batch, 4, *sides).double()]).within(PART_BOUND)


@pytest.mark.parametrize(("layer", "_"), PAIRS)
@pytest.mark.parametrize(
    "channels",
    [
        dict(in_channels=4, out_channels=3, groups=2),
        dict(in_channels=3, out_channels=4, groups=2),
        dict(in_channels=4, out_channels=4, groups=0),
        dict(in_channels=4, out_channels=4, groups=-1),
    ],
)
def test_channels_that_do_not_divide_into_the_groups_are_refused(layer, _, channels):
    with pytest.raises(
        ValueError, match=f"{layer.__name__}: groups={channels['groups']} must divide in_channels={channels['in_channels']}"
    ):
        layer(**channels, kernel_size=3)


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        (Conv1d, dict(padding_mode="mirror"), "Conv1d: no padding_mode is called 'mirror': choose one of zeros, reflect, repl"),
        (Conv2d, dict(padding_mode="constant"), "Conv2d: no padding_mode is called 'constant'"),
        (Conv2d, dict(padding="some"), 'Conv2d: padding is a number, a pair, "same" or "valid"'),
        (Conv2d, dict(padding="same", stride=2), 'Conv2d: padding "same" is for a stride of 1'),
        (Conv1d, dict(padding=-1), "Conv1d: padding must be at least 0"),
        (Conv1d, dict(kernel_size=(3, 3)), "one number, or 1"),
        (ConvTranspose2d, dict(padding_mode="reflect"), "ConvTranspose2d: .* can only be \"zeros\", not 'reflect'"),
    ],
)
def test_a_padding_that_is_none_is_refused_at_once(layer, options, message):
    with pytest.raises(ValueError, match=message):
        layer(**(ONE_NUMBER | options))


def test_a_transposed_convolution_doubles_a_picture():
    layer = ConvTranspose2d(in_channels=3, out_channels=2, kernel_size=4, stride=2, padding=1)
    assert layer(torch.zeros(5, 3, 8, 6)).shape == (5, 2, 16, 12)


def test_a_layer_that_pads_by_itself_can_be_traced():
    layer = Conv2d(**ONE_NUMBER, padding=1, padding_mode="circular")
    x = torch.randn(2, 4, 5, 5)
    torch.testing.assert_close(torch.fx.symbolic_trace(layer)(x), layer(x))
