"""What is selected of a detector's answers against torchvision's post-processing."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.ops.boxes import draw_boxes
from groundup.ops.detections import select_detections


def torchvisions(
    scores: Tensor,
    boxes: Tensor,
    score_threshold: float = 0.01,
    iou_threshold: float = 0.45,
    max_candidates: int = 400,
    max_detections: int = 200,
) -> tuple[Tensor, ...]:
    """torchvision's SSD asked with logits whose softmax are these scores, and a coder that takes boxes as they are."""
    from types import SimpleNamespace

    from torchvision.models.detection.ssd import SSD

    background = 1 - scores.sum(1, keepdim=True)
    outputs = {"cls_logits": torch.cat((background, scores), dim=1).log()[None], "bbox_regression": boxes[None]}
    owner = SimpleNamespace(
        box_coder=SimpleNamespace(decode_single=lambda codes, anchors: codes),
        score_thresh=score_threshold,
        nms_thresh=iou_threshold,
        topk_candidates=max_candidates,
        detections_per_img=max_detections,
    )
    (found,) = SSD.postprocess_detections(owner, outputs, [boxes], [(10**6, 10**6)])
    return found["boxes"], found["scores"], found["labels"] - 1


def samples(generator: Generator) -> Iterator[Sample]:
    """Many boxes that overlap and few, also none above the threshold; limits that bite and that do not."""
    for boxes, classes in ((60, 3), (7, 1), (1, 5)):
        logits = 2 * torch.randn(boxes, classes + 1, generator=generator, dtype=torch.float64)
        scores, places = logits.softmax(1)[:, 1:], draw_boxes(generator, boxes).abs()
        yield call(scores, places)
        yield call(scores, places, score_threshold=0.3, iou_threshold=0.2)
        yield call(scores, places, max_candidates=9, max_detections=11)
        yield call(scores, places, score_threshold=1.0)


CASES = [
    OpCase(
        name="select_detections",
        reference="torchvision.models.detection.ssd.SSD.postprocess_detections",
        ours=select_detections,
        theirs=torchvisions,
        samples=samples,
        requires=("torchvision",),
    ),
]
