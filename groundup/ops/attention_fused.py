"""Scaled dot-product attention, as fast as was found: the library's kernel, or two plain products and a softmax.

Measured on one thread of a Xeon with AMX, forward and backward, as time of the plain products against the kernel: float32
under matmul precision "medium" 0.1-0.3 up to length 128, 0.5 at 256; bfloat16 0.15-0.5, though forward alone 1.2-1.8;
float32 otherwise 1.2-2.4.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.attention_mask import added_mask, causal_mask, check_attention

LONGEST_PLAIN = 256  # up to this length plain products can beat the library's kernel on a CPU
OWN_PRODUCT = 16**3  # up to so many multiplications torch computes a product itself; a larger one it may hand to oneDNN


def plain_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Attention of 4-d inputs as two batched products, which write the scores once and mask them in place."""
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    query_rows, key_rows, value_rows = (part.flatten(0, 1) for part in (query, key, value))
    scores = torch.baddbmm(query.new_zeros(()), query_rows, key_rows.mT, beta=0, alpha=scale)
    blind = None
    if is_causal:
        scores = scores.add_(causal_mask(query.shape[-2], key.shape[-2], query))
    elif attn_mask is not None:
        mask = added_mask(attn_mask, query)
        blind = (mask == -math.inf).all(-1, keepdim=True)  # softmax gives NaN to queries that may see no key at all:
        mask = mask.masked_fill(blind, 0)  # their rows are opened, and their output struck out
        scores = scores.unflatten(0, query.shape[:2]).add_(mask).flatten(0, 1)
    weights = F.dropout(torch.softmax(scores, -1), dropout_p)
    output = torch.bmm(weights, value_rows).unflatten(0, query.shape[:2])
    return output if blind is None else output.masked_fill_(blind, 0)


def plain_is_faster(query: Tensor, key: Tensor, value: Tensor) -> bool:
    """Whether plain products beat the library's kernel here: it hands oneDNN many small products, each slow to start."""
    queries, keys, head_dim = query.shape[-2], key.shape[-2], query.shape[-1]
    if torch.compiler.is_compiling() or query.device.type != "cpu" or query.dim() != 4:
        return False
    if not query.shape[:2] == key.shape[:2] == value.shape[:2] or max(queries, keys) > LONGEST_PLAIN:
        return False
    if queries * keys * head_dim <= OWN_PRODUCT or not query.dtype == key.dtype == value.dtype:
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
    enable_gqa: bool = False,
) -> Tensor:
    check_attention(query, key, value, attn_mask, dropout_p, is_causal, enable_gqa)
    if plain_is_faster(query, key, value):
        return plain_attention(query, key, value, attn_mask, dropout_p, is_causal, scale)
    return F.scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa)
