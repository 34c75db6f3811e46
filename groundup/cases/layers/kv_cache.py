"""KVCache against transformers' cache that grows."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.layers.attention import draw
from groundup.layers.kv_cache import KVCache
from groundup.parity.compare import Constant


def ours(*parts: Tensor) -> tuple[Tensor, ...]:
    batch, heads, _, dim = parts[0].shape
    cache = KVCache(batch_size=batch, num_kv_heads=heads, max_seq_len=9, head_dim=dim, dtype=torch.float64)
    for part in parts:
        held = cache.append(part, -part)
    return tuple(kind[:, :, : int(cache.length)] for kind in held)


def theirs(*parts: Tensor) -> tuple[Tensor, ...]:
    from transformers import DynamicCache

    cache = DynamicCache()
    for part in parts:
        held = cache.update(part, -part, 0)
    return tuple(held)


def texts(generator: Generator) -> Iterator[Sample]:
    """A prompt, then tokens one at a time and several at once, up to the last place."""
    new = partial(draw, generator)
    yield call(*(Constant(new(2, 3, length, 4)) for length in (4, 1, 1, 3)))
    yield call(Constant(new(0, 3, 9, 4)))


CASES = [
    OpCase(
        name="KVCache",
        reference="transformers.DynamicCache",
        requires=("transformers",),
        kind="layer",
        ours=ours,
        theirs=theirs,
        samples=texts,
    ),
]
