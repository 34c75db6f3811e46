"""Dropout layers beyond their cases: random in training, and only there."""

import pytest
import torch

from groundup.layers.attention import MultiHeadAttention
from groundup.layers.dropout import Dropout
from groundup.layers.feed_forward import FeedForward

LAYERS = {
    "Dropout": lambda: Dropout(p=0.4),
    "FeedForward": lambda: FeedForward(embed_dim=8, hidden_dim=16, dropout=0.4),
    "MultiHeadAttention": lambda: MultiHeadAttention(embed_dim=8, num_heads=2, dropout=0.4),
}


@pytest.mark.parametrize("name", LAYERS)
def test_dropout_is_random_in_training_and_absent_in_evaluation(name):
    layer, x = LAYERS[name](), torch.randn(3, 5, 8)
    assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), layer(x))
    assert layer(x).ne(0).all()


def test_the_probability_is_that_of_the_layer():
    for layer in (Dropout(p=0.2), FeedForward(embed_dim=8, hidden_dim=9, dropout=0.2)):
        struck_out = layer(torch.randn(9_000, 8)) == 0
        assert struck_out.float().mean().item() == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_a_p_that_is_no_probability_is_refused(p):
    with pytest.raises(ValueError, match="Dropout: p is a probability between 0 and 1, not"):
        Dropout(p=p)
