"""From what a detector says of thousands of boxes to what it found: the likely boxes, and of those around one thing the best."""

from typing import NamedTuple

import torch
from torch import Tensor

from groundup.ops.boxes import check_boxes
from groundup.ops.nms import batched_nms


class Detections(NamedTuple):
    """What was found in one picture, by falling score. Shapes: boxes (found, 4), scores (found), labels (found) of int64."""

    boxes: Tensor
    scores: Tensor
    labels: Tensor


def select_detections(
    scores: Tensor,
    boxes: Tensor,
    score_threshold: float = 0.01,
    iou_threshold: float = 0.45,
    max_candidates: int = 400,
    max_detections: int = 200,
) -> Detections:
    """The boxes that stay of one picture: of each class the likely ones, without those that a likelier one overlaps.

    Of each class the `max_candidates` boxes with the highest scores, as far as those are above `score_threshold`; then
    non-maximum suppression within each class; then the `max_detections` highest scores of all classes together. A box may be
    found once for each class.

    Shapes: scores (boxes, classes) without the background's, boxes (boxes, 4).
    Units and ranges: both thresholds 0 to 1; boxes are x1, y1, x2, y2 in any unit; labels count from 0.
    Raises: ValueError for other shapes, and for fewer than one candidate or detection.
    Paper: SSD, https://arxiv.org/abs/1512.02325 (section 3.7, "inference time"; 0.01, 0.45 and 200).
    Equals: torchvision.models.detection.ssd.SSD.postprocess_detections, which counts the background as class 0.
    """
    check_boxes("select_detections", boxes=boxes)
    if scores.dim() != 2 or boxes.shape != (len(scores), 4):
        raise ValueError(
            f"select_detections takes scores (boxes, classes) and as many boxes (boxes, 4); it was given {tuple(scores.shape)} "
            f"and {tuple(boxes.shape)}"
        )
    if min(max_candidates, max_detections) < 1:
        raise ValueError(
            f"select_detections keeps at least one candidate and one detection; it was given {max_candidates}, {max_detections}"
        )
    best, numbers = scores.topk(min(max_candidates, len(scores)), dim=0)  # (candidates, classes)
    likely = best > score_threshold
    labels = torch.arange(scores.shape[1], device=scores.device).expand_as(best)[likely]
    best, found = best[likely], boxes[numbers[likely]]
    keep = batched_nms(found, best, labels, iou_threshold)[:max_detections]
    return Detections(found[keep], best[keep], labels[keep])
