"""Normalization layers against torch.nn's and torchvision's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.frozen_batch_norm import FrozenBatchNorm2d
from groundup.layers.instance_norm import InstanceNorm2d
from groundup.layers.normalization import BatchNorm1d, BatchNorm2d, GroupNorm, LayerNorm, RMSNorm

BATCH_NORM = dict(num_features=4, eps=1e-3, momentum=0.3)
INSTANCE_NORM = dict(num_features=4, eps=1e-3, momentum=0.3, affine=True, track_running_stats=True)
GROUP_NORM = dict(num_groups=2, num_channels=4, eps=1e-3)
LAYER_NORM = dict(normalized_shape=(5, 6), eps=1e-3)


def pictures(generator: Generator) -> Iterator[Sample]:
    """More than one, so that the running statistics are followed over several steps."""
    yield call(torch.randn(2, 5, 6, 4, generator=generator, dtype=torch.float64).permute(0, 3, 1, 2))
    for shape in ((3, 4, 5, 6), (2, 4, 5, 6), (0, 4, 5, 6)):
        yield call(3 + 2 * torch.randn(shape, generator=generator, dtype=torch.float64))


def full_pictures(generator: Generator) -> Iterator[Sample]:
    """Those without an empty batch, of which torch's running statistics of instances would become NaN."""
    yield from (sample for sample in pictures(generator) if sample.size())
    yield call(torch.randn(4, 5, 6, generator=generator, dtype=torch.float64))


def sequences(generator: Generator) -> Iterator[Sample]:
    for shape in ((3, 4), (2, 4, 5), (0, 4), (1, 4, 2)):
        yield call(3 + 2 * torch.randn(shape, generator=generator, dtype=torch.float64))


def theirs_frozen() -> nn.Module:
    from torchvision.ops import FrozenBatchNorm2d

    return FrozenBatchNorm2d(4, eps=1e-3)


CASES = [
    ModuleCase(
        name="BatchNorm1d",
        reference="torch.nn.BatchNorm1d",
        ours=partial(BatchNorm1d, **BATCH_NORM),
        theirs=partial(nn.BatchNorm1d, **BATCH_NORM),
        samples=sequences,
    ),
    ModuleCase(
        name="BatchNorm2d",
        reference="torch.nn.BatchNorm2d",
        ours=partial(BatchNorm2d, **BATCH_NORM),
        theirs=partial(nn.BatchNorm2d, **BATCH_NORM),
        samples=pictures,
    ),
    ModuleCase(
        name="FrozenBatchNorm2d",
        reference="torchvision.ops.FrozenBatchNorm2d",
        requires=("torchvision",),
        ours=partial(FrozenBatchNorm2d, num_features=4, eps=1e-3),
        theirs=theirs_frozen,
        samples=pictures,
    ),
    ModuleCase(
        name="InstanceNorm2d",
        reference="torch.nn.InstanceNorm2d",
        ours=partial(InstanceNorm2d, **INSTANCE_NORM),
        theirs=partial(nn.InstanceNorm2d, **INSTANCE_NORM),
        samples=full_pictures,
    ),
    ModuleCase(
        name="GroupNorm",
        reference="torch.nn.GroupNorm",
        ours=partial(GroupNorm, **GROUP_NORM),
        theirs=partial(nn.GroupNorm, **GROUP_NORM),
        samples=pictures,
    ),
    ModuleCase(
        name="LayerNorm",
        reference="torch.nn.LayerNorm",
        ours=partial(LayerNorm, **LAYER_NORM),
        theirs=partial(nn.LayerNorm, **LAYER_NORM),
        samples=pictures,
    ),
    ModuleCase(
        name="RMSNorm",
        reference="torch.nn.RMSNorm",
        ours=partial(RMSNorm, **LAYER_NORM),
        theirs=partial(nn.RMSNorm, **LAYER_NORM),
        samples=pictures,
    ),
]
