"""How far predicted numbers are from the true ones."""

from collections.abc import Mapping

import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor
from torchmetrics import MeanAbsoluteError, MeanSquaredError, Metric, R2Score

from groundup.metrics.figure import figure_picture


class Deviation:
    """A metric of torchmetrics on `value` and `target`, in float64; with `logarithm`, on their natural logarithms."""

    def __init__(self, metric: Metric, *, logarithm: bool = False):
        self.metric, self.logarithm, self.count = metric.set_dtype(torch.float64), logarithm, 0

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        values = [batch["target"].cpu().double(), prediction["value"].cpu().double()]
        target, value = (torch.log(numbers) for numbers in values) if self.logarithm else values
        self.metric.update(value, target)
        self.count += len(target)

    def compute(self) -> float:
        return self.metric.compute().item()


class RootMeanSquare(Deviation):
    """The root of the mean squared error: in the target's own unit, and large errors weigh most."""

    def __init__(self, *, logarithm: bool = False):
        super().__init__(MeanSquaredError(squared=False), logarithm=logarithm)


class MeanAbsolute(Deviation):
    """The mean error without its sign, in the target's own unit."""

    def __init__(self):
        super().__init__(MeanAbsoluteError())


class Explained(Deviation):
    """R squared, the share of the variance that the predictions explain: 1 is perfect, 0 what the mean alone reaches.

    A single row has no variance: NaN.
    """

    def __init__(self):
        super().__init__(R2Score())

    def compute(self) -> float:
        return super().compute() if self.count > 1 else float("nan")


class PredictedAgainstTrue:
    """Every prediction as a dot above its truth: a picture, no number."""

    def __init__(self, *, name: str, logarithm: bool = False):
        self.name, self.logarithm = name, logarithm
        self.values: list[Tensor] = []
        self.targets: list[Tensor] = []

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        self.values.append(prediction["value"].cpu())
        self.targets.append(batch["target"].cpu())

    def picture(self) -> Image.Image:
        return draw_scatter(torch.cat(self.values), torch.cat(self.targets), name=self.name, logarithm=self.logarithm)


def draw_scatter(values: Tensor, targets: Tensor, *, name: str, logarithm: bool = False) -> Image.Image:
    """What was predicted over what is true; on the diagonal the two are equal."""
    figure = Figure(figsize=(4.6, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.scatter(targets.numpy(), values.numpy(), s=12, color="#3b6fb6", alpha=0.6, linewidths=0)
    both = torch.cat([targets, values])
    ends = [both.min().item(), both.max().item()]
    axes.plot(ends, ends, color="0.4", linestyle="--", linewidth=1)
    axes.set(xlabel=f"{name}: true", ylabel=f"{name}: predicted", aspect="equal")
    if logarithm:
        axes.set(xscale="log", yscale="log")
    axes.spines[["top", "right"]].set_visible(False)
    return figure_picture(figure)


def draw_histogram(values: Tensor, *, name: str) -> Image.Image:
    """How often each range of values was predicted, where the truth is not known."""
    figure = Figure(figsize=(4.6, 3.2), layout="constrained")
    axes = figure.add_subplot()
    axes.hist(values.numpy(), bins=30, color="#3b6fb6")
    axes.set(xlabel=f"{name}: predicted", ylabel="rows")
    axes.spines[["top", "right"]].set_visible(False)
    return figure_picture(figure)
