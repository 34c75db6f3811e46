"""DETR's loss: a fixed number of predictions against a set of objects in no order (https://arxiv.org/abs/2005.12872).

First each object is given one prediction of its own, so that all pairs together cost least; the predictions left over should
say "no object". Then the pairs are scored. Since no two predictions can have one object, none need be suppressed afterwards.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import Module

from groundup.losses.detection import generalized_box_iou_loss
from groundup.ops.box_iou import generalized_box_iou
from groundup.ops.boxes import box_convert
from groundup.ops.cross_entropy import cross_entropy
from groundup.ops.matching import linear_assignment
from groundup.ops.reduction import can_look_into
from groundup.ops.softmax import softmax


class SetLosses(NamedTuple):
    """The three parts, none yet weighed: of the classes, of the boxes' four numbers, and of their overlap."""

    classes: Tensor
    boxes: Tensor
    giou: Tensor

    def total(self, bbox_weight: float = 5.0, giou_weight: float = 2.0) -> Tensor:
        """The sum to train with. Paper: appendix A.4, lambda_L1 = 5 and lambda_iou = 2."""
        return self.classes + bbox_weight * self.boxes + giou_weight * self.giou


def check_set(logits: Tensor, boxes: Tensor, labels: Sequence[Tensor], target_boxes: Sequence[Tensor]) -> None:
    """A ValueError that says what does not fit; the values of labels are looked at on the CPU only."""
    if logits.dim() != 3 or boxes.shape != (*logits.shape[:2], 4):
        raise ValueError(
            f"a set of predictions is logits (batch, queries, classes + 1) and boxes (batch, queries, 4); it was given "
            f"{tuple(logits.shape)} and {tuple(boxes.shape)}"
        )
    if not len(labels) == len(target_boxes) == len(logits):
        raise ValueError(
            f"{len(logits)} pictures take as many targets; it was given {len(labels)} labels and {len(target_boxes)} boxes"
        )
    for n, (label, box) in enumerate(zip(labels, target_boxes)):
        if label.dim() != 1 or label.is_floating_point() or box.shape != (len(label), 4):
            raise ValueError(
                f"picture {n}: labels (objects) of whole numbers go with boxes (objects, 4); it was given "
                f"{label.dtype} {tuple(label.shape)} and {tuple(box.shape)}"
            )
        if can_look_into(label):
            wrong = label[(label < 0) | (label >= logits.shape[2] - 1)]
            if len(wrong):
                raise ValueError(f"picture {n}: label {wrong[0].item()} is none of the {logits.shape[2] - 1} classes")


def matching_cost(
    logits: Tensor,
    boxes: Tensor,
    labels: Tensor,
    target_boxes: Tensor,
    class_cost: float = 1.0,
    bbox_cost: float = 5.0,
    giou_cost: float = 2.0,
) -> Tensor:
    """What it costs to give a prediction to an object, for one picture.

    cost = - class_cost * probability of the object's class + bbox_cost * |difference of the boxes| - giou_cost * giou

    The probability itself, not its logarithm, so that it is of the size of the two others.

    Shapes: logits (queries, classes + 1), boxes (queries, 4), labels (objects), target_boxes (objects, 4) -> (queries,
    objects).
    Units and ranges: boxes are centre x, centre y, width, height, as parts of the picture's sides.
    Paper: section 3.1, equation 1 and below, and equation 9 for the boxes.
    """
    probability = softmax(logits, -1)[:, labels.long()]
    distance = (boxes.unsqueeze(1) - target_boxes).abs().sum(-1)
    giou = generalized_box_iou(*(box_convert(part, "cxcywh", "xyxy") for part in (boxes, target_boxes)))
    return bbox_cost * distance - class_cost * probability - giou_cost * giou


class SetPredictionLoss(Module):
    """The best pairing of predictions and objects, and the loss of it.

    The classes' part is the cross-entropy of all predictions, those without an object asked for "no object", which is the last
    class and counts `eos_coef`. The boxes' parts are the sums of |difference| and of 1 - giou over the pairs, divided by the
    number of objects in the batch. For a decoder's inner layers, call it on each layer's predictions and add up.

    Shapes: logits (batch, queries, num_classes + 1), boxes (batch, queries, 4); labels and target_boxes a list of (objects)
    and one of (objects, 4), one for each picture -> three of ().
    Units and ranges: boxes are centre x, centre y, width, height, as parts of the picture's sides.
    Raises: ValueError for shapes that do not match and, on the CPU, for a label outside the classes.
    Paper: section 3.1, equation 2.
    Equals: transformers' ImageLoss and HungarianMatcher.
    """

    def __init__(
        self,
        *,
        num_classes: int,
        eos_coef: float = 0.1,
        class_cost: float = 1.0,
        bbox_cost: float = 5.0,
        giou_cost: float = 2.0,
    ):
        super().__init__()
        self.num_classes, self.eos_coef = num_classes, eos_coef
        self.costs = (class_cost, bbox_cost, giou_cost)

    def match(
        self, logits: Tensor, boxes: Tensor, labels: Sequence[Tensor], target_boxes: Sequence[Tensor]
    ) -> list[tuple[Tensor, Tensor]]:
        """For each picture the numbers of the predictions, rising, and of the objects that are paired off."""
        with torch.no_grad():
            costs = [matching_cost(*picture, *self.costs) for picture in zip(logits, boxes, labels, target_boxes)]
        return [linear_assignment(cost) for cost in costs]

    def forward(self, logits: Tensor, boxes: Tensor, labels: Sequence[Tensor], target_boxes: Sequence[Tensor]) -> SetLosses:
        check_set(logits, boxes, labels, target_boxes)
        if logits.shape[2] != self.num_classes + 1:
            raise ValueError(
                f"{self.num_classes} classes and none take {self.num_classes + 1} logits; it was given {logits.shape[2]}"
            )
        classes = torch.full(logits.shape[:2], self.num_classes, device=logits.device)
        predicted, wanted = [boxes[:0, 0]], [boxes[:0, 0]]
        for n, (queries, objects) in enumerate(self.match(logits, boxes, labels, target_boxes)):
            queries, objects = queries.to(logits.device), objects.to(logits.device)
            classes[n, queries] = labels[n][objects].long()
            predicted.append(boxes[n, queries])
            wanted.append(target_boxes[n][objects])
        predicted, wanted = torch.cat(predicted), torch.cat(wanted)  # (pairs, 4)
        count = max(sum(map(len, labels)), 1)
        weight = logits.new_ones(self.num_classes + 1)
        weight[-1] = self.eos_coef
        corners = (box_convert(part, "cxcywh", "xyxy") for part in (predicted, wanted))
        return SetLosses(
            cross_entropy(logits.movedim(-1, 1), classes, weight),
            (predicted - wanted).abs().sum() / count,
            generalized_box_iou_loss(*corners, reduction="sum", eps=0.0) / count,
        )
