"""What attention is given: its shapes checked, keys handed to the heads that share them, and masks brought to one form."""

import math

import torch
from torch import Tensor

NAME = "scaled_dot_product_attention"


def check_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None,
    dropout_p: float,
    is_causal: bool,
    enable_gqa: bool,
) -> None:
    """A ValueError that says what does not fit."""
    fault, heads = None, -3 if enable_gqa else -2
    before = tuple(part.shape[:heads] for part in (query, key, value))
    if min(query.dim(), key.dim(), value.dim()) < -heads:
        fault = f"takes query, key and value (..., {'heads, ' if enable_gqa else ''}length, dim)"
    elif query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        fault = "wants one last dimension for query and key, and one length for key and value"
    elif enable_gqa and (query.shape[-3] % max(1, key.shape[-3]) or query.shape[-3] % max(1, value.shape[-3])):
        fault = "with enable_gqa wants heads of key and of value that divide the heads of query"
    elif not before[0] == before[1] == before[2]:
        try:
            torch.broadcast_shapes(*before)
        except RuntimeError:
            shared = not enable_gqa and query.shape[-3:-2] != key.shape[-3:-2]
            hint = "; for heads that share keys, set enable_gqa" if shared else ""
            fault = f"wants dimensions before the {'heads' if enable_gqa else 'length'} that broadcast{hint}"
    if fault is not None:
        shapes = f"query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)}"
        raise ValueError(f"{NAME} {fault}; it was given {shapes}")

    same = query.dtype == key.dtype == value.dtype or torch.is_autocast_enabled(query.device.type)
    if not same or not query.is_floating_point():
        types = f"query {query.dtype}, key {key.dtype}, value {value.dtype}"
        raise ValueError(f"{NAME} takes query, key and value of one floating-point type; it was given {types}")
    if not 0 <= dropout_p <= 1:
        raise ValueError(f"{NAME}: dropout_p is a probability between 0 and 1, not {dropout_p}")
    if attn_mask is not None:
        scores = (*torch.broadcast_shapes(*before[:2]), *query.shape[heads:-1], key.shape[-2])
        check_mask(attn_mask, scores, query.dtype, is_causal)


def check_mask(attn_mask: Tensor, scores: tuple[int, ...], dtype: torch.dtype, is_causal: bool) -> None:
    """A ValueError that says why this mask does not fit scores of this shape and type."""
    if is_causal:
        raise ValueError(f"{NAME} takes attn_mask or is_causal, not both: fold the causal mask into attn_mask")
    if attn_mask.dtype not in (torch.bool, torch.float32, dtype):
        raise ValueError(
            f"{NAME}: attn_mask is of bool (True = may be seen), or of {dtype} or float32, to be added to the scores; "
            f"it was given {attn_mask.dtype}"
        )
    shape = tuple(attn_mask.shape)
    if not 2 <= len(shape) <= len(scores) or any(a not in (1, b) for a, b in zip(reversed(shape), reversed(scores))):
        raise ValueError(f"{NAME}: attn_mask {shape} does not broadcast to the scores (..., query, key), here {scores}")


def share_heads(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Key and value with as many heads as query: each of theirs once for every head of its group, which stand side by side.

    Shapes: query (..., heads, query, head_dim), key and value (..., fewer heads, key, dim) -> two of (..., heads, key, dim).
    """
    return tuple(part.repeat_interleave(query.shape[-3] // part.shape[-3], -3) for part in (key, value))


def causal_mask(queries: int, keys: int, like: Tensor, first: int = 0) -> Tensor:
    """Query i, the first of which has number `first`, may see the keys 0 to i.

    Shapes: -> (queries, keys), 0 where it may and -inf where not, of the type of `like`.
    """
    return torch.full((queries, keys), -math.inf, dtype=like.dtype, device=like.device).triu_(first + 1)


def added_mask(mask: Tensor, like: Tensor) -> Tensor:
    """A mask of bool (True = may be seen) as one to be added: 0 where True, -inf elsewhere; one to be added as it is.

    Shapes: any -> the same, of the type of `like`.
    """
    if mask.dtype != torch.bool:
        return mask.to(like.dtype)
    return torch.zeros(mask.shape, dtype=like.dtype, device=mask.device).masked_fill_(~mask, -math.inf)


def whole_mask(query: Tensor, key: Tensor, attn_mask: Tensor | None, is_causal: bool) -> Tensor | None:
    """The mask that is added to all scores of the query and the key; None where nothing is masked."""
    if is_causal:
        return causal_mask(query.shape[-2], key.shape[-2], query)
    return None if attn_mask is None else added_mask(attn_mask, query)
