"""How well a diffusion model says what it is asked, at each amount of noise."""

from collections.abc import Mapping

import torch
from matplotlib.figure import Figure
from PIL import Image
from torchmetrics import MeanMetric

from groundup.metrics.figure import figure_picture

PARTS = 10  # of the whole time, each a bar of the picture


class LossByTime:
    """The mean of the squared error, over all times, and a picture of it over the time.

    Reads `error` and `time` of the prediction, both (batch, draws).
    """

    def __init__(self, *, times: int):
        self.times = times
        self.all = MeanMetric().set_dtype(torch.float64)
        self.parts = [MeanMetric().set_dtype(torch.float64) for _ in range(PARTS)]

    def update(self, prediction: Mapping, batch: Mapping) -> None:
        error, time = prediction["error"].double().cpu(), prediction["time"].cpu()
        self.all.update(error)
        for number, part in enumerate(self.parts):
            chosen = error[time * PARTS // self.times == number]
            if len(chosen):
                part.update(chosen)

    def compute(self) -> float:
        return self.all.compute().item()

    def picture(self) -> Image.Image:
        """The error in each tenth of the time; the dashed line is the mean of all."""
        shown = [(number, part.compute().item()) for number, part in enumerate(self.parts) if part.update_called]
        figure = Figure(figsize=(5.2, 3.4), layout="constrained")
        axes = figure.add_subplot()
        edges = [number * self.times / PARTS for number, _ in shown]
        axes.bar(edges, [value for _, value in shown], width=0.9 * self.times / PARTS, align="edge", color="#3b6fb6")
        axes.axhline(self.compute(), color="0.4", linestyle="--", linewidth=1)
        axes.set(xlabel="time, from little noise to much", ylabel="mean squared error", xlim=(0, self.times))
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(f"held-out error {self.compute():.4f}, by time", fontsize=11)
        return figure_picture(figure)
