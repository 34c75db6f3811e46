"""RoIAlign against torchvision's."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.cases.ops.boxes import draw_boxes
from groundup.cases.ops.roi_align import regions
from groundup.layers.roi_align import RoIAlign

OPTIONS = dict(output_size=(2, 3), spatial_scale=0.5, sampling_ratio=2, aligned=True)


def torchvisions() -> nn.Module:
    from torchvision.ops import RoIAlign

    return RoIAlign(**OPTIONS)


def pictures(generator: Generator) -> Iterator[Sample]:
    picture = torch.randn(2, 3, 6, 7, generator=generator, dtype=torch.float64)
    yield call(picture, regions(generator, 4, 2))
    yield call(picture, [draw_boxes(generator, 3), draw_boxes(generator, 0)])


CASES = [
    ModuleCase(
        name="RoIAlign",
        reference="torchvision.ops.RoIAlign",
        ours=partial(RoIAlign, **OPTIONS),
        theirs=torchvisions,
        samples=pictures,
        requires=("torchvision",),
    ),
]
