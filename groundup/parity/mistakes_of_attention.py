"""Mistakes in attention: scale, axis, mask, and how the heads are split and merged."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from groundup.parity.mistakes import Mistake

NAME = "scaled_dot_product_attention"


def attention(
    scale: Callable[[int, int], float] | None = None,
    axis: int = -1,
    masked: Callable[[Tensor, Tensor], Tensor] | None = None,
    reweighed: Callable[[Tensor, Tensor], Tensor] | None = None,
    allowed: Callable[[Tensor], Tensor] | None = None,
    causal: Callable[[Tensor], Tensor] | None = None,
) -> Callable:
    """Attention of which some pieces are others.

    `scale` is made of (head_dim, heads); `masked` hides scores that `allowed` forbids, and `reweighed` hides weights;
    `allowed` and `causal` change what may be seen.
    """

    def change(original, query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, **options) -> Tensor:
        size = 1 / math.sqrt(query.shape[-1]) if options.get("scale") is None else options["scale"]
        size = size if scale is None else scale(query.shape[-1], query.shape[1] if query.dim() > 3 else 1)
        scores = query @ key.mT * size
        if is_causal:
            seen = torch.ones(scores.shape[-2:], dtype=torch.bool, device=query.device).tril()
            attn_mask = seen if causal is None else causal(seen)
        may = None
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            may = attn_mask if allowed is None else allowed(attn_mask)
        elif attn_mask is not None:
            may = attn_mask > -1e4
            may = may if allowed is None else allowed(may)
        if may is not None and reweighed is None:
            scores = scores.masked_fill(~may, -math.inf) if masked is None else masked(scores, may)
        weights = torch.exp(scores - scores.amax(axis, keepdim=True))
        weights = weights / weights.sum(axis, keepdim=True)
        if may is not None and reweighed is not None:
            weights = reweighed(weights, may)
        return torch.nn.functional.dropout(weights, dropout_p) @ value

    return change


def everywhere(may: Tensor) -> Tensor:
    return torch.ones_like(may)


def split_without_transposing(original, query, key, value, *args, **kwargs) -> Tensor:
    """The heads cut out of (batch, length, heads * head_dim) as if it were (batch, heads, length, head_dim)."""

    def cut(x: Tensor) -> Tensor:
        return x.transpose(1, 2).reshape(x.shape)

    return original(cut(query), cut(key), cut(value), *args, **kwargs)


def merged_without_transposing(original, *args, **kwargs) -> Tensor:
    """(batch, heads, length, head_dim) laid out as it is, and read as (batch, length, heads * head_dim)."""
    output = original(*args, **kwargs)
    batch, heads, length, width = output.shape
    return output.reshape(batch, length, heads, width).transpose(1, 2)


def mistakes() -> list[Mistake]:
    changes = {
        "a missing 1/sqrt(d): the scores are not scaled": attention(scale=lambda d, heads: 1.0),
        "the scores are divided by d instead of by sqrt(d)": attention(scale=lambda d, heads: 1 / d),
        "the scores are multiplied by sqrt(d) instead of divided": attention(scale=lambda d, heads: math.sqrt(d)),
        "the scale is that of embed_dim: it should be 1/sqrt(head_dim)": attention(
            scale=lambda d, heads: 1 / math.sqrt(d * heads)
        ),
        "a wrong axis: the softmax is taken over the queries, it should be over the keys": attention(axis=-2),
        "a wrong axis: the softmax is taken over the heads, it should be over the keys": attention(axis=1),
        "the mask is inverted": attention(allowed=torch.logical_not),
        "the mask is not applied: what is padding, or comes later, is seen": attention(allowed=everywhere, causal=everywhere),
        "the mask multiplies the weights after the softmax: the rows no longer sum to 1": attention(reweighed=torch.mul),
        "masked scores are set to 0: only minus infinity hides them": attention(masked=lambda s, may: s.masked_fill(~may, 0.0)),
        "masked scores are multiplied by 0: only minus infinity hides them": attention(masked=torch.mul),
        "the causal mask is off by one: a query sees one key too far": attention(
            causal=lambda seen: torch.ones_like(seen).tril(1)
        ),
        "the causal mask is the wrong triangle: queries see only what comes later": attention(
            causal=lambda s: torch.ones_like(s).triu()
        ),
        "key and value are swapped": lambda original, query, key, value, *a, **k: original(query, value, key, *a, **k),
        "query and key are swapped": lambda original, query, key, value, *a, **k: original(key, query, value, *a, **k),
        "the heads are split without transposing: (batch, length, heads, head_dim) comes first": split_without_transposing,
        "the heads are merged without transposing back": merged_without_transposing,
        "dropout strikes out attention weights in evaluation too": attention_dropout_always,
    }
    return [Mistake(NAME, cause, change) for cause, change in changes.items()]


def attention_dropout_always(original, query, key, value, attn_mask=None, dropout_p=0.0, *args, **kwargs) -> Tensor:
    return original(query, key, value, attn_mask, dropout_p or 0.1, *args, **kwargs)
