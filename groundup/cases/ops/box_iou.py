"""Intersection over union and its relatives against torchvision's."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.ops.boxes import draw_boxes, torchvisions
from groundup.ops.box_iou import box_iou, complete_box_iou, distance_box_iou, generalized_box_iou


def pairs(generator: Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Many overlaps, some boxes apart; batches that broadcast, no boxes, layouts; touching, equal, one inside another."""

    def draw(*shape: int) -> Tensor:
        return draw_boxes(generator, *shape)

    for first, second in (((4,), (5,)), ((2, 3), (1, 4)), ((3,), (2, 2)), ((0,), (3,)), ((2, 3), (2, 0)), ((1,), (1,))):
        yield draw(*first), draw(*second)
    yield draw(3, 2).transpose(0, 1), draw(4, 5)[:, 2]
    yield draw(1).expand(4, 4), draw(2).flip(0)
    whole = torch.tensor([[0, 0, 4, 4], [4, 0, 6, 3], [1, 1, 2, 2], [0, 0, 4, 4], [4, 4, 5, 5]], dtype=torch.float64)
    yield whole, whole


def iou_samples(generator: Generator) -> Iterator[Sample]:
    for boxes1, boxes2 in pairs(generator):
        yield call(boxes1, boxes2)
        for fmt in ("xyxy", "xywh", "cxcywh"):
            yield call(boxes1 + 1.5, boxes2 + 1.5, fmt=fmt)  # above 0, where the last two may be a width and a height


def generalized_samples(generator: Generator) -> Iterator[Sample]:
    for boxes1, boxes2 in pairs(generator):
        yield call(boxes1, boxes2)


def samples_with_eps(generator: Generator) -> Iterator[Sample]:
    for boxes1, boxes2 in pairs(generator):
        yield call(boxes1, boxes2)
        yield call(boxes1, boxes2, eps=0.3)


CASES = [
    OpCase(
        name=name,
        reference=f"torchvision.ops.{name}",
        ours=ours,
        theirs=torchvisions(name),
        samples=samples,
        requires=("torchvision",),
    )
    for name, ours, samples in (
        ("box_iou", box_iou, iou_samples),
        ("generalized_box_iou", generalized_box_iou, generalized_samples),
        ("distance_box_iou", distance_box_iou, samples_with_eps),
        ("complete_box_iou", complete_box_iou, samples_with_eps),
    )
]
