"""scaled_dot_product_attention against torch's."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.attention import scaled_dot_product_attention


def attention_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    def may(*shape: int) -> Tensor:
        """A mask in which every query may see its first key and half of the others."""
        mask = torch.rand(shape, generator=generator) > 0.5
        mask[..., 0] = True
        return mask

    def triple(batch: int = 2, heads: int = 3, queries: int = 5, keys: int = 7, dim: int = 4, value_dim: int = 4) -> list[Tensor]:
        return [
            draw(batch, heads, queries, dim),
            draw(batch, heads, keys, dim),
            draw(batch, heads, keys, value_dim),
        ]

    yield call(*triple())
    yield call(*triple(value_dim=6), scale=0.7)
    yield call(*triple(queries=1))
    yield call(*(part.transpose(1, 2) for part in (draw(2, 5, 3, 4), draw(2, 5, 3, 4), draw(2, 5, 3, 4))), is_causal=True)
    yield call(*triple(queries=5, keys=7), is_causal=True)
    yield call(*triple(queries=7, keys=5), is_causal=True, scale=1.0)
    yield call(*triple(), may(2, 1, 1, 7))
    yield call(*triple(), attn_mask=may(2, 3, 5, 7))
    yield call(*triple(), draw(5, 7))
    yield call(*triple(), draw(2, 3, 5, 7).masked_fill(~may(2, 1, 5, 7), -math.inf), scale=0.3)
    yield call(draw(3, 5, 4), draw(3, 7, 4), draw(3, 7, 2), may(5, 7))
    yield call(*triple(batch=0), is_causal=True)
    yield call(*triple(batch=0), may(5, 7))
    yield call(*(20 * part for part in triple()))
    blind = may(2, 1, 5, 7)
    blind[1, 0, 2] = False  # a query that may see nothing
    yield call(*triple(), blind)
    yield call(*triple(), draw(2, 1, 5, 7).masked_fill(~blind, -math.inf))
    yield call(*triple(heads=1, queries=65, keys=70), is_causal=True)
    yield call(*triple(heads=1, queries=65, keys=70), may(2, 1, 1, 70))


CASES = [
    OpCase(
        name="scaled_dot_product_attention",
        reference="torch.nn.functional.scaled_dot_product_attention",
        ours=scaled_dot_product_attention,
        theirs=F.scaled_dot_product_attention,
        samples=attention_samples,
    ),
]
