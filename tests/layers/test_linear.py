"""Linear layers beyond their cases: how they start."""

import pytest
import torch
from torch import nn

from groundup.layers.activation import GELU, ReLU
from groundup.layers.feed_forward import FeedForward
from groundup.layers.linear import Flatten, Linear, Unflatten


@pytest.mark.parametrize("bias", [True, False])
def test_linear_starts_as_torchs_does(bias):
    torch.manual_seed(4)
    theirs = nn.Linear(7, 5, bias=bias).state_dict()
    torch.manual_seed(4)
    ours = Linear(in_features=7, out_features=5, bias=bias).state_dict()
    torch.testing.assert_close(ours, dict(theirs), rtol=0, atol=0)


def test_linear_has_a_bias_if_nothing_is_said():
    assert Linear(in_features=2, out_features=3).bias.shape == (3,)
    assert Linear(in_features=2, out_features=3, bias=False).bias is None


def test_reset_draws_weight_and_bias_anew():
    layer = Linear(in_features=2, out_features=3)
    before = [parameter.clone() for parameter in layer.parameters()]
    layer.reset_parameters()
    assert not any(torch.equal(a, b) for a, b in zip(before, layer.parameters(), strict=True))


def test_a_feed_forward_network_starts_as_torchs_layers_do():
    torch.manual_seed(4)
    theirs = nn.Sequential(nn.Linear(4, 9), nn.ReLU(), nn.Linear(9, 4))
    torch.manual_seed(4)
    ours = FeedForward(embed_dim=4, hidden_dim=9)
    x = torch.randn(3, 4)
    torch.testing.assert_close(ours(x), theirs(x))


def test_a_feed_forward_network_takes_its_activation_as_a_class_or_a_layer():
    torch.manual_seed(4)
    x, network = torch.randn(3, 4), FeedForward(embed_dim=4, hidden_dim=9, activation=GELU(approximate="tanh"))
    assert network.activation.approximate == "tanh"
    by_class = FeedForward(embed_dim=4, hidden_dim=9, activation=ReLU)
    by_class.load_state_dict(network.state_dict())
    assert isinstance(by_class.activation, ReLU) and not torch.allclose(network(x), by_class(x))


def test_a_feed_forward_network_treats_each_position_alone():
    network, x = FeedForward(embed_dim=4, hidden_dim=9), torch.randn(2, 5, 4)
    torch.testing.assert_close(network(x)[:, 3], network(x[:, 3]))


def test_flatten_keeps_the_dimensions_outside_its_range():
    assert Flatten()(torch.zeros(2, 3, 4, 5)).shape == (2, 60)
    assert Flatten(start_dim=2)(torch.zeros(2, 3, 4, 5)).shape == (2, 3, 20)
    assert Flatten(start_dim=0, end_dim=1)(torch.zeros(2, 3, 4, 5)).shape == (6, 4, 5)


def test_unflatten_undoes_flatten():
    x = torch.randn(2, 3, 4, 5)
    assert torch.equal(Unflatten(dim=1, unflattened_size=[3, 4, -1])(Flatten()(x)), x)
    assert torch.equal(Unflatten(dim=-1, unflattened_size=(4, 5))(Flatten(start_dim=2)(x)), x)
