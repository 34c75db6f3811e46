"""Normalization layers against torch.nn's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.normalization import BatchNorm2d, LayerNorm

BATCH_NORM2D = dict(num_features=4, eps=1e-3, momentum=0.3)
LAYER_NORM = dict(normalized_shape=(5, 6), eps=1e-3)


def pictures(generator: Generator) -> Iterator[Sample]:
    """More than one, so that the running statistics are followed over several steps."""
    yield call(torch.randn(2, 5, 6, 4, generator=generator, dtype=torch.float64).permute(0, 3, 1, 2))
    for shape in ((3, 4, 5, 6), (2, 4, 5, 6), (0, 4, 5, 6)):
        yield call(3 + 2 * torch.randn(shape, generator=generator, dtype=torch.float64))


CASES = [
    ModuleCase(
        name="BatchNorm2d",
        reference="torch.nn.BatchNorm2d",
        ours=partial(BatchNorm2d, **BATCH_NORM2D),
        theirs=partial(nn.BatchNorm2d, **BATCH_NORM2D),
        samples=pictures,
    ),
    ModuleCase(
        name="LayerNorm",
        reference="torch.nn.LayerNorm",
        ours=partial(LayerNorm, **LAYER_NORM),
        theirs=partial(nn.LayerNorm, **LAYER_NORM),
        samples=pictures,
    ),
]
