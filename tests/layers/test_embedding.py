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


@pytest.mark.parametrize(
    "options", [dict(max_norm=0.7), dict(max_norm=0.7, norm_type=1.0), dict(scale_grad_by_freq=True), dict(sparse=True)]
)
def test_the_options_are_handed_on(options):
    ours, theirs = Embedding(num_embeddings=5, embedding_dim=3, **options), nn.Embedding(5, 3, **options)
    ours.load_state_dict(theirs.state_dict())
    tokens = torch.tensor([[0, 2, 2], [3, 2, 0]])
    for layer in (ours, theirs):
        layer(tokens).square().sum().backward()
    torch.testing.assert_close(ours.weight, theirs.weight)
    assert ours.weight.grad.is_sparse == theirs.weight.grad.is_sparse == ("sparse" in options)
    torch.testing.assert_close(ours.weight.grad.to_dense(), theirs.weight.grad.to_dense())


@pytest.mark.parametrize("padding_idx", [3, -4])
def test_the_ends_of_the_vocabulary_can_be_the_padding(padding_idx):
    layer = Embedding(num_embeddings=4, embedding_dim=3, padding_idx=padding_idx)
    assert layer.weight[padding_idx].eq(0).all()


def test_an_index_outside_the_vocabulary_is_named():
    with pytest.raises(ValueError, match="embedding: index 4 is outside a vocabulary of 4"):
        Embedding(num_embeddings=4, embedding_dim=3)(torch.tensor([1, 4]))
