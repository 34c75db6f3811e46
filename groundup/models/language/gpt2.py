"""GPT-2: a Transformer that does nothing but continue text, and so learns from any text there is.

Of the Transformer (Vaswani et al. 2017) it keeps the decoder alone. There is no second text to look into, so each block is
self-attention and a feed-forward network; no position sees a later one, so every character or word of a text is a question
("what comes next?") with its answer beside it. GPT-2 then changes this:

- the norm stands before each sublayer instead of behind the sum: an unbroken stream of sums leads from the embedding to the
  output, along which gradients reach the first block undiminished; one more norm ends the stream;
- what is added to the stream starts smaller the more blocks there are, since a sum of n such parts grows as sqrt(n);
- positions are learnt vectors instead of sines, and GELU, in its form with tanh, stands for ReLU;
- the output layer is the table of the input embedding, read the other way around.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Module, ModuleList

from groundup.layers.activation import GELU
from groundup.layers.attention import MultiHeadAttention
from groundup.layers.dropout import Dropout
from groundup.layers.embedding import Embedding
from groundup.layers.feed_forward import FeedForward
from groundup.layers.kv_cache import KVCache, one_each
from groundup.layers.linear import Linear
from groundup.layers.normalization import LayerNorm
from groundup.ops.linear import linear
from groundup.weights.rules import Drop, Rename, Rule, Split, Tie, Transpose


class Block(Module):
    """Attention to what came before, then a network for each position alone; each reads a normed stream and adds to it.

    Paper: section 2.3. Shapes: (batch, length, embed_dim) -> the same.
    """

    def __init__(self, *, embed_dim: int, num_heads: int, dropout: float):
        super().__init__()
        self.attention_norm = LayerNorm(normalized_shape=embed_dim)
        self.attention = MultiHeadAttention(embed_dim=embed_dim, num_heads=num_heads, dropout=dropout)
        self.dropout = Dropout(p=dropout)
        self.feed_forward_norm = LayerNorm(normalized_shape=embed_dim)
        activation = GELU(approximate="tanh")
        self.feed_forward = FeedForward(embed_dim=embed_dim, hidden_dim=4 * embed_dim, activation=activation, dropout=dropout)

    def forward(self, x: Tensor, cache: KVCache | None = None) -> Tensor:
        x = x + self.dropout(self.attention(self.attention_norm(x), is_causal=True, cache=cache))
        return x + self.feed_forward(self.feed_forward_norm(x))


class GPT2(Module):
    """Tokens to the logits of the token that follows each.

    With `caches`, one a block as `new_caches` makes them, the tokens continue those that the caches hold.

    Paper: Radford, Wu, Child, Luan, Amodei, Sutskever, "Language models are unsupervised multitask learners", 2019, section
    2.3; table 2 holds the sizes (d_model is embed_dim).
    Shapes: (batch, length) of int64 -> (batch, length, vocab_size), logits.
    Raises: ValueError for a sequence longer than max_seq_len or than the caches, and for heads that do not divide embed_dim.
    Equals: transformers.GPT2LMHeadModel.
    """

    def __init__(
        self, *, vocab_size: int, max_seq_len: int, embed_dim: int, num_layers: int, num_heads: int, dropout: float = 0.1
    ):
        super().__init__()
        self.max_seq_len = max_seq_len
        self.token_embedding = Embedding(num_embeddings=vocab_size, embedding_dim=embed_dim)
        self.position_embedding = Embedding(num_embeddings=max_seq_len, embedding_dim=embed_dim)
        self.dropout = Dropout(p=dropout)
        self.blocks = ModuleList(Block(embed_dim=embed_dim, num_heads=num_heads, dropout=dropout) for _ in range(num_layers))
        self.norm = LayerNorm(normalized_shape=embed_dim)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew: normal with deviation 0.02; biases 0. The last layer of each sublayer starts smaller."""
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, Linear | Embedding):
                    module.weight.normal_(std=0.02)
                if isinstance(module, Linear):
                    module.bias.zero_()
            for block in self.blocks:
                for residual in (block.attention.output, block.feed_forward.contract):
                    residual.weight.normal_(std=0.02 / math.sqrt(2 * len(self.blocks)))

    def new_caches(self, batch_size: int, max_seq_len: int | None = None) -> list[KVCache]:
        """An empty cache for each block, for as many tokens as the model has positions, or for fewer."""
        longest = self.max_seq_len if max_seq_len is None else max_seq_len
        if not 0 < longest <= self.max_seq_len:
            raise ValueError(f"GPT-2 has {self.max_seq_len} positions; it was asked for caches of {longest} tokens")
        return [block.attention.new_cache(batch_size, longest) for block in self.blocks]

    def forward(self, tokens: Tensor, caches: Sequence[KVCache] | None = None) -> Tensor:
        length = tokens.shape[1]
        if length > self.max_seq_len:
            raise ValueError(f"GPT-2 has {self.max_seq_len} positions; this sequence has {length} tokens")
        positions = torch.arange(length, device=tokens.device) if caches is None else caches[0].positions(length)
        x = self.token_embedding(tokens) + self.position_embedding(positions)  # (batch, length, embed_dim)
        x = self.dropout(x)
        for block, cache in zip(self.blocks, one_each(caches, len(self.blocks)), strict=True):
            x = block(x, cache)
        return linear(self.norm(x), self.token_embedding.weight)  # (batch, length, vocab_size)


def gpt2(
    *,
    vocab_size: int = 50_257,
    max_seq_len: int = 1024,
    embed_dim: int = 768,
    num_layers: int = 12,
    num_heads: int = 12,
    dropout: float = 0.1,
) -> GPT2:
    """GPT-2 with 124 million parameters; every number can be another."""
    return GPT2(**locals())


def gpt2_medium(
    *,
    vocab_size: int = 50_257,
    max_seq_len: int = 1024,
    embed_dim: int = 1024,
    num_layers: int = 24,
    num_heads: int = 16,
    dropout: float = 0.1,
) -> GPT2:
    """GPT-2 with 355 million parameters."""
    return GPT2(**locals())


def gpt2_large(
    *,
    vocab_size: int = 50_257,
    max_seq_len: int = 1024,
    embed_dim: int = 1280,
    num_layers: int = 36,
    num_heads: int = 20,
    dropout: float = 0.1,
) -> GPT2:
    """GPT-2 with 774 million parameters."""
    return GPT2(**locals())


def gpt2_xl(
    *,
    vocab_size: int = 50_257,
    max_seq_len: int = 1024,
    embed_dim: int = 1600,
    num_layers: int = 48,
    num_heads: int = 25,
    dropout: float = 0.1,
) -> GPT2:
    """GPT-2 with 1,558 million parameters."""
    return GPT2(**locals())


def rules(prefix: str) -> list[Rule]:
    """Their names behind a prefix. Their `Conv1D` keeps weights as (in, out); old files hold masks, which ours computes."""
    block, projections = f"{prefix}h.{{}}.", ("query", "key", "value")
    return [
        Drop(f"{block}attn.bias", "", torch.Tensor),  # beside nothing: today's models no longer hold the masks
        Drop(f"{block}attn.masked_bias", "", torch.Tensor),
        Rename(f"{prefix}wte.weight", "token_embedding.weight"),
        Rename(f"{prefix}wpe.weight", "position_embedding.weight"),
        Rename(f"{block}ln_1.{{}}", "blocks.{}.attention_norm.{}"),
        Split(f"{block}attn.c_attn.weight", tuple(f"blocks.{{}}.attention.{p}.weight" for p in projections), transpose=True),
        Split(f"{block}attn.c_attn.bias", tuple(f"blocks.{{}}.attention.{p}.bias" for p in projections)),
        Transpose(f"{block}attn.c_proj.weight", "blocks.{}.attention.output.weight"),
        Rename(f"{block}attn.c_proj.bias", "blocks.{}.attention.output.bias"),
        Rename(f"{block}ln_2.{{}}", "blocks.{}.feed_forward_norm.{}"),
        Transpose(f"{block}mlp.c_fc.weight", "blocks.{}.feed_forward.expand.weight"),
        Rename(f"{block}mlp.c_fc.bias", "blocks.{}.feed_forward.expand.bias"),
        Transpose(f"{block}mlp.c_proj.weight", "blocks.{}.feed_forward.contract.weight"),
        Rename(f"{block}mlp.c_proj.bias", "blocks.{}.feed_forward.contract.bias"),
        Rename(f"{prefix}ln_f.{{}}", "norm.{}"),
    ]


WEIGHTS = {
    "transformers": [*rules("transformer."), Tie("lm_head.weight", "token_embedding.weight")],  # GPT2LMHeadModel
    "transformers_base": rules(""),  # GPT2Model, and the files in which OpenAI's weights are published
}

CARD = {
    "title": "GPT-2",
    "paper": "Language models are unsupervised multitask learners, "
    "https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf",
    "year": 2019,
    "family": "language",
    "sizes": {
        "gpt2": "124 million parameters",
        "gpt2_medium": "355 million parameters",
        "gpt2_large": "774 million parameters",
        "gpt2_xl": "1,558 million parameters",
    },
    "references": ("transformers",),
    "ancestor": None,
}
