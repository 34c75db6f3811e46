"""Pooling layers against torch.nn's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d

MAX_POOL2D = dict(kernel_size=(2, 3), stride=(3, 2), padding=1, dilation=(2, 1), ceil_mode=True, return_indices=True)
AVG_POOL2D = dict(kernel_size=3, stride=2, padding=1, ceil_mode=True, count_include_pad=False)


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(3, 4, 9, 8, generator=generator, dtype=torch.float64))
    yield call(torch.randn(0, 4, 9, 8, generator=generator, dtype=torch.float64))


CASES = [
    ModuleCase(
        name="MaxPool2d",
        reference="torch.nn.MaxPool2d",
        ours=partial(MaxPool2d, **MAX_POOL2D),
        theirs=partial(nn.MaxPool2d, **MAX_POOL2D),
        samples=pictures,
    ),
    ModuleCase(
        name="AvgPool2d",
        reference="torch.nn.AvgPool2d",
        ours=partial(AvgPool2d, **AVG_POOL2D),
        theirs=partial(nn.AvgPool2d, **AVG_POOL2D),
        samples=pictures,
    ),
    ModuleCase(
        name="AdaptiveAvgPool2d",
        reference="torch.nn.AdaptiveAvgPool2d",
        ours=partial(AdaptiveAvgPool2d, output_size=(4, None)),
        theirs=partial(nn.AdaptiveAvgPool2d, (4, None)),
        samples=pictures,
    ),
]
