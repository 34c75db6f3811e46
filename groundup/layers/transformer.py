"""The blocks that Transformers are stacked from, and the stacks."""

from collections.abc import Callable, Sequence

from torch import Tensor
from torch.nn import Module, ModuleList

from groundup.layers.activation import ReLU
from groundup.layers.attention import MultiHeadAttention
from groundup.layers.dropout import Dropout
from groundup.layers.feed_forward import FeedForward
from groundup.layers.kv_cache import KeysAndValues, KVCache, one_each
from groundup.layers.normalization import LayerNorm


class TransformerEncoderBlock(Module):
    """Self-attention, then a feed-forward network; what each computes is added to the stream that it reads.

    As published, a norm follows each sum. With `norm_first` it stands before each sublayer instead, and the stream itself is
    never normed: deep stacks train more easily so (https://arxiv.org/abs/2002.04745, section 3.2).

    A mask, `is_causal` and a cache are those of `MultiHeadAttention`.
    Paper: Attention Is All You Need, https://arxiv.org/abs/1706.03762, section 3.1 (d_model is embed_dim, h num_heads, d_ff
    hidden_dim) and section 5.4 for dropout.
    Shapes: x (..., length, embed_dim), mask any that broadcasts to (..., heads, length, length) -> as x.
    Equals: torch.nn.TransformerEncoderLayer(batch_first=True), its start included.
    """

    def __init__(
        self,
        *,
        embed_dim: int,
        num_heads: int,
        hidden_dim: int = 2048,
        dropout: float = 0.1,
        activation: Module | type[Module] = ReLU,
        eps: float = 1e-5,
        norm_first: bool = False,
        bias: bool = True,
    ):
        super().__init__()
        self.norm_first = norm_first
        self.attention = MultiHeadAttention(embed_dim=embed_dim, num_heads=num_heads, dropout=dropout, bias=bias)
        self.attention_norm = LayerNorm(normalized_shape=embed_dim, eps=eps, bias=bias)
        self.attention_dropout = Dropout(p=dropout)
        self.feed_forward = FeedForward(
            embed_dim=embed_dim,
            hidden_dim=hidden_dim,
            activation=activation,
            dropout=dropout,
            hidden_dropout=dropout,
            bias=bias,
        )
        self.feed_forward_norm = LayerNorm(normalized_shape=embed_dim, eps=eps, bias=bias)

    def forward(self, x: Tensor, mask: Tensor | None = None, is_causal: bool = False, cache: KVCache | None = None) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            return self.attention_dropout(self.attention(x, mask=mask, is_causal=is_causal, cache=cache))

        if self.norm_first:
            x = x + attend(self.attention_norm(x))
            return x + self.feed_forward(self.feed_forward_norm(x))
        x = self.attention_norm(x + attend(x))
        return self.feed_forward_norm(x + self.feed_forward(x))


class TransformerDecoderBlock(Module):
    """An encoder block with cross-attention in its middle, which looks into what an encoder made of another text.

    That is `memory`, or its keys and values, projected once for many calls: `cross_attention.project(memory)`. `mask`,
    `is_causal` and the cache are for the text itself, `memory_mask` is for the other.
    Paper: as `TransformerEncoderBlock`; for norm_first too.
    Shapes: x (..., length, embed_dim), memory (..., memory length, embed_dim), mask any that broadcasts to (..., heads,
    length, length), memory_mask any that broadcasts to (..., heads, length, memory length) -> as x.
    Equals: torch.nn.TransformerDecoderLayer(batch_first=True), its start included.
    """

    def __init__(
        self,
        *,
        embed_dim: int,
        num_heads: int,
        hidden_dim: int = 2048,
        dropout: float = 0.1,
        activation: Module | type[Module] = ReLU,
        eps: float = 1e-5,
        norm_first: bool = False,
        bias: bool = True,
    ):
        super().__init__()
        self.norm_first = norm_first
        self.attention = MultiHeadAttention(embed_dim=embed_dim, num_heads=num_heads, dropout=dropout, bias=bias)
        self.attention_norm = LayerNorm(normalized_shape=embed_dim, eps=eps, bias=bias)
        self.attention_dropout = Dropout(p=dropout)
        self.cross_attention = MultiHeadAttention(embed_dim=embed_dim, num_heads=num_heads, dropout=dropout, bias=bias)
        self.cross_attention_norm = LayerNorm(normalized_shape=embed_dim, eps=eps, bias=bias)
        self.cross_attention_dropout = Dropout(p=dropout)
        self.feed_forward = FeedForward(
            embed_dim=embed_dim,
            hidden_dim=hidden_dim,
            activation=activation,
            dropout=dropout,
            hidden_dropout=dropout,
            bias=bias,
        )
        self.feed_forward_norm = LayerNorm(normalized_shape=embed_dim, eps=eps, bias=bias)

    def forward(
        self,
        x: Tensor,
        memory: Tensor | KeysAndValues,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        is_causal: bool = False,
        cache: KVCache | None = None,
    ) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            return self.attention_dropout(self.attention(x, mask=mask, is_causal=is_causal, cache=cache))

        def look_up(x: Tensor) -> Tensor:
            return self.cross_attention_dropout(self.cross_attention(x, memory, memory_mask))

        if self.norm_first:
            x = x + attend(self.attention_norm(x))
            x = x + look_up(self.cross_attention_norm(x))
            return x + self.feed_forward(self.feed_forward_norm(x))
        x = self.attention_norm(x + attend(x))
        x = self.cross_attention_norm(x + look_up(x))
        return self.feed_forward_norm(x + self.feed_forward(x))


class TransformerEncoder(Module):
    """`num_layers` blocks, each built by `block()` with a start of its own, and a last norm where one is given.

    With `norm_first` blocks a last norm belongs there: the stream that they add to was never normed.
    Shapes: as the block's.
    Raises: ValueError for another number of caches than blocks.
    Equals: torch.nn.TransformerEncoder.
    """

    def __init__(self, *, block: Callable[[], Module], num_layers: int, norm: Module | None = None):
        super().__init__()
        self.blocks = ModuleList(block() for _ in range(num_layers))
        self.norm = norm

    def new_caches(self, batch_size: int, max_seq_len: int) -> list[KVCache]:
        """An empty cache for each block, for so many tokens."""
        return [block.attention.new_cache(batch_size, max_seq_len) for block in self.blocks]

    def forward(
        self, x: Tensor, mask: Tensor | None = None, is_causal: bool = False, caches: Sequence[KVCache] | None = None
    ) -> Tensor:
        for block, cache in zip(self.blocks, one_each(caches, len(self.blocks)), strict=True):
            x = block(x, mask=mask, is_causal=is_causal, cache=cache)
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """`num_layers` decoder blocks, each built by `block()` with a start of its own, and a last norm where one is given.

    All blocks look into the same `memory`; in generation into `project(memory)`, computed once for a text.
    Shapes: as the block's.
    Raises: ValueError for another number of caches, or of projected memories, than blocks.
    Equals: torch.nn.TransformerDecoder.
    """

    def __init__(self, *, block: Callable[[], Module], num_layers: int, norm: Module | None = None):
        super().__init__()
        self.blocks = ModuleList(block() for _ in range(num_layers))
        self.norm = norm

    def new_caches(self, batch_size: int, max_seq_len: int) -> list[KVCache]:
        """An empty cache for each block, for so many tokens."""
        return [block.attention.new_cache(batch_size, max_seq_len) for block in self.blocks]

    def project(self, memory: Tensor) -> list[KeysAndValues]:
        """What each block would compute of the memory at every call. Shapes: memory as in `forward`."""
        return [block.cross_attention.project(memory) for block in self.blocks]

    def forward(
        self,
        x: Tensor,
        memory: Tensor | Sequence[KeysAndValues],
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        is_causal: bool = False,
        caches: Sequence[KVCache] | None = None,
    ) -> Tensor:
        memories = [memory] * len(self.blocks) if isinstance(memory, Tensor) else one_each(memory, len(self.blocks))
        caches = one_each(caches, len(self.blocks))
        for block, memory, cache in zip(self.blocks, memories, caches, strict=True):
            x = block(x, memory, mask=mask, memory_mask=memory_mask, is_causal=is_causal, cache=cache)
        return x if self.norm is None else self.norm(x)
