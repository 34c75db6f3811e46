"""FeedForward against the same composed from torch.nn, GatedFeedForward against Llama's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.activation import GELU
from groundup.layers.feed_forward import FeedForward, GatedFeedForward
from groundup.weights.rules import Rename


def composed() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 10), nn.GELU(), nn.Dropout(0.2), nn.Linear(10, 4), nn.Dropout(0.3))


def llama() -> nn.Module:
    from transformers.models.llama.modeling_llama import LlamaConfig, LlamaMLP

    return LlamaMLP(LlamaConfig(hidden_size=4, intermediate_size=10, num_attention_heads=1))


def sentences(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 5, 4, generator=generator, dtype=torch.float64))
    yield call(torch.randn(5, 3, 4, generator=generator, dtype=torch.float64).transpose(0, 1))
    yield call(torch.randn(0, 3, 4, generator=generator, dtype=torch.float64))


CASES = [
    ModuleCase(
        name="FeedForward",
        reference="composed",
        ours=partial(FeedForward, embed_dim=4, hidden_dim=10, activation=GELU, dropout=0.3, hidden_dropout=0.2),
        theirs=composed,
        weights=[Rename("0.{}", "expand.{}"), Rename("3.{}", "contract.{}")],
        samples=sentences,
        modes=("eval",),
    ),
    ModuleCase(
        name="GatedFeedForward",
        reference="transformers.LlamaMLP",
        requires=("transformers",),
        ours=partial(GatedFeedForward, embed_dim=4, hidden_dim=10),
        theirs=llama,
        weights=[Rename("gate_proj.{}", "gate.{}"), Rename("up_proj.{}", "expand.{}"), Rename("down_proj.{}", "contract.{}")],
        samples=sentences,
    ),
]
