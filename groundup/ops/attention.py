"""Scaled dot-product attention: each query takes the mean of the values, weighted by how well their keys answer it."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.activation import softmax
from groundup.ops.dropout import dropout
from groundup.ops.ladder import Ladder

LONGEST_PLAIN = 256  # up to this length plain products can beat the library's kernel on a CPU
OWN_PRODUCT = 16**3  # up to so many multiplications torch computes a product itself; a larger one it may hand to oneDNN


def check_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None, is_causal: bool) -> None:
    """A ValueError that says what does not fit."""
    if attn_mask is not None and is_causal:
        raise ValueError(
            "scaled_dot_product_attention takes attn_mask or is_causal, not both: fold the causal mask into attn_mask"
        )
    if attn_mask is not None and attn_mask.dtype != torch.bool and not attn_mask.is_floating_point():
        raise ValueError(
            "scaled_dot_product_attention: attn_mask is of bool (True = may be seen) or of floating point, to be added to the "
            f"scores; it was given {attn_mask.dtype}"
        )
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ValueError(
            "scaled_dot_product_attention: query and key share their last dimension, key and value their length; it was given "
            f"query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)}"
        )


def causal_mask(query: Tensor, key: Tensor) -> Tensor:
    """Query i may see key j where j <= i. Shapes: -> (query, key), of bool."""
    return torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()


def unseeing(mask: Tensor) -> Tensor:
    """The queries that may see no key at all. Shapes: (..., query, key) -> (..., query, 1), of bool."""
    return (~mask if mask.dtype == torch.bool else mask == -math.inf).all(-1, keepdim=True)


def scaled_dot_product_attention_tensors(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """softmax(query key^T * scale + mask) value, with scale = 1 / sqrt(head_dim) where none is given.

    `attn_mask` is of bool (True = this query may see this key) or is added to the scores (0 = may, -inf = may not).
    `is_causal` lets query i see the keys 0 to i. A query that may see no key gives 0. `dropout_p` strikes out weights
    whenever it is not 0: outside of training, pass 0.

    Paper: Attention Is All You Need, https://arxiv.org/abs/1706.03762, section 3.2.1.
    Shapes: query (batch, heads, query, head_dim), key (batch, heads, key, head_dim), value (batch, heads, key, value_dim),
    attn_mask any that broadcasts to (batch, heads, query, key) -> (batch, heads, query, value_dim).
    Raises: ValueError for attn_mask together with is_causal, a mask of another type, and shapes that do not match.
    Equals: torch.nn.functional.scaled_dot_product_attention.
    """
    check_attention(query, key, value, attn_mask, is_causal)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    mask = causal_mask(query, key) if is_causal else attn_mask
    scores = query @ key.mT * scale  # (batch, heads, query, key)
    if mask is None:
        return dropout(softmax(scores, -1), dropout_p) @ value
    blind = unseeing(mask)  # softmax of minus infinities alone is NaN: these rows are opened, and their output struck out
    if mask.dtype == torch.bool:
        scores = scores.masked_fill(~(mask | blind), -math.inf)
    else:
        scores = scores + mask.masked_fill(blind, 0).to(scores.dtype)
    return (dropout(softmax(scores, -1), dropout_p) @ value).masked_fill(blind, 0)


def plain_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """The same for 4-d inputs as two batched products, writing the scores once and masking them in place."""
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    mask = causal_mask(query, key) if is_causal else attn_mask
    query_rows, key_rows, value_rows = (part.flatten(0, 1) for part in (query, key, value))
    scores = torch.baddbmm(query.new_zeros(()), query_rows, key_rows.mT, beta=0, alpha=scale)
    blind = None
    if mask is not None:
        blind = unseeing(mask)
        if mask.dtype == torch.bool:
            mask = torch.zeros_like(mask, dtype=query.dtype).masked_fill_(~(mask | blind), -math.inf)
        else:
            mask = mask.masked_fill(blind, 0)
        scores = scores.unflatten(0, query.shape[:2]).add_(mask).flatten(0, 1)
    weights = F.dropout(torch.softmax(scores, -1), dropout_p)
    output = torch.bmm(weights, value_rows).unflatten(0, query.shape[:2])
    return output if blind is None else output.masked_fill_(blind, 0)


def plain_is_faster(query: Tensor, key: Tensor) -> bool:
    """Whether plain products beat the library's kernel here: it hands oneDNN many small products, each slow to start.

    Measured on a Xeon with AMX, forward and backward, as time against the kernel: float32 under matmul precision "medium"
    0.06-0.2 up to length 128, 0.4 at 256; bfloat16 0.1-0.5, though forward alone 1.1-1.7; float32 otherwise 1.0-2.5.
    """
    queries, keys, head_dim = query.shape[-2], key.shape[-2], query.shape[-1]
    if torch.compiler.is_compiling() or query.device.type != "cpu" or query.dim() != 4:
        return False
    if query.shape[:2] != key.shape[:2] or max(queries, keys) > LONGEST_PLAIN or queries * keys * head_dim <= OWN_PRODUCT:
        return False
    if query.dtype == torch.float32:
        return torch.get_float32_matmul_precision() == "medium"
    return query.dtype == torch.bfloat16 and torch.is_grad_enabled() and query.requires_grad


def scaled_dot_product_attention_fused(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    check_attention(query, key, value, attn_mask, is_causal)
    attend = plain_attention if plain_is_faster(query, key) else F.scaled_dot_product_attention
    return attend(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)


scaled_dot_product_attention = Ladder(scaled_dot_product_attention_tensors, fused=scaled_dot_product_attention_fused)
