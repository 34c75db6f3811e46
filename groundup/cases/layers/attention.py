"""MultiHeadAttention against torch.nn's, and with grouped queries and rotary positions against Llama's."""

import math
from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.attention import MultiHeadAttention
from groundup.layers.position import RotaryPosition
from groundup.weights.rules import Rename, Split

ATTENTION = dict(embed_dim=12, num_heads=3)
WEIGHTS = [
    Split("in_proj_weight", ("query.weight", "key.weight", "value.weight")),
    *(Rename(f"{name[0]}_proj_weight", f"{name}.weight") for name in ("query", "key", "value")),  # where the widths differ
    Split("in_proj_bias", ("query.bias", "key.bias", "value.bias")),
    Rename("out_proj.{}", "output.{}"),
]
LLAMA_WEIGHTS = [Rename(f"{name[0]}_proj.{{}}", f"{name}.{{}}") for name in ("query", "key", "value", "output")]


def torch_mask(heads: int, x: Tensor, context: Tensor, mask: Tensor | None, is_causal: bool) -> Tensor | None:
    """A mask of ours as torch.nn takes it: of bool it says what is hidden, and every head of every text has its own."""
    queries, keys = x.shape[-2], context.shape[-2]
    if is_causal:
        causal = torch.ones(queries, keys, dtype=torch.bool).tril()
        if mask is None or mask.dtype == torch.bool:
            mask = causal if mask is None else mask & causal
        else:
            mask = mask.masked_fill(~causal, -math.inf)
    if mask is None:
        return None
    mask = ~mask if mask.dtype == torch.bool else mask
    return mask.expand(*x.shape[:-2], heads, queries, keys).flatten(0, -3)


def call_torch(
    theirs: nn.MultiheadAttention,
    x: Tensor,
    context: Tensor | None = None,
    mask: Tensor | None = None,
    is_causal: bool = False,
    values: Tensor | None = None,
) -> Tensor:
    context = x if context is None else context
    mask = torch_mask(theirs.num_heads, x, context, mask, is_causal)
    return theirs(x, context, context if values is None else values, attn_mask=mask, need_weights=False)[0]


def padding_mask() -> Tensor:
    """Of two texts of 5 the second has 3. Shapes: -> (batch, 1, 1, key)."""
    return torch.tensor([[True] * 5, [True] * 3 + [False] * 2])[:, None, None]


def draw(generator: Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def sentences(generator: Generator) -> Iterator[Sample]:
    padding, new = padding_mask(), partial(draw, generator)
    yield call(new(2, 5, 12))
    yield call(new(5, 2, 12).transpose(0, 1), is_causal=True)
    yield call(new(2, 5, 12), mask=padding)
    yield call(new(2, 5, 12), mask=padding, is_causal=True)
    yield call(new(2, 5, 12), mask=new(2, 1, 5, 5).masked_fill(~padding, -math.inf), is_causal=True)
    yield call(new(2, 4, 12), new(2, 5, 12), padding)
    yield call(new(2, 4, 12), context=new(2, 6, 12), is_causal=True)
    yield call(new(2, 4, 12), new(2, 5, 12), new(2, 3, 4, 5).masked_fill(~padding, -math.inf))
    yield call(new(2, 4, 12), new(2, 5, 12), values=new(2, 5, 12))
    yield call(new(5, 12), values=new(5, 12), is_causal=True)  # one text alone


def other_widths(generator: Generator) -> Iterator[Sample]:
    new = partial(draw, generator)
    yield call(new(2, 4, 12), new(2, 5, 7), padding_mask(), values=new(2, 5, 9))
    yield call(new(4, 12), new(5, 7), values=new(5, 9))


def llama_attention() -> nn.Module:
    from transformers.models.llama.modeling_llama import LlamaAttention, LlamaConfig

    config = LlamaConfig(hidden_size=24, num_attention_heads=6, num_key_value_heads=2)
    config._attn_implementation = "sdpa"  # the other one computes its softmax in float32
    return LlamaAttention(config, layer_idx=0)


def call_llama(theirs: nn.Module, x: Tensor, mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    turns = LlamaRotaryEmbedding(theirs.config)(x, torch.arange(x.shape[1])[None])
    mask = torch.ones(1, 1, 1, 1, dtype=torch.bool) if mask is None else mask  # without any, theirs would be causal
    return theirs(x, turns, ~torch_mask(1, x, x, mask, is_causal).unsqueeze(1))[0]


def llama_sentences(generator: Generator) -> Iterator[Sample]:
    new = partial(draw, generator)
    yield call(new(2, 5, 24))
    yield call(new(2, 7, 24), is_causal=True)
    yield call(new(2, 5, 24), mask=padding_mask(), is_causal=True)


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
    ModuleCase(
        name="MultiHeadAttention_other_widths",
        reference="torch.nn.MultiheadAttention",
        ours=partial(MultiHeadAttention, **ATTENTION, key_dim=7, value_dim=9),
        theirs=partial(nn.MultiheadAttention, **ATTENTION, kdim=7, vdim=9, batch_first=True),
        weights=WEIGHTS,
        call_theirs=call_torch,
        samples=other_widths,
    ),
    ModuleCase(
        name="GroupedQueryAttention",
        reference="transformers.LlamaAttention",
        requires=("transformers",),
        ours=lambda: MultiHeadAttention(embed_dim=24, num_heads=6, num_kv_heads=2, bias=False, rotate=RotaryPosition(head_dim=4)),
        theirs=llama_attention,
        weights=LLAMA_WEIGHTS,
        call_theirs=call_llama,
        samples=llama_sentences,
    ),
]
