"""Calibration: of the answers that a classifier gives with 80% confidence, are 80% right?"""

from typing import NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from PIL import Image
from torch import Tensor
from torchmetrics.classification import BinaryCalibrationError

from groundup.metrics.figure import figure_picture

BINS = 15  # as in the paper
BELOW_ONE = 1 - 2**-24  # the largest float32 below 1: an answer that is wholly sure belongs to the last bin, not behind it


class Reliability(NamedTuple):
    """Answers in bins of equal width by their confidence; shares run from 0 to 1, and are NaN in an empty bin.

    `count`, `confidence` and `accuracy` are of each bin, (bins); `error` is the expected calibration error, the mean distance
    of accuracy and confidence over all answers; the two means are over all answers too.
    """

    count: Tensor
    confidence: Tensor
    accuracy: Tensor
    error: float
    mean_confidence: float
    mean_accuracy: float


def reliability(confidence: Tensor, right: Tensor, bins: int = BINS) -> Reliability:
    """How often answers are right, by how sure they are.

    Paper: Guo et al., "On calibration of modern neural networks", 2017, https://arxiv.org/abs/1706.04599, equations 2, 3
    and 5. Shapes: confidence (answers), from 0 to 1, and right (answers), bool.
    """
    confidence = confidence.float().clamp(0, BELOW_ONE)
    error = BinaryCalibrationError(n_bins=bins, norm="l1")(confidence, right.long()).item()
    place = torch.bucketize(confidence, torch.linspace(0, 1, bins + 1), right=True) - 1
    confidence, right = confidence.double(), right.double()
    count = torch.bincount(place, minlength=bins)
    means = [torch.bincount(place, weights=values, minlength=bins) / count for values in (confidence, right)]
    return Reliability(count, *means, error, confidence.mean().item(), right.mean().item())


def draw_calibration(found: Reliability) -> Image.Image:
    """The reliability diagram: a bar as high as a bin's accuracy, with its distance from the bin's confidence in another colour,
    and below it how many answers fell into each bin.
    """
    bins = len(found.count)
    filled = found.count > 0
    accuracy, confidence, numbers = (column[filled].numpy() for column in (found.accuracy, found.confidence, found.count))
    bar = {"x": (torch.arange(bins)[filled] / bins).numpy(), "width": 1 / bins, "align": "edge", "edgecolor": "white"}
    figure = Figure(figsize=(5.4, 6.2), layout="constrained")
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    both = np.minimum(accuracy, confidence)
    axes.bar(height=both, color="#3b6fb6", label="right, and expected to be", **bar)
    axes.bar(height=accuracy - both, bottom=both, color="#9fd0b4", label="right beyond that: not sure enough", **bar)
    axes.bar(height=confidence - both, bottom=both, color="#f0b5ae", label="wrong against that: too sure", **bar)
    axes.plot([0, 1], [0, 1], color="0.4", linestyle="--", linewidth=1)
    axes.set(ylabel="share of the answers", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(
        f"{found.mean_accuracy:.1%} right, {found.mean_confidence:.1%} sure on average\n"
        f"expected calibration error {found.error:.1%}",
        fontsize=11,
    )
    counts.bar_label(counts.bar(height=numbers, color="0.6", **bar), numbers, fontsize=8, padding=1)
    counts.set(xlabel="confidence", ylabel="answers", ylim=(0, 1.2 * max(numbers)))
    figure.legend(frameon=False, loc="outside lower center", fontsize=9)
    for part in (axes, counts):
        part.spines[["top", "right"]].set_visible(False)
    for axis in (axes.yaxis, counts.xaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    return figure_picture(figure)
