"""Tables of sinusoidal positions against transformers' (XLM, Marian, ViT-MAE), of equal type, bit for bit."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.position import sinusoidal_positions, sinusoidal_positions2d


def transformers_sinusoidal(
    length: int, dim: int, base: float = 10000.0, layout: str = "interleaved", dtype: torch.dtype = torch.float32
) -> Tensor:
    """Marian's or XLM's table, which know one base and one type."""
    if layout == "halves":
        from transformers.models.marian.modeling_marian import MarianSinusoidalPositionalEmbedding

        return MarianSinusoidalPositionalEmbedding(length, dim).create_weight()
    from transformers.models.xlm.modeling_xlm import create_sinusoidal_embeddings

    return create_sinusoidal_embeddings(length, dim, torch.empty(length, dim))


def sinusoidal_samples(generator: Generator) -> Iterator[Sample]:
    for length, dim in ((7, 6), (1, 2), (40, 16), (5, 1), (6, 7), (300, 32)):
        yield call(length, dim)
        yield call(length, dim, 10000.0, "halves")
    yield call(4, 6, layout="interleaved", dtype=torch.float32)


def transformers_sinusoidal2d(
    height: int, width: int, dim: int, base: float = 10000.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """ViT-MAE's table; it exchanges the halves before use, since its published weights tell the column first."""
    from transformers.models.vit_mae.modeling_vit_mae import build_2d_sinusoidal_position_embedding

    table = build_2d_sinusoidal_position_embedding(height, width, dim, base, dtype=dtype)
    return torch.cat([table[:, dim // 2 :], table[:, : dim // 2]], 1)


def sinusoidal2d_samples(generator: Generator) -> Iterator[Sample]:
    for height, width, dim in ((3, 5, 8), (1, 1, 4), (5, 2, 12), (14, 14, 32), (0, 3, 4)):
        yield call(height, width, dim, dtype=torch.float64)
        yield call(height, width, dim)
        yield call(height, width, dim, 100.0, dtype=torch.float64)


CASES = [
    OpCase(
        name="sinusoidal_positions",
        reference="the tables of transformers' XLM and Marian",
        requires=("transformers",),
        ours=sinusoidal_positions,
        theirs=transformers_sinusoidal,
        samples=sinusoidal_samples,
    ),
    OpCase(
        name="sinusoidal_positions2d",
        reference="the table of transformers' ViT-MAE",
        requires=("transformers",),
        ours=sinusoidal_positions2d,
        theirs=transformers_sinusoidal2d,
        samples=sinusoidal2d_samples,
    ),
]
