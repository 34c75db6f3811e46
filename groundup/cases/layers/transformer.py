"""The Transformer's blocks and stacks against torch.nn's."""

import math
from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.cases.layers.attention import WEIGHTS as ATTENTION_WEIGHTS
from groundup.cases.layers.attention import draw, padding_mask, torch_mask
from groundup.layers.activation import GELU
from groundup.layers.normalization import LayerNorm
from groundup.layers.transformer import (
    TransformerDecoder,
    TransformerDecoderBlock,
    TransformerEncoder,
    TransformerEncoderBlock,
)
from groundup.weights.rules import Rename, Rule, Split

OURS = dict(embed_dim=8, num_heads=2, hidden_dim=10, dropout=0.0, eps=1e-3)
THEIRS = dict(d_model=8, nhead=2, dim_feedforward=10, dropout=0.0, layer_norm_eps=1e-3, batch_first=True)


def inside(theirs: str, ours: str, rules: list[Rule]) -> list[Rule]:
    """The same rules for a module that stands under a name, its own on each side."""
    return [
        Split(theirs + rule.theirs, tuple(ours + name for name in rule.ours))
        if isinstance(rule, Split)
        else Rename(theirs + rule.theirs, ours + rule.ours)
        for rule in rules
    ]


def block_weights(theirs: str, ours: str, norms: tuple[str, ...]) -> list[Rule]:
    """Rules for a block of torch.nn, whose norms are numbered in the order in which they stand."""
    return [
        *inside(f"{theirs}self_attn.", f"{ours}attention.", ATTENTION_WEIGHTS),
        *inside(f"{theirs}multihead_attn.", f"{ours}cross_attention.", ATTENTION_WEIGHTS),
        Rename(f"{theirs}linear1.{{}}", f"{ours}feed_forward.expand.{{}}"),
        Rename(f"{theirs}linear2.{{}}", f"{ours}feed_forward.contract.{{}}"),
        *(Rename(f"{theirs}norm{i}.{{}}", f"{ours}{norm}.{{}}") for i, norm in enumerate(norms, 1)),
    ]


ENCODER_NORMS = ("attention_norm", "feed_forward_norm")
DECODER_NORMS = ("attention_norm", "cross_attention_norm", "feed_forward_norm")
ENCODER_WEIGHTS = block_weights("layers.{}.", "blocks.{}.", ENCODER_NORMS)
DECODER_WEIGHTS = block_weights("layers.{}.", "blocks.{}.", DECODER_NORMS)


def call_encoder(theirs: nn.Module, x: Tensor, mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
    return theirs(x, torch_mask(2, x, x, mask, is_causal))


def call_decoder(
    theirs: nn.Module,
    x: Tensor,
    memory: Tensor,
    mask: Tensor | None = None,
    memory_mask: Tensor | None = None,
    is_causal: bool = False,
) -> Tensor:
    hidden = torch_mask(2, x, x, mask, is_causal)
    return theirs(x, memory, hidden, torch_mask(2, x, memory, memory_mask, False))


def call_both(theirs: nn.Transformer, text: Tensor, x: Tensor, text_mask: Tensor) -> Tensor:
    padding = ~text_mask[:, 0, 0]
    hidden = theirs.generate_square_subsequent_mask(x.shape[1], dtype=torch.float64)
    return theirs(text, x, tgt_mask=hidden, src_key_padding_mask=padding, memory_key_padding_mask=padding)


class EncoderAndDecoder(nn.Module):
    """What a translator is made of: an encoder of one text, and a decoder that writes another."""

    def __init__(self):
        super().__init__()
        norm = partial(LayerNorm, normalized_shape=8, eps=1e-3)
        encoder_block, decoder_block = partial(TransformerEncoderBlock, **OURS), partial(TransformerDecoderBlock, **OURS)
        self.encoder = TransformerEncoder(block=encoder_block, num_layers=2, norm=norm())
        self.decoder = TransformerDecoder(block=decoder_block, num_layers=1, norm=norm())

    def forward(self, text: Tensor, x: Tensor, text_mask: Tensor) -> Tensor:
        return self.decoder(x, self.encoder(text, text_mask), memory_mask=text_mask, is_causal=True)


def encoder_sentences(generator: Generator) -> Iterator[Sample]:
    new, padding = partial(draw, generator), padding_mask()
    yield call(new(2, 5, 8))
    yield call(new(5, 2, 8).transpose(0, 1), is_causal=True)
    yield call(new(2, 5, 8), padding)
    yield call(new(2, 5, 8), mask=padding, is_causal=True)
    yield call(new(2, 5, 8), mask=new(2, 2, 5, 5).masked_fill(~padding, -math.inf))
    yield call(new(5, 8))  # one text alone


def decoder_sentences(generator: Generator) -> Iterator[Sample]:
    new, padding = partial(draw, generator), padding_mask()
    yield call(new(2, 4, 8), new(2, 5, 8))
    yield call(new(2, 4, 8), new(2, 5, 8), is_causal=True)
    yield call(new(2, 5, 8), new(2, 5, 8), padding, is_causal=True)
    yield call(new(2, 4, 8), new(2, 5, 8), memory_mask=padding, is_causal=True)
    yield call(new(2, 4, 8), new(2, 5, 8), mask=new(4, 4), memory_mask=new(2, 2, 4, 5).masked_fill(~padding, -math.inf))
    yield call(new(4, 8), new(5, 8), is_causal=True)


def pairs(generator: Generator) -> Iterator[Sample]:
    yield call(draw(generator, 2, 5, 8), draw(generator, 2, 4, 8), padding_mask())


CASES = [
    ModuleCase(
        name="TransformerEncoderBlock",
        reference="torch.nn.TransformerEncoderLayer",
        ours=partial(TransformerEncoderBlock, **OURS),
        theirs=partial(nn.TransformerEncoderLayer, **THEIRS),
        weights=block_weights("", "", ENCODER_NORMS),
        call_theirs=call_encoder,
        samples=encoder_sentences,
    ),
    ModuleCase(
        name="TransformerDecoderBlock",
        reference="torch.nn.TransformerDecoderLayer",
        ours=partial(TransformerDecoderBlock, **OURS),
        theirs=partial(nn.TransformerDecoderLayer, **THEIRS),
        weights=block_weights("", "", DECODER_NORMS),
        call_theirs=call_decoder,
        samples=decoder_sentences,
    ),
    ModuleCase(  # pre-norm, GELU, with a last norm
        name="TransformerEncoder",
        reference="torch.nn.TransformerEncoder",
        ours=lambda: TransformerEncoder(
            block=partial(TransformerEncoderBlock, **OURS, activation=GELU, norm_first=True),
            num_layers=2,
            norm=LayerNorm(normalized_shape=8),
        ),
        theirs=lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(**THEIRS, activation="gelu", norm_first=True), 2, nn.LayerNorm(8), False
        ),
        weights=ENCODER_WEIGHTS,
        call_theirs=call_encoder,
        samples=encoder_sentences,
    ),
    ModuleCase(
        name="TransformerDecoder",
        reference="torch.nn.TransformerDecoder",
        ours=lambda: TransformerDecoder(
            block=partial(TransformerDecoderBlock, **OURS, activation=GELU, norm_first=True),
            num_layers=2,
            norm=LayerNorm(normalized_shape=8),
        ),
        theirs=lambda: nn.TransformerDecoder(
            nn.TransformerDecoderLayer(**THEIRS, activation="gelu", norm_first=True), 2, nn.LayerNorm(8)
        ),
        weights=DECODER_WEIGHTS,
        call_theirs=call_decoder,
        samples=decoder_sentences,
    ),
    ModuleCase(
        name="TransformerEncoder_and_Decoder",
        reference="torch.nn.Transformer",
        ours=EncoderAndDecoder,
        theirs=partial(nn.Transformer, **THEIRS, num_encoder_layers=2, num_decoder_layers=1),
        weights=[
            *inside("encoder.", "encoder.", ENCODER_WEIGHTS),
            *inside("decoder.", "decoder.", DECODER_WEIGHTS),
        ],
        call_theirs=call_both,
        samples=pairs,
    ),
]
