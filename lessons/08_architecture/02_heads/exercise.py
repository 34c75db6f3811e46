"""Heads: attention in which several queries share one key.

Write the class `GroupedAttention` (grouped-query attention without masks). It has four Linear layers of groundup:
`query` and `output` (width to width), `key` and `value` (width to num_kv_heads * head width, where head width is width
// num_heads). Query heads that stand side by side share one head of keys and values: with 6 heads and 2 of these, heads
0, 1, 2 use the first and 3, 4, 5 the second. Scores are divided by the root of the head width.
"""

import math

import torch
from torch import Tensor
from torch.nn import Module

from groundup.layers.linear import Linear


class GroupedAttention(Module):
    """Self-attention with shared keys and values.

    Shapes: (batch, length, width) -> the same.
    Raises: ValueError where the heads do not divide the width, or the key heads do not divide the heads.
    """

    def __init__(self, *, width: int, num_heads: int, num_kv_heads: int):
        super().__init__()
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError
