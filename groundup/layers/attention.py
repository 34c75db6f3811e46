"""Attention with several heads."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import Module

from groundup.layers.kv_cache import KeysAndValues, KVCache
from groundup.layers.linear import Linear
from groundup.ops.attention import attention_weights, scaled_dot_product_attention


def check_width(name: str, x: Tensor, projection: Linear) -> None:
    """A ValueError where these vectors are not of the width that the projection takes."""
    width = projection.weight.shape[1]
    if x.dim() < 2 or x.shape[-1] != width:
        raise ValueError(f"MultiHeadAttention: {name} takes (..., length, {width}); it was given {tuple(x.shape)}")


def seen_only(mask: Tensor | None, last: Tensor, keys: int) -> Tensor:
    """Of the keys that a mask lets through, if there is one, those alone that come no later than each query's last one.

    Shapes: mask any, last (query), or (1) for all queries alike -> what mask and (query, keys) broadcast to.
    """
    seen = torch.arange(keys, device=last.device) <= last.unsqueeze(-1)
    if mask is None:
        return seen
    try:
        torch.broadcast_shapes(mask.shape, seen.shape)
    except RuntimeError:
        shape = tuple(mask.shape)
        raise ValueError(
            f"a mask {shape} does not broadcast to {len(last)} queries and {keys} keys (of a cache, all its places)"
        ) from None
    return mask.masked_fill(~seen, -math.inf) if mask.is_floating_point() else mask & seen


class MultiHeadAttention(Module):
    """Each position gathers what it needs from all positions of a context, through several heads at once.

    Without `context` the positions of `x` look at each other (self-attention). A context's vectors may be of another width,
    `key_dim`; the values can be read from other vectors than the keys, `values`, of width `value_dim`.

    `mask` is of bool (True = this query may see this key) or is added to the scores; for padding, give (batch, 1, 1, key).
    With `is_causal` position i sees the positions 0 to i, so far as the mask lets it.

    Of `num_kv_heads` heads of keys and values, fewer than `num_heads`, each serves several heads of queries that stand side
    by side (grouped-query attention; with one alone, multi-query attention).

    In self-attention `rotate(query, key, positions)` returns the heads of both, (..., heads, length, head_dim), turned by
    their positions, (length): `RotaryPosition` is one such.

    A text that is written token by token keeps its keys and values in a `cache`: x is what is new, its positions follow those
    held, and a mask counts all `max_seq_len` places of the cache as keys. A context that stays is projected once: give
    `project(context)` in its place.

    Paper: Attention Is All You Need, https://arxiv.org/abs/1706.03762, section 3.2.2 (d_model is embed_dim, h num_heads);
    grouped queries, https://arxiv.org/abs/2305.13245, section 2.2 (G is num_kv_heads).
    Shapes: x (..., query, embed_dim), context (..., key, key_dim), values (..., key, value_dim), mask any that broadcasts to
    (..., heads, query, key) -> (..., query, embed_dim).
    Raises: ValueError for heads that do not divide embed_dim or each other, for vectors of another width, a mask that does
    not broadcast, and a cache or `rotate` with a context.
    Equals: torch.nn.MultiheadAttention(batch_first=True), its start included.
    """

    def __init__(
        self,
        *,
        embed_dim: int,
        num_heads: int,
        num_kv_heads: int | None = None,
        key_dim: int | None = None,
        value_dim: int | None = None,
        dropout: float = 0.0,
        bias: bool = True,
        rotate: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
    ):
        super().__init__()
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        if num_heads < 1 or embed_dim % num_heads:
            raise ValueError(f"MultiHeadAttention: {num_heads} heads do not divide embed_dim={embed_dim}")
        if num_kv_heads < 1 or num_heads % num_kv_heads:
            raise ValueError(f"MultiHeadAttention: num_kv_heads={num_kv_heads} does not divide num_heads={num_heads}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"MultiHeadAttention: dropout is a probability between 0 and 1, not {dropout}")
        self.num_heads, self.num_kv_heads, self.head_dim = num_heads, num_kv_heads, embed_dim // num_heads
        self.dropout, self.rotate = dropout, rotate
        shared_dim = num_kv_heads * self.head_dim
        self.query = Linear(in_features=embed_dim, out_features=embed_dim, bias=bias)
        self.key = Linear(in_features=embed_dim if key_dim is None else key_dim, out_features=shared_dim, bias=bias)
        self.value = Linear(in_features=embed_dim if value_dim is None else value_dim, out_features=shared_dim, bias=bias)
        self.output = Linear(in_features=embed_dim, out_features=embed_dim, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, and set the biases to 0."""
        self.output.reset_parameters()
        projections = (self.query, self.key, self.value)
        outputs = [len(projection.weight) for projection in projections]
        if len({projection.weight.shape[1] for projection in projections}) == 1:
            outputs = [sum(outputs)] * 3  # three projections of the same width count as one, as they do in torch
        with torch.no_grad():
            for projection, fan_out in zip(projections, outputs, strict=True):
                bound = math.sqrt(6 / (projection.weight.shape[1] + fan_out))  # Glorot's
                projection.weight.uniform_(-bound, bound)
            for projection in (*projections, self.output):
                if projection.bias is not None:
                    projection.bias.zero_()

    def split(self, x: Tensor) -> Tensor:
        """Shapes: (..., length, heads * head_dim) -> (..., heads, length, head_dim)."""
        return x.unflatten(-1, (-1, self.head_dim)).transpose(-3, -2)

    def new_cache(self, batch_size: int, max_seq_len: int) -> KVCache:
        """An empty cache for so many texts of so many tokens."""
        weight, kind = self.key.weight, self.key.weight.device.type
        autocast = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
        lowered = autocast and weight.dtype == torch.float32
        return KVCache(
            batch_size=batch_size,
            num_kv_heads=self.num_kv_heads,
            max_seq_len=max_seq_len,
            head_dim=self.head_dim,
            dtype=torch.get_autocast_dtype(kind) if lowered else weight.dtype,
            device=weight.device,
        )

    def project(self, context: Tensor, values: Tensor | None = None) -> KeysAndValues:
        """The keys and values of a context, which `forward` takes in its place.

        Shapes: context (..., key, key_dim), values (..., key, value_dim) -> two of (..., num_kv_heads, key, head_dim).
        """
        values = context if values is None else values
        check_width("key", context, self.key)
        check_width("value", values, self.value)
        return KeysAndValues(self.split(self.key(context)), self.split(self.value(values)))

    def attended(
        self,
        x: Tensor,
        context: Tensor | KeysAndValues | None,
        mask: Tensor | None,
        is_causal: bool,
        values: Tensor | None,
        cache: KVCache | None,
    ) -> tuple[Tensor, KeysAndValues, Tensor | None, bool]:
        """The queries, the keys and values, their mask, and whether causality is left to the op (it takes no mask beside)."""
        check_width("query", x, self.query)
        if context is not None and (cache is not None or self.rotate is not None):
            raise ValueError("cache and rotate are for self-attention; for a context that stays, give project(context)")
        if isinstance(context, KeysAndValues) and values is not None:
            raise ValueError("project(context, values) holds values already; give none beside")
        positions = torch.arange(x.shape[-2], device=x.device) if cache is None else cache.positions(x.shape[-2])
        query = self.split(self.query(x))
        if not isinstance(context, KeysAndValues):
            context = self.project(x if context is None else context, values)
        if self.rotate is not None:
            query, turned = self.rotate(query, context.keys, positions)
            context = KeysAndValues(turned, context.values)
        if cache is not None or (is_causal and mask is not None):
            keys = context.keys.shape[-2] if cache is None else cache.max_seq_len
            mask, is_causal = seen_only(mask, positions if is_causal else positions[-1:], keys), False
        if cache is not None:
            context = cache.append(*context)
        return query, context, mask, is_causal

    def forward(
        self,
        x: Tensor,
        context: Tensor | KeysAndValues | None = None,
        mask: Tensor | None = None,
        is_causal: bool = False,
        *,
        values: Tensor | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:
        q, (k, v), mask, is_causal = self.attended(x, context, mask, is_causal, values, cache)
        dropout, shared = self.dropout if self.training else 0.0, self.num_kv_heads < self.num_heads
        x = scaled_dot_product_attention(q, k, v, mask, dropout, is_causal, enable_gqa=shared)
        return self.output(x.transpose(-3, -2).flatten(-2))

    def weights(
        self,
        x: Tensor,
        context: Tensor | KeysAndValues | None = None,
        mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """How much each position takes of each of its context's, head by head and without dropout: for pictures.

        Shapes: as `forward` -> (..., heads, query, key); each row sums to 1.
        """
        q, (k, _), mask, is_causal = self.attended(x, context, mask, is_causal, None, None)
        return attention_weights(q, k, mask, is_causal, enable_gqa=self.num_kv_heads < self.num_heads)
