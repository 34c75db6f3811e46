"""roi_align against torchvision's, and the level of a feature pyramid that a box is read on."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.ops.boxes import draw_boxes, torchvisions
from groundup.ops.roi_align import pyramid_level, roi_align
from groundup.parity.compare import Constant


def regions(generator: Generator, count: int, batch: int) -> Constant:
    """Boxes that lie in the picture, hang over its edge, or are smaller than a pixel, each with a picture's number."""
    number = torch.randint(batch, (count, 1), generator=generator).double()
    boxes = draw_boxes(generator, count, around=13.0)
    boxes[:1, 2:] = boxes[:1, :2] + 0.3
    return Constant(torch.cat((number, boxes), dim=1))


def roi_align_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    yield call(draw(2, 3, 6, 7), regions(generator, 4, 2), (2, 3), 0.5, 2, True)
    yield call(draw(2, 3, 6, 7), regions(generator, 4, 2), 2)
    for aligned in (False, True):
        for sampling_ratio in (-1, 0, 1, 3):
            options = dict(spatial_scale=0.6, sampling_ratio=sampling_ratio, aligned=aligned)
            yield call(draw(2, 2, 5, 6), regions(generator, 3, 2), (3, 2), **options)
            yield call(draw(1, 2, 5, 6).to(memory_format=torch.channels_last), regions(generator, 2, 1), output_size=1, **options)
        yield call(draw(1, 1, 9, 4), regions(generator, 3, 1), (2, 1), 1.5, aligned=aligned)  # many points a bin
        yield call(draw(2, 5, 3, 4).permute(0, 2, 3, 1), regions(generator, 0, 1), 2, aligned=aligned)
        yield call(draw(2, 1, 1, 1), [draw_boxes(generator, 2), draw_boxes(generator, 0)], 2, 1.0, 2, aligned)
        outside = torch.tensor([[0, -9, -9, -5, -4], [0, 30, 1, 40, 9], [0, -1, -1, 5, 6]], dtype=torch.float64)
        yield call(draw(1, 2, 5, 6), Constant(outside), 2, 1.0, 2, aligned)
    yield call(draw(0, 2, 5, 6), regions(generator, 0, 1), 2)


def levels(boxes: Tensor, lowest: int, highest: int, *canonical: float) -> Tensor:
    from torchvision.ops.poolers import LevelMapper

    return LevelMapper(lowest, highest, *canonical)([boxes]) + lowest


def level_samples(generator: Generator) -> Iterator[Sample]:
    boxes = draw_boxes(generator, 30, around=900.0)
    yield call(boxes, 2, 5)
    yield call(boxes, 3, 4, 100, 3)
    yield call(boxes, 0, 9, 224, 4, 0.4)
    yield call(boxes[:0], 2, 5)
    side = 224 * torch.tensor([0.25, 0.5, 0.999, 1.0, 2.0], dtype=torch.float64)
    yield call(torch.stack((0 * side, 0 * side, side, side), dim=1), 2, 5)


CASES = [
    OpCase(
        name="roi_align",
        reference="torchvision.ops.roi_align",
        ours=roi_align,
        theirs=torchvisions("roi_align"),
        samples=roi_align_samples,
        requires=("torchvision",),
    ),
    OpCase(
        name="pyramid_level",
        reference="torchvision.ops.poolers.LevelMapper",
        ours=pyramid_level,
        theirs=levels,
        samples=level_samples,
        requires=("torchvision",),
    ),
]
