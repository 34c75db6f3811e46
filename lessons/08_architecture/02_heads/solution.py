"""The answer to `GroupedAttention`."""

import math

from torch import Tensor
from torch.nn import Module

from groundup.layers.linear import Linear


class GroupedAttention(Module):
    """Self-attention with shared keys and values."""

    def __init__(self, *, width: int, num_heads: int, num_kv_heads: int):
        super().__init__()
        if width % num_heads or num_heads % num_kv_heads:
            raise ValueError(f"{num_heads} heads of a width of {width}, and {num_kv_heads} of keys, do not divide each other")
        self.head_dim, self.shared = width // num_heads, num_heads // num_kv_heads
        self.query = Linear(in_features=width, out_features=width)
        self.key = Linear(in_features=width, out_features=num_kv_heads * self.head_dim)
        self.value = Linear(in_features=width, out_features=num_kv_heads * self.head_dim)
        self.output = Linear(in_features=width, out_features=width)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.head_dim)).transpose(1, 2)  # (batch, heads, length, head_dim)

    def forward(self, x: Tensor) -> Tensor:
        query = self.split(self.query(x))
        key, value = (self.split(layer(x)).repeat_interleave(self.shared, 1) for layer in (self.key, self.value))
        weights = (query @ key.mT / math.sqrt(self.head_dim)).softmax(-1)
        return self.output((weights @ value).transpose(1, 2).flatten(2))
