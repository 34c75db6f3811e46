"""Attention, with masks.

Write `attention`: softmax(query keyᵀ / sqrt(d) + mask) value, over any number of dimensions in front. `attn_mask` is of
bool (True: this query may see this key) or numbers that are added to the scores; it broadcasts. `is_causal` lets query i
see the keys 0 to i alone; the two are not given together. A query that may see no key gives 0, and gradients through it
are 0, not NaN. Do not call torch's own attention.
"""

import math

import torch
from torch import Tensor


def attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, *, is_causal: bool = False) -> Tensor:
    """What each query takes of the values.

    Shapes: query (..., queries, d), key (..., keys, d), value (..., keys, e), attn_mask any that broadcasts to (...,
    queries, keys) -> (..., queries, e).
    """
    raise NotImplementedError
