"""How well boxes are found: COCO's average precision, and how many of those that a user sees are right."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from faster_coco_eval import COCO, COCOeval_faster
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from groundup.data.boxed import Objects, annotated
from groundup.metrics.figure import figure_picture
from groundup.ops.box_iou import box_iou

HALF, THREE_QUARTERS = 0, 5  # where the overlaps 0.5 and 0.75 stand among COCO's ten, 0.5, 0.55 ... 0.95


class AveragePrecision:
    """COCO's mean average precision, computed by faster-coco-eval.

    A detection is right where it overlaps an object of its class, that no surer one has taken, by an IoU of at least so
    much: `map50` by 0.5, `map75` by 0.75, and `map` is the mean over 0.5, 0.55 and so on to 0.95. Of each class the precision
    is averaged over 101 levels of recall, and the classes that occur count alike. Of a picture the hundred surest detections
    of a class are looked at. What lies on a skipped object is neither right nor wrong. NaN where there is no object.
    """

    def __init__(self, *, labels: Sequence[str]):
        self.labels = list(labels)
        self.truths: list[Objects] = []
        self.found: list[np.ndarray] = []  # rows of picture, x, y, width, height, score, class

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        for truth, boxes, scores, labels in zip(
            annotated(batch), prediction["boxes"], prediction["scores"], prediction["labels"], strict=True
        ):
            x1, y1, x2, y2 = boxes.detach().cpu().double().unbind(1)
            numbers = torch.full_like(x1, len(self.truths) + 1)
            columns = (numbers, x1, y1, x2 - x1, y2 - y1, scores.cpu().double(), labels.cpu().double() + 1)
            self.found.append(torch.stack(columns, dim=1).numpy())
            self.truths.append(truth)

    def precision(self) -> np.ndarray:
        """The precision at each overlap and level of recall, -1 for a class without objects. Shapes: (10, 101, classes)."""
        truth = COCO({"images": self.images(), "categories": self.categories(), "annotations": self.annotations()})
        found = truth.loadRes(np.concatenate(self.found)) if any(map(len, self.found)) else truth.loadRes([])
        evaluation = COCOeval_faster(truth, found, "bbox", print_function=lambda *_: None)
        evaluation.evaluate()
        evaluation.accumulate()
        return evaluation.eval["precision"].reshape(10, 101, len(self.labels), 4, 3)[..., 0, 2]  # of every area, and 100 boxes

    def images(self) -> list[dict]:
        return [{"id": number + 1} for number in range(len(self.truths))]

    def categories(self) -> list[dict]:
        return [{"id": number + 1, "name": name} for number, name in enumerate(self.labels)]

    def annotations(self) -> list[dict]:
        rows: list[dict] = []
        for number, truth in enumerate(self.truths):
            for (x1, y1, x2, y2), label, skipped in zip(*(column.tolist() for column in truth), strict=True):
                box = [x1, y1, x2 - x1, y2 - y1]
                row = {"bbox": box, "area": box[2] * box[3], "category_id": label + 1, "iscrowd": int(skipped)}
                rows.append({"id": len(rows) + 1, "image_id": number + 1, **row})
        return rows

    def compute(self) -> dict[str, float]:
        precision = self.precision()
        there = (precision > -1).all(axis=(0, 1))
        if not there.any():
            return dict.fromkeys(("map", "map50", "map75"), float("nan"))
        precision = precision[..., there]
        parts = {"map": precision, "map50": precision[HALF], "map75": precision[THREE_QUARTERS]}
        return {name: float(part.mean()) for name, part in parts.items()}

    def picture(self) -> Image.Image:
        """Precision over recall, a curve for each class, at an overlap of 0.5."""
        return draw_precision(self.precision()[HALF], self.labels)


def draw_precision(precision: np.ndarray, labels: Sequence[str]) -> Image.Image:
    """Curves of the classes that occur, the twelve best and worst where they are many. Shapes: (101, classes)."""
    means = {number: curve.mean() for number, curve in enumerate(precision.T) if curve.min() > -1}
    order = sorted(means, key=lambda number: -means[number])
    shown = order if len(order) <= 12 else order[:6] + order[-6:]
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for number in shown:
        axes.plot(np.linspace(0, 1, 101), precision[:, number], linewidth=1.6, label=f"{labels[number]}  {means[number]:.2f}")
    axes.set(xlabel="recall: objects found", ylabel="precision: boxes that are right", xlim=(0, 1.01), ylim=(0, 1.03))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"mean average precision at an overlap of 0.5: {np.mean(list(means.values()) or [np.nan]):.3f}", fontsize=11)
    if shown:
        figure.legend(loc="outside right upper", fontsize=9, frameon=False)
    return figure_picture(figure)


class Seen:
    """Of the boxes that a user is shown, those surer than `threshold`: `precision`, how many of them are right, and `recall`,
    how many objects they find. Right is an overlap of at least half with an object of the class that no surer box has taken.

    NaN where no box is shown, or there is no object.
    """

    def __init__(self, *, threshold: float):
        self.threshold = threshold
        self.right = self.shown = self.objects = 0

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        for truth, boxes, scores, labels in zip(
            annotated(batch), prediction["boxes"], prediction["scores"], prediction["labels"], strict=True
        ):
            sure = (scores >= self.threshold).cpu()
            right, skipped = right_boxes(boxes.cpu()[sure], labels.cpu()[sure], truth)
            self.right += int(right.sum())
            self.shown += int((~skipped).sum())
            self.objects += int((~truth.skipped).sum())

    def compute(self) -> dict[str, float]:
        nan = float("nan")
        return {
            "precision": self.right / self.shown if self.shown else nan,
            "recall": self.right / self.objects if self.objects else nan,
        }


def right_boxes(boxes: Tensor, labels: Tensor, truth: Objects, overlap: float = 0.5) -> tuple[Tensor, Tensor]:
    """Which boxes, by falling score, each find an object that none before them has; and which lie on a skipped one instead.

    Shapes: boxes (boxes, 4), labels (boxes) -> two of (boxes) of bool.
    """
    right, skipped = torch.zeros(2, len(boxes), dtype=torch.bool)
    if not len(truth.boxes):
        return right, skipped
    iou = box_iou(boxes.to(truth.boxes), truth.boxes) * (labels[:, None] == truth.labels)
    free = ~truth.skipped
    for row in range(len(boxes)):
        best = (iou[row] * free).argmax()
        if free[best] and iou[row, best] >= overlap:
            right[row], free[best] = True, False
        else:
            skipped[row] = (iou[row] * truth.skipped).amax() >= overlap
    return right, skipped
