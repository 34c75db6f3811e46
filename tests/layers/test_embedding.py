"""Embedding beyond its case: how it starts, and what the padding row never does."""

import pytest
import torch
from torch import nn

from groundup.layers.embedding import Embedding


@pytest.mark.parametrize("padding_idx", [None, 0, -1])
def test_embedding_starts_as_torchs_does(padding_idx):
    torch.manual_seed(4)
    theirs = nn.Embedding(9, 5, padding_idx=padding_idx).weight
    torch.manual_seed(4)
    ours = Embedding(num_embeddings=9, embedding_dim=5, padding_idx=padding_idx).weight
    assert torch.equal(ours, theirs)


def test_the_padding_row_stays_zero_through_training():
    layer = Embedding(num_embeddings=4, embedding_dim=3, padding_idx=1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    before = layer.weight.detach().clone()
    layer(torch.tensor([[0, 1, 1], [3, 1, 0]])).sum().backward()
    optimizer.step()
    assert layer.weight[1].eq(0).all()
    assert layer.weight[[0, 3]].ne(before[[0, 3]]).all()


@pytest.mark.parametrize("padding_idx", [4, -5])
def test_a_padding_row_outside_the_vocabulary_is_named(padding_idx):
    with pytest.raises(ValueError, match=f"padding_idx={padding_idx} is outside a vocabulary of 4"):
        Embedding(num_embeddings=4, embedding_dim=3, padding_idx=padding_idx)
