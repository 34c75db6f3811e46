"""Answers to `attention` that are wrong in the ways that people are."""

import math

import torch


def numbers(query, key, mask, is_causal):
    if is_causal:
        mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril()
    if mask is None:
        return torch.zeros(query.shape[-2], key.shape[-2], dtype=query.dtype)
    return torch.zeros(mask.shape, dtype=query.dtype).masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else mask


def attended(query, key, value, mask, scale=None, dim=-1, blind=True):
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    none = (mask == -math.inf).all(-1, keepdim=True)
    scores = query @ key.mT * scale + (mask.masked_fill(none, 0) if blind else mask)
    output = scores.softmax(dim) @ value
    return output.masked_fill(none, 0) if blind else output


def not_scaled(query, key, value, attn_mask=None, *, is_causal=False):
    """The scores are not divided by the root of d: for long vectors the softmax then takes one key and forgets the others."""
    return attended(query, key, value, numbers(query, key, attn_mask, is_causal), scale=1.0)


def scaled_by_d(query, key, value, attn_mask=None, *, is_causal=False):
    """The scores are divided by d itself: by its root, which is how widely a product of d random numbers spreads."""
    return attended(query, key, value, numbers(query, key, attn_mask, is_causal), scale=1 / query.shape[-1])


def over_queries(query, key, value, attn_mask=None, *, is_causal=False):
    """The softmax runs over the queries: each query shares itself out among the keys, so it runs over the last dimension."""
    mask = numbers(query, key, attn_mask, is_causal)
    scores = query @ key.mT / math.sqrt(query.shape[-1]) + mask.clamp(min=-1e30)
    return scores.softmax(-2) @ value


def mask_after(query, key, value, attn_mask=None, *, is_causal=False):
    """The mask strikes out weights after the softmax: the shares then do not sum to 1, and hidden keys have changed the
    others. Mask the scores."""
    mask = numbers(query, key, attn_mask, is_causal)
    plain = torch.where(mask == -math.inf, 0.0, mask)
    weights = (query @ key.mT / math.sqrt(query.shape[-1]) + plain).softmax(-1)
    return weights.masked_fill(mask == -math.inf, 0) @ value


def sees_the_next(query, key, value, attn_mask=None, *, is_causal=False):
    """Causal attention sees one key too far: query i may see the keys 0 to i, and i + 1 is what it is to predict."""
    if is_causal:
        attn_mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril(1)
    return attended(query, key, value, numbers(query, key, attn_mask, False))


def mask_turned_around(query, key, value, attn_mask=None, *, is_causal=False):
    """A mask of bool is read the other way round: True says that this query MAY see this key."""
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        attn_mask = ~attn_mask
    return attended(query, key, value, numbers(query, key, attn_mask, is_causal))


def nan_where_blind(query, key, value, attn_mask=None, *, is_causal=False):
    """A query that may see nothing gives NaN: a softmax of nothing but minus infinity is 0 / 0. Open such rows, and strike
    their output out."""
    return attended(query, key, value, numbers(query, key, attn_mask, is_causal), blind=False)
