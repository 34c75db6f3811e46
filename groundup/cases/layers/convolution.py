"""Convolution layers against torch.nn's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.convolution import Conv1d, Conv2d, ConvTranspose2d

CONV1D = dict(
    in_channels=4, out_channels=6, kernel_size=4, padding="same", dilation=3, groups=2, bias=False, padding_mode="circular"
)
CONV2D = dict(in_channels=4, out_channels=6, kernel_size=(3, 2), stride=(2, 1), padding=1, dilation=2, groups=2)
REFLECTING = CONV2D | dict(padding=(3, 2), padding_mode="reflect")
REPLICATING = CONV2D | dict(stride=1, padding="same", padding_mode="replicate")
CONV_TRANSPOSE2D = dict(
    in_channels=4,
    out_channels=6,
    kernel_size=(3, 2),
    stride=(2, 1),
    padding=(1, 2),
    output_padding=1,
    groups=2,
    dilation=(1, 3),
)


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(3, 4, 9, 8, generator=generator, dtype=torch.float64))
    yield call(torch.randn(4, 9, 8, generator=generator, dtype=torch.float64))  # without a batch


def sequences(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(3, 4, 9, generator=generator, dtype=torch.float64))
    yield call(torch.randn(4, 9, generator=generator, dtype=torch.float64))


CASES = [
    ModuleCase(
        name="Conv1d",
        reference="torch.nn.Conv1d",
        ours=partial(Conv1d, **CONV1D),
        theirs=partial(nn.Conv1d, **CONV1D),
        samples=sequences,
    ),
    *(
        ModuleCase(
            name=name,
            reference="torch.nn.Conv2d",
            ours=partial(Conv2d, **options),
            theirs=partial(nn.Conv2d, **options),
            samples=pictures,
        )
        for name, options in (("Conv2d_reflect", REFLECTING), ("Conv2d_replicate", REPLICATING))
    ),
    ModuleCase(
        name="Conv2d",
        reference="torch.nn.Conv2d",
        ours=partial(Conv2d, **CONV2D),
        theirs=partial(nn.Conv2d, **CONV2D),
        samples=pictures,
    ),
    ModuleCase(
        name="ConvTranspose2d",
        reference="torch.nn.ConvTranspose2d",
        ours=partial(ConvTranspose2d, **CONV_TRANSPOSE2D),
        theirs=partial(nn.ConvTranspose2d, **CONV_TRANSPOSE2D),
        samples=pictures,
    ),
]
