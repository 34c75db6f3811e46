"""Groups of weights: which are decayed."""

import pytest
import torch

from groundup.models.language.gpt2 import GPT2
from groundup.optim.adam import AdamW
from groundup.optim.groups import decay_matrices_only


def tiny():
    return GPT2(vocab_size=9, max_seq_len=4, embed_dim=8, num_layers=1, num_heads=2)


def test_only_matrices_decay():
    model = tiny()
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = AdamW(decay_matrices_only(model), lr=0.1, weight_decay=0.5)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)  # no gradient: what moves is moved by decay
    optimizer.step()
    for name, value in model.named_parameters():
        assert torch.allclose(value, before[name] * (0.95 if value.dim() > 1 else 1)), name


def test_every_trainable_weight_stands_in_one_group_and_no_other_does():
    model = tiny()
    model.position_embedding.weight.requires_grad_(False)
    grouped = [parameter for group in decay_matrices_only(model) for parameter in group["params"]]
    assert {id(p) for p in grouped} == {id(p) for p in model.parameters() if p.requires_grad}
    assert len(grouped) == len({id(p) for p in grouped})


def test_a_model_without_trainable_weights_is_refused():
    with pytest.raises(ValueError, match="no weights to train"):
        decay_matrices_only(tiny().requires_grad_(False))
