"""GPT-2 against transformers' own."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.language.gpt2 import WEIGHTS, gpt2


def theirs() -> nn.Module:
    from transformers import GPT2Config, GPT2LMHeadModel

    size = dict(vocab_size=99, n_positions=16, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)
    return GPT2LMHeadModel(GPT2Config(**size, embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0))


def sentences(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randint(0, 99, (2, 16), generator=generator))
    yield call(torch.randint(0, 99, (3, 5), generator=generator))


CASES = [
    ModelCase(
        name="gpt2",
        reference="transformers.GPT2LMHeadModel",
        requires=("transformers",),
        ours=partial(gpt2, vocab_size=99, max_seq_len=16, embed_dim=32, num_layers=2, num_heads=4, dropout=0.0),
        theirs=theirs,
        weights=WEIGHTS["transformers"],
        call_theirs=lambda model, tokens: model(tokens).logits,
        samples=sentences,
    ),
]
