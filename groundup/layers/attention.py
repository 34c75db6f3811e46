"""Attention with several heads."""

import math

import torch
from torch import Tensor
from torch.nn import Module

from groundup.layers.linear import Linear
from groundup.ops.attention import scaled_dot_product_attention


class MultiHeadAttention(Module):
    """Each position gathers what it needs from all positions of a context, through several heads at once.

    Without `context` the positions of `x` look at each other (self-attention). `mask` is of bool (True = this query may
    see this key) or is added to the scores; for padding, give (batch, 1, 1, key).

    Paper: Attention Is All You Need, https://arxiv.org/abs/1706.03762, section 3.2.2 (d_model is embed_dim, h num_heads).
    Shapes: x (batch, query, embed_dim), context (batch, key, embed_dim), mask any that broadcasts to (batch, heads, query,
    key) -> (batch, query, embed_dim).
    Raises: ValueError for heads that do not divide embed_dim, and for mask together with is_causal.
    Equals: torch.nn.MultiheadAttention(batch_first=True), its start included.
    """

    def __init__(self, *, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True):
        super().__init__()
        if embed_dim % num_heads:
            raise ValueError(f"MultiHeadAttention: {num_heads} heads do not divide embed_dim={embed_dim}")
        self.num_heads, self.dropout = num_heads, dropout
        self.query = Linear(in_features=embed_dim, out_features=embed_dim, bias=bias)
        self.key = Linear(in_features=embed_dim, out_features=embed_dim, bias=bias)
        self.value = Linear(in_features=embed_dim, out_features=embed_dim, bias=bias)
        self.output = Linear(in_features=embed_dim, out_features=embed_dim, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, and set the biases to 0."""
        self.output.reset_parameters()
        # Glorot's bound sqrt(6 / (fan in + fan out)), where torch counts the three projections as one of 3 embed_dim outputs
        bound = math.sqrt(6 / (4 * len(self.query.weight)))
        with torch.no_grad():
            for projection in (self.query, self.key, self.value):
                projection.weight.uniform_(-bound, bound)
            for projection in self.children():
                if projection.bias is not None:
                    projection.bias.zero_()

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)  # (batch, heads, length, head_dim)

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
        context = x if context is None else context
        q, k, v = self.split(self.query(x)), self.split(self.key(context)), self.split(self.value(context))
        dropout = self.dropout if self.training else 0.0
        x = scaled_dot_product_attention(q, k, v, mask, dropout, is_causal)
        return self.output(x.transpose(1, 2).flatten(2))  # (batch, query, embed_dim)
