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

    def triple(batch: int = 2, heads: int = 3, queries: int = 4, keys: int = 5, dim: int = 2, value_dim: int = 2) -> list[Tensor]:
        return [
            draw(batch, heads, queries, dim),
            draw(batch, heads, keys, dim),
            draw(batch, heads, keys, value_dim),
        ]

    yield call(*triple())
    yield call(*triple(value_dim=3), scale=0.7)
    yield call(*triple(queries=1), scale=-0.7)
    yield call(*(part.transpose(1, 2) for part in (draw(2, 4, 3, 2), draw(2, 4, 3, 2), draw(2, 4, 3, 2))), is_causal=True)
    yield call(*triple(queries=4, keys=5), is_causal=True)
    yield call(*triple(queries=5, keys=4), is_causal=True, scale=1.0)
    yield call(*triple(), may(2, 1, 1, 5))
    yield call(*triple(), attn_mask=may(2, 3, 4, 5))
    yield call(*triple(), may(3, 1, 5))
    yield call(*triple(), draw(4, 5))
    yield call(*triple(), draw(2, 1, 4, 1))  # the same for every key: it changes nothing, and its gradient is 0
    yield call(*triple(), draw(3, 4, 5).float())
    yield call(*triple(), draw(2, 3, 4, 5).masked_fill(~may(2, 1, 4, 5), -math.inf), scale=0.3)
    yield call(draw(3, 4, 2), draw(3, 5, 2), draw(3, 5, 1), may(4, 5))
    yield call(draw(4, 3), draw(5, 3), draw(5, 2), draw(1, 5))
    yield call(draw(2, 3, 2, 4, 1), draw(2, 3, 2, 5, 1), draw(2, 3, 2, 5, 2), may(3, 1, 4, 5))
    yield call(draw(2, 3, 4, 2), draw(1, 3, 5, 2), draw(2, 1, 5, 2), draw(1, 3, 4, 5))  # one text, or one head, for all
    for is_causal in (False, True):
        yield call(draw(2, 4, 3, 2), draw(2, 2, 5, 2), draw(2, 2, 5, 3), is_causal=is_causal, enable_gqa=True)
    yield call(draw(2, 6, 4, 2), draw(2, 2, 5, 2), draw(2, 3, 5, 1), may(2, 6, 4, 5), enable_gqa=True)
    yield call(draw(4, 3, 2), draw(2, 5, 2), draw(2, 5, 2), draw(4, 3, 5), enable_gqa=True)
    yield call(*triple(batch=0), is_causal=True)
    yield call(*triple(batch=0), may(4, 5))
    yield call(*triple(keys=0))
    yield call(*triple(keys=0), is_causal=True)
    yield call(*triple(queries=0), is_causal=True)
    yield call(*(20 * part for part in triple()))
    blind = may(2, 1, 4, 5)
    blind[1, 0, 2] = False  # a query that may see nothing
    yield call(*triple(), blind)
    yield call(*triple(), draw(2, 1, 4, 5).masked_fill(~blind, -math.inf))
    yield call(*triple(queries=65, keys=70), may(2, 1, 1, 70))
    yield call(*triple(batch=1, queries=259, keys=131), is_causal=True)
    yield call(*triple(batch=1, queries=131, keys=259), is_causal=True)


CASES = [
    OpCase(
        name="scaled_dot_product_attention",
        reference="torch.nn.functional.scaled_dot_product_attention",
        ours=scaled_dot_product_attention,
        theirs=F.scaled_dot_product_attention,
        samples=attention_samples,
    ),
]
