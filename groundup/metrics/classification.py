"""How often a classifier is right, and where it is wrong."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure
from PIL import Image
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix

from groundup.metrics.figure import figure_picture
from groundup.ops.cross_entropy import cross_entropy


class Accuracy:
    """The share of pictures whose most probable class is the right one, from 0 to 1."""

    def __init__(self, *, num_classes: int):
        self.metric = MulticlassAccuracy(num_classes=num_classes, average="micro")

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        self.metric.update(prediction["label"].cpu(), batch["label"].cpu())

    def compute(self) -> float:
        return self.metric.compute().item()


class MeanLoss:
    """The mean cross-entropy of the predicted logits, in nats."""

    def __init__(self):
        self.metric = MeanMetric()

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        label = batch["label"].cpu()
        self.metric.update(cross_entropy(prediction["logits"].cpu(), label), weight=len(label))

    def compute(self) -> float:
        return self.metric.compute().item()


class Confusion:
    """How many pictures of each class were taken for each class: a picture, no number."""

    def __init__(self, *, labels: Sequence[str]):
        self.labels = list(labels)
        self.metric = MulticlassConfusionMatrix(num_classes=len(labels))

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        self.metric.update(prediction["label"].cpu(), batch["label"].cpu())

    def picture(self) -> Image.Image:
        """The counts as a table: rows are the truth, columns what was said."""
        counts = self.metric.compute()
        shares = (counts / counts.sum(1, keepdim=True).clamp_min(1)).numpy()
        figure = Figure(figsize=(1.6 + 0.45 * len(counts), 1.4 + 0.45 * len(counts)), layout="constrained")
        axes = figure.add_subplot()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in torch.nonzero(counts).tolist():
            tone = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, int(counts[row, column]), ha="center", va="center", color=tone, fontsize=9)
        axes.set(xlabel="said", ylabel="is", xticks=range(len(counts)), yticks=range(len(counts)))
        axes.set_xticklabels(self.labels, rotation=45 if max(map(len, self.labels)) > 3 else 0)
        axes.set_yticklabels(self.labels)
        axes.set_title(f"{int(counts.trace())} of {int(counts.sum())} right")
        return figure_picture(figure)
