"""Activation layers beyond their cases: what they are if nothing is said."""

import pytest
import torch
from torch import nn

from groundup.layers.activation import GELU, LeakyReLU, LogSoftmax, Softmax, Softplus


@pytest.mark.parametrize(("ours", "theirs"), [(LeakyReLU, nn.LeakyReLU), (Softplus, nn.Softplus), (GELU, nn.GELU)])
def test_defaults_are_torchs(ours, theirs):
    x = torch.cat([torch.randn(50), torch.tensor([19.9, 20.1, -30.0])]).double()
    torch.testing.assert_close(ours()(x), theirs()(x), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("ours", "theirs"), [(Softmax, nn.Softmax), (LogSoftmax, nn.LogSoftmax)])
def test_shares_are_taken_along_the_dimension_of_the_layer(ours, theirs):
    x = torch.randn(3, 4, 5)
    for dim in (0, 1, -1):
        torch.testing.assert_close(ours(dim=dim)(x), theirs(dim=dim)(x))
