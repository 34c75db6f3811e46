"""The Transformer: translation by attention alone.

Before it, a translator read a sentence with a recurrent network, one word after another, and wrote another with a second one
that could look back at what the first had made of each word (Bahdanau et al. 2014). The Transformer keeps that looking back,
and leaves the recurrent networks out:

- words look at each other directly, in self-attention. All positions are computed at once, so a training step is a few large
  products instead of a long chain of small ones, and from any word to any other the way is one step, not one for each word
  between;
- attention weighs with several heads at once: one may look for the subject while another looks for the article;
- attention alone would read a sentence as a bag of words, so sines and cosines of each word's position are added to it;
- one table of vectors serves as the embedding of the source, as that of the target and as the output layer: a word is judged
  by how much the stream looks like its own vector.

The encoder reads the source. The decoder writes the target: its positions see those before them, and all of the source.
"""

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import Module

from groundup.layers.activation import ReLU, SiLU
from groundup.layers.attention import MultiHeadAttention
from groundup.layers.dropout import Dropout
from groundup.layers.embedding import Embedding
from groundup.layers.feed_forward import FeedForward
from groundup.layers.initialization import xavier_uniform_
from groundup.layers.kv_cache import KeysAndValues, KVCache
from groundup.layers.linear import Linear
from groundup.layers.normalization import LayerNorm
from groundup.layers.position import SinusoidalPosition
from groundup.layers.transformer import (
    TransformerDecoder,
    TransformerDecoderBlock,
    TransformerEncoder,
    TransformerEncoderBlock,
)
from groundup.ops.linear import linear
from groundup.weights.rules import Drop, Rename, Reshape, Rule, Tie

TIES = ("all", "target", "none")


class Transformer(Module):
    """A sentence, and the beginning of its translation, to the logits of the token that follows each of the beginning.

    `tie` says which tables are one: "all" (source, target and output), "target" (target and output, where the languages have
    vocabularies of their own) or "none". With `norm_first` norms stand before the sublayers, and one more ends each stack:
    easier to train. `position_layout` is in which order the features of positions stand, `output_bias` a constant for each
    token of the output, which published weights bring along.

    Tokens `padding_idx` of the source are seen by none; behind the end of a target anything may stand, since no position sees a
    later one.

    Paper: Vaswani et al. 2017, Attention Is All You Need, https://arxiv.org/abs/1706.03762, section 3 (d_model is embed_dim, N
    num_layers, h num_heads, d_ff hidden_dim), table 3 for the sizes.
    Shapes: source (batch, source length) and target (batch, target length) of int64 -> (batch, target length, target vocab).
    Raises: ValueError for a sentence longer than max_seq_len, and for sizes that cannot be.
    Equals: torch.nn.Transformer between embeddings and output; transformers.MarianMTModel (`opus_mt`).
    """

    def __init__(
        self,
        *,
        vocab_size: int,
        target_vocab_size: int | None = None,
        max_seq_len: int,
        embed_dim: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        dropout: float = 0.1,
        activation: type[Module] = ReLU,
        norm_first: bool = False,
        tie: str = "all",
        position_layout: str = "interleaved",
        output_bias: bool = False,
        padding_idx: int = 0,
    ):
        super().__init__()
        target_vocab_size = vocab_size if target_vocab_size is None else target_vocab_size
        if tie not in TIES:
            raise ValueError(f"Transformer: tie is one of {', '.join(TIES)}; got {tie!r}")
        if tie == "all" and target_vocab_size != vocab_size:
            sizes = f"one table cannot have {vocab_size} tokens for the source and {target_vocab_size} for the target"
            raise ValueError(f'Transformer: {sizes}: give tie="target"')
        if not 0 <= padding_idx < min(vocab_size, target_vocab_size):
            raise ValueError(f"Transformer: padding_idx={padding_idx} is outside a vocabulary")
        self.max_seq_len, self.padding_idx, self.scale = max_seq_len, padding_idx, math.sqrt(embed_dim)
        table = partial(Embedding, embedding_dim=embed_dim, padding_idx=padding_idx)
        self.embedding = table(num_embeddings=vocab_size)
        self.target_embedding = None if tie == "all" else table(num_embeddings=target_vocab_size)
        self.position = SinusoidalPosition(max_seq_len=max_seq_len, embed_dim=embed_dim, layout=position_layout)
        self.dropout = Dropout(p=dropout)
        sizes = dict(embed_dim=embed_dim, num_heads=num_heads, hidden_dim=hidden_dim)
        options = dict(dropout=dropout, activation=activation, norm_first=norm_first)
        norms = [LayerNorm(normalized_shape=embed_dim) if norm_first else None for _ in range(2)]
        encoder_block = partial(TransformerEncoderBlock, **sizes, **options)
        self.encoder = TransformerEncoder(block=encoder_block, num_layers=num_layers, norm=norms[0])
        decoder_block = partial(TransformerDecoderBlock, **sizes, **options)
        self.decoder = TransformerDecoder(block=decoder_block, num_layers=num_layers, norm=norms[1])
        self.output = Linear(in_features=embed_dim, out_features=target_vocab_size, bias=False) if tie == "none" else None
        self.register_buffer("output_bias", torch.zeros(target_vocab_size) if output_bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all matrices anew as torch.nn.Transformer does; tables so that `scale` makes the features of a token vary by 1.

        A tied table, which is looked up and read out, is then neither too small for the one nor too large for the other.
        """
        for module in self.modules():
            if isinstance(module, FeedForward):
                for layer in (module.expand, module.contract):
                    xavier_uniform_(layer.weight)
            if isinstance(module, MultiHeadAttention):
                module.reset_parameters()
                xavier_uniform_(module.output.weight)
        with torch.no_grad():
            for table in (self.embedding, self.target_embedding):
                if table is not None:
                    table.weight.normal_(std=1 / self.scale)
                    table.weight[self.padding_idx] = 0
        if self.output is not None:
            xavier_uniform_(self.output.weight)

    def embed(self, tokens: Tensor, table: Embedding, positions: Tensor | None = None) -> Tensor:
        """The vectors of tokens where they stand. Shapes: (batch, length) -> (batch, length, embed_dim)."""
        if tokens.shape[1] > self.max_seq_len:
            raise ValueError(f"this Transformer has {self.max_seq_len} positions; a sentence has {tokens.shape[1]} tokens")
        return self.dropout(self.position(table(tokens) * self.scale, positions))

    def mask(self, source: Tensor) -> Tensor:
        """Which tokens of the source may be seen. Shapes: (batch, length) -> (batch, 1, 1, length) of bool."""
        return (source != self.padding_idx)[:, None, None]

    def encode(self, source: Tensor) -> Tensor:
        """What the decoder looks into. Shapes: (batch, source length) -> (batch, source length, embed_dim)."""
        return self.encoder(self.embed(source, self.embedding), self.mask(source))

    def new_caches(self, batch_size: int, max_seq_len: int | None = None) -> list[KVCache]:
        """An empty cache for each block of the decoder, for as many tokens as the model has positions, or for fewer."""
        longest = self.max_seq_len if max_seq_len is None else max_seq_len
        if not 0 < longest <= self.max_seq_len:
            raise ValueError(f"this Transformer has {self.max_seq_len} positions; it was asked for caches of {longest} tokens")
        return self.decoder.new_caches(batch_size, longest)

    def decode(
        self,
        target: Tensor,
        memory: Tensor | Sequence[KeysAndValues],
        mask: Tensor,
        caches: Sequence[KVCache] | None = None,
    ) -> Tensor:
        """The logits of what follows each token of the target, which continues what the caches hold.

        `memory` is what `encode` gave, or for many calls its `decoder.project`; `mask` that of the source.
        Shapes: target (batch, target length) -> (batch, target length, target vocab).
        """
        table = self.embedding if self.target_embedding is None else self.target_embedding
        positions = None if caches is None else caches[0].positions(target.shape[1])
        x = self.decoder(self.embed(target, table, positions), memory, memory_mask=mask, is_causal=True, caches=caches)
        return linear(x, table.weight if self.output is None else self.output.weight, self.output_bias)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        memory = self.encode(source)  # (batch, source length, embed_dim)
        return self.decode(target, memory, self.mask(source))  # (batch, target length, target vocab)

    def alignments(self, source: Tensor, target: Tensor) -> Tensor:
        """How much each position of the target takes of each of the source, block by block and head by head: for pictures.

        Shapes: -> (batch, blocks, heads, target length, source length); each row sums to 1.
        """
        found: list[Tensor] = []
        hooks = [
            block.cross_attention.register_forward_pre_hook(lambda layer, args: found.append(layer.weights(*args)))
            for block in self.decoder.blocks
        ]
        try:
            self(source, target)
        finally:
            for hook in hooks:
                hook.remove()
        return torch.stack(found, 1)


def transformer_base(
    *,
    vocab_size: int = 37_000,
    target_vocab_size: int | None = None,
    max_seq_len: int = 512,
    embed_dim: int = 512,
    num_layers: int = 6,
    num_heads: int = 8,
    hidden_dim: int = 2048,
    dropout: float = 0.1,
    activation: type[Module] = ReLU,
    norm_first: bool = False,
    tie: str = "all",
    padding_idx: int = 0,
) -> Transformer:
    """The paper's base model, 63 million parameters with its English-German vocabulary; every number can be another."""
    return Transformer(**locals())


def transformer_big(
    *,
    vocab_size: int = 37_000,
    target_vocab_size: int | None = None,
    max_seq_len: int = 512,
    embed_dim: int = 1024,
    num_layers: int = 6,
    num_heads: int = 16,
    hidden_dim: int = 4096,
    dropout: float = 0.3,
    activation: type[Module] = ReLU,
    norm_first: bool = False,
    tie: str = "all",
    padding_idx: int = 0,
) -> Transformer:
    """The paper's big model, 214 million parameters."""
    return Transformer(**locals())


def opus_mt(
    *,
    vocab_size: int = 58_101,
    max_seq_len: int = 512,
    embed_dim: int = 512,
    num_layers: int = 6,
    num_heads: int = 8,
    hidden_dim: int = 2048,
    dropout: float = 0.1,
    activation: type[Module] = SiLU,
    padding_idx: int | None = None,
) -> Transformer:
    """The base model as Marian trains it for OPUS-MT, by default English-German; padding is the last token if not said.

    Its features of positions stand in another order, SiLU takes the place of ReLU, and each token of the output has a bias.
    """
    options = locals() | {"padding_idx": vocab_size - 1 if padding_idx is None else padding_idx}
    return Transformer(**options, position_layout="halves", output_bias=True)


def block_rules(theirs: str, ours: str) -> list[Rule]:
    """Marian's names for what the blocks of an encoder and of a decoder are made of."""
    attention = {"self_attn": "attention", "encoder_attn": "cross_attention"}
    projections = {"q_proj": "query", "k_proj": "key", "v_proj": "value", "out_proj": "output"}
    return [
        *(
            Rename(f"{theirs}.{{}}.{part}.{name}.{{}}", f"{ours}.{{}}.{attention[part]}.{projections[name]}.{{}}")
            for part in attention
            for name in projections
        ),
        *(Rename(f"{theirs}.{{}}.{part}_layer_norm.{{}}", f"{ours}.{{}}.{attention[part]}_norm.{{}}") for part in attention),
        Rename(f"{theirs}.{{}}.fc1.{{}}", f"{ours}.{{}}.feed_forward.expand.{{}}"),
        Rename(f"{theirs}.{{}}.fc2.{{}}", f"{ours}.{{}}.feed_forward.contract.{{}}"),
        Rename(f"{theirs}.{{}}.final_layer_norm.{{}}", f"{ours}.{{}}.feed_forward_norm.{{}}"),
    ]


WEIGHTS = {
    "transformers": [  # MarianMTModel with shared embeddings, for `opus_mt`
        Rename("model.shared.weight", "embedding.weight"),
        Tie("model.encoder.embed_tokens.weight", "embedding.weight"),
        Tie("model.decoder.embed_tokens.weight", "embedding.weight"),
        Tie("lm_head.weight", "embedding.weight"),
        Drop("model.encoder.embed_positions.weight", "", torch.Tensor),  # beside nothing: the library computes them as we do
        Drop("model.decoder.embed_positions.weight", "", torch.Tensor),
        *block_rules("model.encoder.layers", "encoder.blocks"),
        *block_rules("model.decoder.layers", "decoder.blocks"),
        Reshape("final_logits_bias", "output_bias", sizes=(1, -1)),
    ],
}

CARD = {
    "title": "Transformer",
    "paper": "Attention Is All You Need, https://arxiv.org/abs/1706.03762",
    "year": 2017,
    "family": "language",
    "sizes": {
        "transformer_base": "63 million parameters",
        "transformer_big": "214 million parameters",
        "opus_mt": "74 million parameters, the layout of Marian's published translators",
    },
    "references": ("composed", "transformers"),
    "ancestor": None,
}
