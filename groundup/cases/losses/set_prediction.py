"""DETR's set loss against transformers': the same pairs, the same three losses."""

from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.losses.set_prediction import SetPredictionLoss


def ours(logits: Tensor, boxes: Tensor, labels: Sequence, target_boxes: Sequence, eos_coef: float, costs: dict) -> tuple:
    loss = SetPredictionLoss(num_classes=logits.shape[2] - 1, eos_coef=eos_coef, **costs)
    losses = loss(logits, boxes, labels, target_boxes)
    return *losses, losses.total(3.0, 7.0), *loss.match(logits, boxes, labels, target_boxes)


def transformers(logits: Tensor, boxes: Tensor, labels: Sequence, target_boxes: Sequence, eos_coef: float, costs: dict) -> tuple:
    from transformers.loss.loss_for_object_detection import HungarianMatcher, ImageLoss

    matcher = HungarianMatcher(**({"class_cost": 1, "bbox_cost": 5, "giou_cost": 2} | costs))
    criterion = ImageLoss(matcher, logits.shape[2] - 1, eos_coef, ["labels", "boxes"]).double()
    criterion.empty_weight[-1] = eos_coef  # it was made in float32
    targets = [{"class_labels": label, "boxes": box} for label, box in zip(labels, target_boxes)]
    outputs = {"logits": logits, "pred_boxes": boxes}
    losses = criterion(outputs, targets)
    total = losses["loss_ce"] + 3 * losses["loss_bbox"] + 7 * losses["loss_giou"]
    return losses["loss_ce"], losses["loss_bbox"], losses["loss_giou"], total, *matcher(outputs, targets)


def samples(generator: Generator) -> Iterator[Sample]:
    def draw_boxes(*shape: int) -> Tensor:
        return 0.05 + 0.9 * torch.rand(*shape, 4, generator=generator, dtype=torch.float64)

    for queries, objects, eos_coef, costs in (
        (7, (3, 2), 0.1, {}),
        (5, (0, 4, 1), 0.3, {"class_cost": 2.0, "bbox_cost": 0.5, "giou_cost": 3.0}),
        (3, (5,), 1.0, {"giou_cost": 0.0}),  # more objects than predictions
        (4, (0, 0), 0.1, {}),
        (1, (1,), 0.1, {}),
    ):
        logits = 2 * torch.randn(len(objects), queries, 4, generator=generator, dtype=torch.float64)
        labels = [torch.randint(3, (count,), generator=generator) for count in objects]
        yield call(logits, draw_boxes(len(objects), queries), labels, [draw_boxes(count) for count in objects], eos_coef, costs)


CASES = [
    OpCase(
        name="SetPredictionLoss",
        kind="loss",
        reference="transformers ImageLoss and HungarianMatcher",
        ours=ours,
        theirs=transformers,
        samples=samples,
        requires=("transformers",),
    ),
]
