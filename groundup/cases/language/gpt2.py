"""GPT-2 against transformers' own."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.language.gpt2 import GPT2, WEIGHTS, gpt2

ROUNDING = 1e-12


def ours() -> GPT2:
    model = gpt2(vocab_size=99, max_seq_len=16, embed_dim=32, num_layers=2, num_heads=4, dropout=0.0)
    for block in model.blocks:
        block.attention.key.bias.register_hook(without_rounding)
    return model


def theirs() -> nn.Module:
    from transformers import GPT2Config, GPT2LMHeadModel

    size = dict(vocab_size=99, n_positions=16, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)
    config = GPT2Config(**size, embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0)
    model = GPT2LMHeadModel(config)
    for block in model.transformer.h:
        block.attn.c_attn.bias.register_hook(without_rounding)
    return model


def without_rounding(gradient: Tensor) -> Tensor:
    """A key's bias adds the same to all scores of a query, so its gradient is 0 but for rounding, which no two programs share."""
    return gradient.where(gradient.abs() > ROUNDING, 0)


def sentences(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randint(0, 99, (2, 16), generator=generator))
    yield call(torch.randint(0, 99, (3, 5), generator=generator))


CASES = [
    ModelCase(
        name="gpt2",
        reference="transformers.GPT2LMHeadModel",
        requires=("transformers",),
        ours=ours,
        theirs=theirs,
        weights=WEIGHTS["transformers"],
        call_theirs=lambda model, tokens: model(tokens).logits,
        samples=sentences,
    ),
]
