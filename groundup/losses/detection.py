"""Losses of detectors: of a predicted box and the box that it should be, and of all that a detector says of a picture.

The first three are one minus how well two boxes agree, in three measures. Their boxes come in pairs, unlike those of
`groundup.ops.box_iou`, where each meets each. `eps` keeps every denominator from 0. Where two boxes share no area, the
intersection has no slope, and only the terms for distance and shape pull.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from groundup.ops.box_coding import encode_boxes
from groundup.ops.box_iou import box_iou, center_distance, enclosing_sides, shape_difference, shared_sides
from groundup.ops.boxes import box_area, check_boxes
from groundup.ops.cross_entropy import cross_entropy
from groundup.ops.matching import hard_negatives, match_default_boxes
from groundup.ops.reduction import check_reduction, reduce
from groundup.ops.regression_loss import smooth_l1_loss


def check_paired(name: str, boxes1: Tensor, boxes2: Tensor, reduction: str) -> None:
    """A ValueError that says what does not fit."""
    check_boxes(name, boxes1=boxes1, boxes2=boxes2)
    if boxes1.shape != boxes2.shape:
        raise ValueError(f"{name} takes boxes in pairs; it was given {tuple(boxes1.shape)} and {tuple(boxes2.shape)}")
    check_reduction(name, reduction)


def at_least_float(boxes: Tensor) -> Tensor:
    """The boxes in float64 if they are, else in float32."""
    return boxes if boxes.dtype == torch.float64 else boxes.float()


def paired_iou(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """The IoU of each pair, and the area that it covers. Shapes: two of (..., 4) -> two of (...)."""
    width, height = shared_sides(boxes1, boxes2)
    intersection = torch.where((width > 0) & (height > 0), width * height, 0)
    union = box_area(boxes1) + box_area(boxes2) - intersection
    return intersection / (union + eps), union


def mean_or_sum(losses: Tensor, reduction: str) -> Tensor:
    """The losses reduced; the mean of none is 0."""
    return reduce(losses, reduction, max(losses.numel(), 1))


def generalized_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 - giou, with giou = iou - (enclosing area - union) / enclosing area.

    Shapes: boxes1 and boxes2 (..., 4), x1, y1, x2, y2 -> (...) for "none", () for "mean" and "sum". The mean of none is 0.
    Units and ranges: 0 (equal) to 2 (small and far apart).
    Raises: ValueError for shapes that differ, a last dimension other than 4 and an unknown reduction.
    Paper: https://arxiv.org/abs/1902.09630 (algorithm 2).
    Equals: torchvision.ops.generalized_box_iou_loss.
    """
    check_paired("generalized_box_iou_loss", boxes1, boxes2, reduction)
    boxes1, boxes2 = at_least_float(boxes1), at_least_float(boxes2)
    iou, union = paired_iou(boxes1, boxes2, eps)
    width, height = enclosing_sides(boxes1, boxes2)
    around = width * height
    return mean_or_sum(1 - iou + (around - union) / (around + eps), reduction)


def distance_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 - diou, with diou = iou - |centre1 - centre2|^2 / squared diagonal of the enclosing box.

    Shapes: boxes1 and boxes2 (..., 4), x1, y1, x2, y2 -> (...) for "none", () for "mean" and "sum". The mean of none is 0.
    Units and ranges: 0 (equal) to 2.
    Raises: ValueError for shapes that differ, a last dimension other than 4 and an unknown reduction.
    Paper: https://arxiv.org/abs/1911.08287 (equation 7).
    Equals: torchvision.ops.distance_box_iou_loss.
    """
    check_paired("distance_box_iou_loss", boxes1, boxes2, reduction)
    boxes1, boxes2 = at_least_float(boxes1), at_least_float(boxes2)
    iou, _ = paired_iou(boxes1, boxes2, eps)
    return mean_or_sum(1 - iou + center_distance(boxes1, boxes2, eps), reduction)


def complete_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 - ciou, with ciou = diou - alpha * v; v says how much the ratios of width to height differ, see `complete_box_iou`.

    Shapes: boxes1 and boxes2 (..., 4), x1, y1, x2, y2 -> (...) for "none", () for "mean" and "sum". The mean of none is 0.
    Units and ranges: 0 (equal) to 2.5; NaN for a box without width and height.
    Raises: ValueError for shapes that differ, a last dimension other than 4 and an unknown reduction.
    Paper: https://arxiv.org/abs/1911.08287 (equation 10).
    Equals: torchvision.ops.complete_box_iou_loss, which takes another `eps` than 1e-7 for alpha alone.
    """
    check_paired("complete_box_iou_loss", boxes1, boxes2, reduction)
    boxes1, boxes2 = at_least_float(boxes1), at_least_float(boxes2)
    iou, _ = paired_iou(boxes1, boxes2, eps)
    losses = 1 - iou + center_distance(boxes1, boxes2, eps) + shape_difference(boxes1, boxes2, iou, eps)
    return mean_or_sum(losses, reduction)


def multibox_loss(
    logits: Tensor,
    codes: Tensor,
    default_boxes: Tensor,
    boxes: Sequence[Tensor],
    labels: Sequence[Tensor],
    match_threshold: float = 0.5,
    negative_ratio: float = 3.0,
    weights: tuple[float, float, float, float] = (10.0, 10.0, 5.0, 5.0),
) -> tuple[Tensor, Tensor]:
    """SSD's two losses: how surprised it is by the class of each box, and how far its boxes are from the objects'.

    A default box that matches an object is to have the object's class and code, all others are to be background. Of those
    the `negative_ratio` times as many as there are matches count that the model is most wrong about. Both sums are over the
    whole batch, and divided by its number of matches, or by 1 where there is none.

    Shapes: logits (batch, default boxes, classes), class 0 being the background; codes (batch, default boxes, 4);
    default_boxes (default boxes, 4); for each picture boxes (objects, 4) and labels (objects), from 1 up, objects being any
    number -> two of (), the classes' loss and the boxes'.
    Raises: ValueError for shapes that do not fit and, on the CPU, boxes without area.
    Paper: SSD, https://arxiv.org/abs/1512.02325 (equations 1 to 3 with alpha = 1; x is the matching).
    Equals: torchvision.models.detection.SSD.compute_loss with its matching.
    """
    if not len(logits) == len(codes) == len(boxes) == len(labels) or not logits.shape[1] == codes.shape[1] == len(default_boxes):
        raise ValueError(
            f"multibox_loss takes logits and codes of each picture and default box, and boxes and labels of each picture; it was "
            f"given {tuple(logits.shape)} and {tuple(codes.shape)} for {len(default_boxes)} default boxes, and boxes and labels "
            f"of {len(boxes)} and {len(labels)} pictures"
        )
    matches = torch.stack([match_default_boxes(box_iou(objects, default_boxes), match_threshold) for objects in boxes])
    positive = matches >= 0  # (batch, default boxes)
    classes, wanted = torch.zeros_like(matches), []
    for row, found, there, objects, names in zip(classes, matches, positive, boxes, labels, strict=True):
        chosen = found[there]
        row[there] = names[chosen]
        wanted.append(encode_boxes(objects[chosen], default_boxes[there], weights))
    count = positive.sum().clamp(min=1)
    box_loss = smooth_l1_loss(codes[positive], torch.cat(wanted), reduction="sum") / count
    losses = cross_entropy(logits.flatten(0, 1), classes.flatten(), reduction="none").view_as(matches)
    learnt = positive | hard_negatives(losses, positive, negative_ratio)
    return losses[learnt].sum() / count, box_loss
