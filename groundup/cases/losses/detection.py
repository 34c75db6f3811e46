"""The losses of boxes in pairs, and SSD's of all that it says of a picture, against torchvision's."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.ops.boxes import draw_boxes, torchvisions
from groundup.losses.detection import (
    complete_box_iou_loss,
    distance_box_iou_loss,
    generalized_box_iou_loss,
    multibox_loss,
)
from groundup.parity.compare import Constant


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


def torchvisions_multibox_loss(
    logits: Tensor,
    codes: Tensor,
    default_boxes: Tensor,
    boxes: Sequence[Tensor],
    labels: Sequence[Tensor],
    match_threshold: float = 0.5,
    negative_ratio: float = 3.0,
    weights: tuple[float, ...] = (10.0, 10.0, 5.0, 5.0),
) -> tuple[Tensor, Tensor]:
    from torchvision.models.detection._utils import BoxCoder, SSDMatcher
    from torchvision.models.detection.ssd import SSD
    from torchvision.ops import box_iou

    matcher, nothing = SSDMatcher(match_threshold), torch.full((len(default_boxes),), -1)
    matches = [matcher(box_iou(objects, default_boxes)) if len(objects) else nothing for objects in boxes]
    targets = [{"boxes": objects, "labels": names} for objects, names in zip(boxes, labels)]
    owner = SimpleNamespace(box_coder=BoxCoder(weights), neg_to_pos_ratio=negative_ratio)
    outputs = {"cls_logits": logits, "bbox_regression": codes}
    losses = SSD.compute_loss(owner, targets, outputs, [default_boxes] * len(boxes), matches)
    return losses["classification"], losses["bbox_regression"]


def multibox_samples(generator: Generator) -> Iterator[Sample]:
    """Pictures with several objects, with one and with none; all with none; other settings."""
    default = draw_boxes(generator, 40)
    objects = [draw_boxes(generator, count) for count in (4, 0, 1)]
    labels = [torch.randint(1, 4, (len(boxes),), generator=generator) for boxes in objects]
    logits = torch.randn(3, 40, 4, generator=generator, dtype=torch.float64)
    codes = torch.randn(3, 40, 4, generator=generator, dtype=torch.float64)
    constants = tuple(map(Constant, objects))
    yield call(logits, codes, Constant(default), constants, labels)
    yield call(logits, codes, Constant(default), constants, labels, 0.2, 1.0, (1.0, 2.0, 3.0, 4.0))
    yield call(logits[1:2], codes[1:2], Constant(default), constants[1:2], labels[1:2])


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
CASES += [
    OpCase(
        name="multibox_loss",
        kind="loss",
        reference="torchvision.models.detection.SSD.compute_loss",
        ours=multibox_loss,
        theirs=torchvisions_multibox_loss,
        samples=multibox_samples,
        requires=("torchvision",),
    ),
]
