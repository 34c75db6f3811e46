"""Positions against transformers' and torchvision's, each with positions 0, 1, 2 ... and with those of a continued cache."""

from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.position import (
    LearnedPosition,
    RelativePositionBias,
    RotaryPosition,
    SinusoidalPosition,
    SinusoidalPosition2d,
    WindowPositionBias,
)
from groundup.weights.rules import Rename

LONGEST, DIM = 12, 6


def draw(generator: Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def sequences(generator: Generator) -> Iterator[Sample]:
    yield call(draw(generator, 2, 5, DIM))
    yield call(draw(generator, DIM, LONGEST, 2).permute(2, 1, 0))
    yield call(draw(generator, 2, 3, DIM), torch.arange(7, 10))
    yield call(draw(generator, 2, 3, DIM), positions=torch.tensor([[0, 1, 2], [9, 4, 11]]))
    yield call(draw(generator, 0, 4, DIM))


class Added(nn.Module):
    """x plus the rows of a table that another library made; a frozen table is no parameter."""

    def __init__(self, table: Tensor | None = None):
        super().__init__()
        self.table = nn.Embedding(LONGEST, DIM) if table is None else partial(nn.functional.embedding, weight=table.double())

    def forward(self, x: Tensor, positions: Tensor | None = None) -> Tensor:
        return x + self.table(torch.arange(x.shape[1]) if positions is None else positions)


def marian() -> nn.Module:
    from transformers.models.marian.modeling_marian import MarianSinusoidalPositionalEmbedding

    return Added(MarianSinusoidalPositionalEmbedding(LONGEST, DIM).create_weight())


class PatchesAdded(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        from transformers.models.vit_mae.modeling_vit_mae import build_2d_sinusoidal_position_embedding

        return x + build_2d_sinusoidal_position_embedding(3, 4, 8)[:, [4, 5, 6, 7, 0, 1, 2, 3]]  # the column first


def patches(generator: Generator) -> Iterator[Sample]:
    yield call(draw(generator, 2, 12, 8))
    yield call(draw(generator, 8, 12, 3).permute(2, 1, 0))


class CohereRotary(nn.Module):
    """Cohere's rotation, of the first six of eight features; it computes cos and sin in float32, and here the product too."""

    def forward(self, query: Tensor, key: Tensor, positions: Tensor | None = None) -> tuple[Tensor, Tensor]:
        from transformers.models.cohere.modeling_cohere import CohereRotaryEmbedding, rotate_half

        config = SimpleNamespace(
            max_position_embeddings=16, rope_parameters={"rope_type": "default", "rope_theta": 500.0}, head_dim=6
        )
        positions = torch.arange(query.shape[2]) if positions is None else positions
        cos, sin = CohereRotaryEmbedding(config)(query, positions if positions.dim() == 2 else positions[None])
        cos, sin = cos.unsqueeze(1), sin.unsqueeze(1)
        return tuple(torch.cat([x[..., :6] * cos + rotate_half(x[..., :6]) * sin, x[..., 6:]], -1) for x in (query, key))


def queries_and_keys(generator: Generator) -> Iterator[Sample]:
    yield call(draw(generator, 2, 4, 5, 8), draw(generator, 2, 2, 5, 8))
    yield call(draw(generator, 2, 5, 4, 8).transpose(1, 2), draw(generator, 2, 4, 5, 8), torch.arange(40, 45))
    yield call(draw(generator, 2, 4, 3, 8), draw(generator, 2, 1, 3, 8), torch.tensor([[0, 1, 2], [90, 7, 2000]]))


T5_WEIGHTS = [Rename("relative_attention_bias.weight", "weight")]


class T5Bias(nn.Module):
    """The bias of T5's attention, without its projections."""

    def __init__(self, is_decoder: bool = False):
        super().__init__()
        self.is_decoder = is_decoder
        self.relative_attention_num_buckets, self.relative_attention_max_distance = 16, 40
        self.relative_attention_bias = nn.Embedding(16, 3)

    def forward(self, query_positions: Tensor, key_positions: Tensor) -> Tensor:
        from transformers.models.t5.modeling_t5 import T5Attention

        self._relative_position_bucket = T5Attention._relative_position_bucket
        start = int(query_positions[0])
        return T5Attention.compute_bias(self, len(query_positions), len(key_positions), past_seen_tokens=start)


def lengths(generator: Generator) -> Iterator[Sample]:
    yield call(torch.arange(9), torch.arange(9))
    yield call(torch.arange(50), torch.arange(70))
    yield call(torch.arange(60, 61), torch.arange(61))


def swin_bias() -> nn.Module:
    from torchvision.models.swin_transformer import ShiftedWindowAttention

    class SwinBias(nn.Module):
        """The bias of Swin's attention, without its projections."""

        def __init__(self):
            super().__init__()
            attention = ShiftedWindowAttention(6, [3, 4], [0, 0], num_heads=3)
            self.window_size, self.index = attention.window_size, attention.relative_position_index
            self.relative_position_bias_table = attention.relative_position_bias_table

        def forward(self) -> Tensor:
            from torchvision.models.swin_transformer import _get_relative_position_bias

            return _get_relative_position_bias(self.relative_position_bias_table, self.index, self.window_size)

    return SwinBias()


def no_input(generator: Generator) -> Iterator[Sample]:
    yield call()


def transformers_case(name: str, reference: str, ours: Callable, theirs: Callable, samples: Callable) -> ModuleCase:
    reference = f"transformers' {reference}"
    return ModuleCase(name=name, reference=reference, requires=("transformers",), ours=ours, theirs=theirs, samples=samples)


CASES = [
    transformers_case(
        "SinusoidalPosition",
        "MarianSinusoidalPositionalEmbedding",
        partial(SinusoidalPosition, max_seq_len=LONGEST, embed_dim=DIM, layout="halves"),
        marian,
        sequences,
    ),
    transformers_case(
        "SinusoidalPosition2d",
        "table of ViT-MAE",
        partial(SinusoidalPosition2d, height=3, width=4, embed_dim=8),
        PatchesAdded,
        patches,
    ),
    transformers_case(
        "RotaryPosition",
        "CohereRotaryEmbedding with rotate_half",
        partial(RotaryPosition, head_dim=8, base=500.0, pairing="interleaved", rotary_dim=6),
        CohereRotary,
        queries_and_keys,
    ),
    ModuleCase(
        name="LearnedPosition",
        reference="composed",
        ours=partial(LearnedPosition, max_seq_len=LONGEST, embed_dim=DIM),
        theirs=Added,
        weights=[Rename("table.weight", "weight")],
        samples=sequences,
    ),
    ModuleCase(
        name="RelativePositionBias",
        reference="transformers.models.t5.modeling_t5.T5Attention.compute_bias",
        requires=("transformers",),
        ours=partial(RelativePositionBias, num_heads=3, num_buckets=16, max_distance=40),
        theirs=T5Bias,
        weights=T5_WEIGHTS,
        samples=lengths,
    ),
    ModuleCase(
        name="WindowPositionBias",
        reference="torchvision's ShiftedWindowAttention.get_relative_position_bias",
        requires=("torchvision",),
        ours=partial(WindowPositionBias, window_size=(3, 4), num_heads=3),
        theirs=swin_bias,
        weights=[Rename("relative_position_bias_table", "weight")],
        samples=no_input,
    ),
]
