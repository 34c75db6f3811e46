"""How well masks fit: of classes (intersection over union) and of classes and objects together (panoptic quality)."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor
from torchmetrics.classification import MulticlassConfusionMatrix
from torchmetrics.detection import PanopticQuality as LibraryPanopticQuality

from groundup.data.annotated import VOID
from groundup.metrics.figure import figure_picture


class ClassOverlap:
    """Of each class, the pixels that prediction and truth share, over those that either has; pixels of no class are left out.

    `miou` is the mean of these over the classes; one that neither has in any picture does not count, and has no number.
    `pixel_accuracy` is the share of all pixels that are right.
    Reads `mask` of prediction and batch, (batch, height, width) or a list of (height, width), each pair of one size.
    """

    def __init__(self, *, labels: Sequence[str]):
        self.labels = list(labels)
        self.metric = MulticlassConfusionMatrix(num_classes=len(self.labels), ignore_index=VOID, validate_args=False)

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        for found, truth in zip(prediction["mask"], batch["mask"], strict=True):
            self.metric.update(found.cpu(), truth.cpu())

    def overlaps(self) -> dict[str, float]:
        """The overlap of each class that there is, by name."""
        counts = self.metric.confmat.double()
        shared, either = counts.diagonal(), counts.sum(0) + counts.sum(1) - counts.diagonal()
        return {name: (s / e).item() for name, s, e in zip(self.labels, shared, either, strict=True) if e > 0}

    def compute(self) -> dict[str, float]:
        counts, found = self.metric.confmat.double(), self.overlaps()
        return {
            "miou": sum(found.values()) / len(found) if found else float("nan"),
            "pixel_accuracy": (counts.trace() / counts.sum()).item(),
            **{f"iou_{name}": value for name, value in found.items()},
        }

    def picture(self) -> Image.Image:
        """The overlap of each class as a bar, the largest first; the dashed line is their mean."""
        found = sorted(self.overlaps().items(), key=lambda pair: pair[1])
        names, values = [name for name, _ in found], [value for _, value in found]
        figure = Figure(figsize=(5.2, 1.1 + 0.3 * len(found)), layout="constrained")
        axes = figure.add_subplot()
        bars = axes.barh(range(len(found)), values, color="#3b6fb6")
        axes.bar_label(bars, [f"{value:.2f}" for value in values], fontsize=9, padding=3)
        if found:
            axes.axvline(sum(values) / len(values), color="0.4", linestyle="--", linewidth=1)
            axes.set_title(f"mean {sum(values) / len(values):.3f}", fontsize=11)
        axes.set(xlabel="intersection over union", xlim=(0, 1.1), yticks=range(len(found)))
        axes.set_yticklabels(names)
        axes.spines[["top", "right"]].set_visible(False)
        return figure_picture(figure)


class PanopticQuality:
    """How well segments fit, of things that can be counted and of stuff that cannot.

    A predicted segment fits a true one of its class where they share more than half of what either has. `sq` is the mean
    overlap of those that fit, `rq` how many fit (an F1 score), and `pq` their product, each the mean over the classes that
    there are; `pq_things` and `pq_stuff` are those of one kind.

    For tasks that give each pixel both a class and an object: `things` says of each class whether it can be counted, as
    data.coco_panoptic's fact of that name does, and prediction and batch hold `segments` (height, width) and `labels` (n) of
    each picture, as that set's items do: `segments == k` is the mask of the one with `labels[k]`, -1 is none. A true segment
    with `iscrowd` is left out. Nothing here is given in: a run of Mask R-CNN or Mask2Former makes it one of its metrics.
    Paper: Kirillov et al. 2019, https://arxiv.org/abs/1801.00868 (section 4).
    """

    def __init__(self, *, things: Sequence[bool]):
        self.things = list(things)
        countable, rest = ({c for c, thing in enumerate(self.things) if thing is kind} for kind in (True, False))
        self.metric = LibraryPanopticQuality(
            countable, rest, allow_unknown_preds_category=True, return_sq_and_rq=True, return_per_class=True
        )

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        crowds = batch.get("iscrowd", [None] * len(batch["labels"]))
        for found, truth in zip(self.pictures(prediction), self.pictures(batch, crowds), strict=True):
            self.metric.update(found[None], truth[None])

    def pictures(self, side: Mapping, crowds: Sequence[Tensor | None] | None = None) -> Iterator[Tensor]:
        """The class and the number of the segment of each pixel: (height, width, 2); a class beyond the last is none."""
        nothing = len(self.things)
        for place, (segments, labels) in enumerate(zip(side["segments"], side["labels"], strict=True)):
            labels, segments = labels.cpu(), segments.cpu()
            if crowds is not None and crowds[place] is not None:
                labels = labels.masked_fill(crowds[place].cpu(), nothing)
            classes = torch.cat([labels, torch.tensor([nothing])])[segments]  # -1 takes the last
            yield torch.stack([classes, segments], dim=-1)

    def compute(self) -> dict[str, float]:
        """The library numbers the things first, then the stuff; of classes that there are not, it gives 0 and counts none."""
        pq, sq, rq = self.metric.compute().unbind(-1)
        there = self.metric.true_positives + self.metric.false_positives + self.metric.false_negatives > 0
        first = sum(self.things)
        kinds = {"pq": pq[there], "sq": sq[there], "rq": rq[there]}
        kinds |= {"pq_things": pq[:first][there[:first]], "pq_stuff": pq[first:][there[first:]]}
        return {name: values.mean().item() for name, values in kinds.items()}
