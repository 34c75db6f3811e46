"""The Transformer against torch.nn.Transformer between embeddings and output, and against transformers' Marian."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.cases.layers.transformer import DECODER_WEIGHTS, ENCODER_WEIGHTS, inside
from groundup.models.language.transformer import WEIGHTS, opus_mt, transformer_base
from groundup.weights.rules import Rename

SIZE = dict(max_seq_len=9, embed_dim=8, num_layers=2, num_heads=2, hidden_dim=10, dropout=0.0)
STACKS = [
    *inside("stacks.encoder.", "encoder.", ENCODER_WEIGHTS),
    *inside("stacks.decoder.", "decoder.", DECODER_WEIGHTS),
    Rename("stacks.encoder.norm.{}", "encoder.norm.{}"),
    Rename("stacks.decoder.norm.{}", "decoder.norm.{}"),
]


def waves(length: int, dim: int) -> Tensor:
    """Sines and cosines by turns, the paper's section 3.5 letter by letter, rounded once."""
    table = np.empty((length, dim))
    for position in range(length):
        for i in range(dim // 2):
            angle = position / 10000 ** (2 * i / dim)
            table[position, 2 * i], table[position, 2 * i + 1] = math.sin(angle), math.cos(angle)
    return torch.from_numpy(table).float()


class Composed(nn.Module):
    """A translator of torch.nn alone. Post-norm stacks as the paper has them, without torch's last norms."""

    def __init__(self, vocab_size: int, target_vocab_size: int | None = None, norm_first: bool = False):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, 8, padding_idx=0)
        self.target_embedding = nn.Embedding(target_vocab_size, 8, padding_idx=0) if target_vocab_size else None
        self.output = nn.Linear(8, target_vocab_size, bias=False) if target_vocab_size else None
        options = dict(d_model=8, nhead=2, dim_feedforward=10, dropout=0.0, batch_first=True, norm_first=norm_first)
        parts = {}
        if not norm_first:
            parts["custom_encoder"] = nn.TransformerEncoder(nn.TransformerEncoderLayer(**options), 2)
            parts["custom_decoder"] = nn.TransformerDecoder(nn.TransformerDecoderLayer(**options), 2)
        self.stacks = nn.Transformer(**options, num_encoder_layers=2, num_decoder_layers=2, **parts)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        tables = self.embedding, self.target_embedding or self.embedding
        x, y = (
            table(text) * math.sqrt(8) + waves(9, 8)[: text.shape[1]].double()
            for table, text in zip(tables, (source, target), strict=True)
        )
        padding = source == 0
        hidden = self.stacks.generate_square_subsequent_mask(target.shape[1], dtype=torch.float64)
        y = self.stacks(x, y, tgt_mask=hidden, src_key_padding_mask=padding, memory_key_padding_mask=padding)
        return y @ self.embedding.weight.T if self.output is None else self.output(y)


class Places(nn.Module):
    """Marian's own table of positions, out of reach of what makes all weights random: it is never trained."""

    def __init__(self, table: Tensor):
        super().__init__()
        self.table = [table.detach().clone()]

    def forward(self, shape: torch.Size, past: int = 0, position_ids: Tensor | None = None) -> Tensor:
        places = torch.arange(past, past + shape[1]) if position_ids is None else position_ids
        return self.table[0][places].double()


def marian() -> nn.Module:
    """A tiny MarianMTModel in the layout of OPUS-MT."""
    from transformers import MarianConfig, MarianMTModel

    stacks = {
        f"{part}_{name}": size
        for part in ("encoder", "decoder")
        for name, size in (("layers", 2), ("attention_heads", 2), ("ffn_dim", 10))
    }
    special = dict(pad_token_id=22, eos_token_id=0, decoder_start_token_id=22, forced_eos_token_id=None)
    config = MarianConfig(
        vocab_size=23,
        d_model=8,
        max_position_embeddings=16,
        activation_function="swish",
        scale_embedding=True,
        dropout=0.0,
        **stacks,
        **special,
    )
    model = MarianMTModel(config)
    for part in (model.model.encoder, model.model.decoder):
        part.embed_positions = Places(part.embed_positions.weight)
    return model


MARIAN = dict(vocab_size=23, max_seq_len=16, embed_dim=8, num_layers=2, num_heads=2, hidden_dim=10, dropout=0.0)


def call_marian(model: nn.Module, source: Tensor, target: Tensor) -> Tensor:
    return model(input_ids=source, attention_mask=source != 22, decoder_input_ids=target, use_cache=False).logits


def sentences(generator: Generator, *, tokens: int, target_tokens: int, padding: int, first: int) -> Iterator[Sample]:
    """Two sentences of unequal length, and one alone; tokens from `first` on, padding behind the end of the second."""

    def draw(count: int, *shape: int) -> Tensor:
        return torch.randint(first, first + count, shape, generator=generator)

    source = draw(tokens, 2, 7)
    source[1, 4:] = padding
    yield call(source, draw(target_tokens, 2, 5))
    yield call(draw(tokens, 1, 3), draw(target_tokens, 1, 9))


CASES = [
    ModelCase(
        name="transformer_base",
        reference="torch.nn.Transformer without its last norms, embeddings and output composed around it",
        ours=partial(transformer_base, vocab_size=13, **SIZE),
        theirs=partial(Composed, 13),
        weights=STACKS,
        samples=partial(sentences, tokens=12, target_tokens=12, padding=0, first=1),
    ),
    ModelCase(  # norms first, and a vocabulary for each language
        name="transformer_base_norm_first",
        reference="torch.nn.Transformer, embeddings and output composed around it",
        ours=partial(transformer_base, vocab_size=13, target_vocab_size=11, tie="none", norm_first=True, **SIZE),
        theirs=partial(Composed, 13, 11, norm_first=True),
        weights=STACKS,
        samples=partial(sentences, tokens=12, target_tokens=10, padding=0, first=1),
    ),
    ModelCase(
        name="opus_mt",
        reference="transformers.MarianMTModel",
        requires=("transformers",),
        ours=partial(opus_mt, **MARIAN),
        theirs=marian,
        weights=WEIGHTS["transformers"],
        call_theirs=call_marian,
        samples=partial(sentences, tokens=22, target_tokens=22, padding=22, first=0),
    ),
]
