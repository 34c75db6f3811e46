"""Dropout layers beyond their cases: random in training, and only there."""

import pytest
import torch
from torch import nn

from groundup.layers.attention import MultiHeadAttention
from groundup.layers.dropout import Dropout, Dropout2d, DropPath
from groundup.layers.feed_forward import FeedForward

LAYERS = {
    "Dropout": lambda: Dropout(p=0.4),
    "Dropout2d": lambda: Dropout2d(p=0.4),
    "DropPath": lambda: DropPath(p=0.4),
    "FeedForward": lambda: FeedForward(embed_dim=8, hidden_dim=16, dropout=0.4),
    "MultiHeadAttention": lambda: MultiHeadAttention(embed_dim=8, num_heads=2, dropout=0.4),
}
OURS = {"Dropout": Dropout, "Dropout2d": Dropout2d, "DropPath": DropPath}


@pytest.mark.parametrize("name", LAYERS)
def test_dropout_is_random_in_training_and_absent_in_evaluation(name):
    layer, x = LAYERS[name](), torch.randn(30, 5, 8)
    assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), layer(x))
    assert layer(x).ne(0).all()


def test_the_probability_is_that_of_the_layer():
    for layer in (Dropout(p=0.2), Dropout2d(p=0.2), DropPath(p=0.2), FeedForward(embed_dim=8, hidden_dim=9, dropout=0.2)):
        struck_out = layer(torch.randn(9_000, 8)) == 0
        assert struck_out.float().mean().item() == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(("ours", "theirs"), [(Dropout, nn.Dropout), (Dropout2d, nn.Dropout2d)])
def test_after_the_same_seed_a_layer_strikes_out_what_torchs_does_half_if_nothing_is_said(ours, theirs):
    x = torch.randn(4, 6, 2, 2)
    for options in ({}, {"p": 0.3}):
        torch.manual_seed(3)
        output = ours(**options)(x)
        torch.manual_seed(3)
        torch.testing.assert_close(output, theirs(**options)(x))


def test_a_path_is_dropped_for_each_row_or_for_the_whole_batch():
    x = torch.ones(50, 2, 3)
    torch.manual_seed(1)
    assert DropPath(p=0.5)(x)[:, 0, 0].unique().tolist() == [0.0, 2.0]
    assert all(len(DropPath(p=0.5, mode="batch")(x).unique()) == 1 for _ in range(5))


@pytest.mark.parametrize("layer", OURS.values())
def test_at_0_everything_passes_and_at_1_nothing(layer):
    x = torch.randn(3, 4, 2)
    assert torch.equal(layer(p=0.0)(x), x)
    assert layer(p=1.0)(x).eq(0).all()
    assert torch.equal(layer(p=1.0).eval()(x), x)


@pytest.mark.parametrize("p", [-0.1, 1.1])
@pytest.mark.parametrize(("name", "shown"), [("Dropout", "Dropout"), ("Dropout2d", "Dropout2d"), ("DropPath", "drop_path")])
def test_a_p_that_is_no_probability_is_refused(name, shown, p):
    with pytest.raises(ValueError, match=f"{shown}: p is a probability between 0 and 1, not"):
        OURS[name](p=p)


def test_another_mode_is_refused():
    with pytest.raises(ValueError, match="mode is 'row' or 'batch', not 'column'"):
        DropPath(p=0.1, mode="column")
