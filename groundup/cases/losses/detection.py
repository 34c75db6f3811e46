"""The losses of boxes in pairs against torchvision's."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.ops.boxes import draw_boxes, torchvisions
from groundup.losses.detection import complete_box_iou_loss, distance_box_iou_loss, generalized_box_iou_loss


def paired(generator: Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Overlapping and apart; one pair, none; touching, equal, and one inside another."""
    for shape in ((9,), (), (0,), (2, 3)):
        yield draw_boxes(generator, *shape), draw_boxes(generator, *shape)
    yield draw_boxes(generator, 2, 3).transpose(0, 1), draw_boxes(generator, 3, 1).expand(3, 2, 4)
    first = torch.tensor([[0, 0, 4, 4], [4, 0, 6, 3], [1, 1, 2, 2], [0, 0, 4, 4], [1, 4, 3, 6]], dtype=torch.float64)
    yield first, first[[1, 0, 0, 3, 0]]


def samples(generator: Generator) -> Iterator[Sample]:
    for boxes1, boxes2 in paired(generator):
        yield call(boxes1, boxes2)
        for reduction in ("none", "mean", "sum"):
            yield call(boxes1, boxes2, reduction=reduction)


def samples_with_eps(generator: Generator) -> Iterator[Sample]:
    yield from samples(generator)
    for boxes1, boxes2 in paired(generator):
        yield call(boxes1, boxes2, "sum", 0.3)


CASES = [
    OpCase(
        name=name,
        kind="loss",
        reference=f"torchvision.ops.{name}",
        ours=ours,
        theirs=torchvisions(name),
        samples=drawn,
        requires=("torchvision",),
    )
    for name, ours, drawn in (
        ("generalized_box_iou_loss", generalized_box_iou_loss, samples_with_eps),
        ("distance_box_iou_loss", distance_box_iou_loss, samples_with_eps),
        ("complete_box_iou_loss", complete_box_iou_loss, samples),  # theirs does not pass eps on to every term
    )
]
