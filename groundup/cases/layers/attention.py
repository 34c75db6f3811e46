"""MultiHeadAttention against torch.nn's."""

import math
from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.attention import MultiHeadAttention
from groundup.weights.rules import Rename, Split

ATTENTION = dict(embed_dim=12, num_heads=3)
WEIGHTS = [
    Split("in_proj_weight", ("query.weight", "key.weight", "value.weight")),
    Split("in_proj_bias", ("query.bias", "key.bias", "value.bias")),
    Rename("out_proj.{}", "output.{}"),
]


def call_torch(
    theirs: nn.MultiheadAttention, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None, is_causal: bool = False
) -> Tensor:
    """Their bool masks say what is hidden, and they want one mask for every head of every sentence."""
    context = x if context is None else context
    batch, queries, keys = len(x), x.shape[1], context.shape[1]
    if is_causal:
        mask = torch.ones(queries, keys, dtype=torch.bool).tril()
    if mask is not None:
        mask = ~mask if mask.dtype == torch.bool else mask
        mask = mask.expand(batch, theirs.num_heads, queries, keys).flatten(0, 1)
    return theirs(x, context, context, attn_mask=mask, need_weights=False)[0]


def sentences(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    padding = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])[:, None, None]  # (batch, 1, 1, key)
    yield call(draw(2, 5, 12))
    yield call(draw(5, 2, 12).transpose(0, 1), is_causal=True)
    yield call(draw(2, 5, 12), mask=padding)
    yield call(draw(2, 4, 12), draw(2, 5, 12), padding)
    yield call(draw(2, 4, 12), context=draw(2, 6, 12), is_causal=True)
    yield call(draw(2, 4, 12), draw(2, 5, 12), draw(2, 3, 4, 5).masked_fill(~padding, -math.inf))


CASES = [
    ModuleCase(
        name="MultiHeadAttention",
        reference="torch.nn.MultiheadAttention",
        ours=partial(MultiHeadAttention, **ATTENTION),
        theirs=partial(nn.MultiheadAttention, **ATTENTION, batch_first=True),
        weights=WEIGHTS,
        call_theirs=call_torch,
        samples=sentences,
    ),
]
