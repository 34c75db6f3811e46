"""embedding beyond its case: where its gradients go, and the indices it refuses."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.embedding import embedding

EVERY_RUNG = pytest.mark.parametrize("rung", ["loops", "tensors", "manual", "fused"])
OUR_RUNGS = pytest.mark.parametrize("rung", ["loops", "tensors", "manual"])


def table():
    return torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).requires_grad_()


@pytest.mark.parametrize("padding_idx", [None, 1, -2])
def test_manual_embedding_passes_gradcheck_twice_over(padding_idx):
    tokens = torch.tensor([[4, 0, 4], [2, 2, 4]])  # without the padding row, whose numeric gradient is not 0
    assert gradcheck(embedding.manual, (tokens, table(), padding_idx))
    assert gradgradcheck(embedding.manual, (tokens, table(), padding_idx))


@EVERY_RUNG
@pytest.mark.parametrize(("padding_idx", "padding_uses"), [(None, 2), (2, 0), (-3, 0)])
def test_a_row_is_trained_once_for_each_use_and_the_padding_row_never(rung, padding_idx, padding_uses):
    weight = table()
    output = getattr(embedding, rung)(torch.tensor([0, 2, 4, 0, 2, 0]), weight, padding_idx)
    assert torch.equal(output[1], weight[2])
    output.sum().backward()
    assert weight.grad[:, 0].tolist() == [3, 0, padding_uses, 0, 1]


@OUR_RUNGS
@pytest.mark.parametrize(("tokens", "culprit"), [([0, 5], 5), ([[1], [-1]], -1)])
def test_an_index_outside_the_vocabulary_is_named(rung, tokens, culprit):
    with pytest.raises(ValueError, match=f"index {culprit} is outside a vocabulary of 5"):
        getattr(embedding, rung)(torch.tensor(tokens), table())


@OUR_RUNGS
@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8, torch.bool])
def test_indices_that_are_no_integers_are_refused(rung, dtype):
    with pytest.raises(ValueError, match=f"int64 or int32; it was given {dtype}"):
        getattr(embedding, rung)(torch.ones(2, dtype=dtype), table())
