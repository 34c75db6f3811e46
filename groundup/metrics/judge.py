"""A classifier as a measuring instrument: which classes are in pictures that nobody labelled, and how clearly?

A generator that makes one perfect digit over and over fools a discriminator for a while, but not a count of the classes.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import torch
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from PIL import Image
from torch import Tensor

from groundup.metrics.figure import figure_picture
from groundup.models.catalog import create
from groundup.ops.softmax import softmax

FOUND = 0.03  # the share from which a class counts as found


class Verdict(NamedTuple):
    """The share of each class among the pictures, from 0 to 1, and the mean probability of the class that each was given."""

    shares: Tensor
    confidence: float

    @property
    def found(self) -> list[bool]:
        """Which classes have a share of at least 3%."""
        return (self.shares >= FOUND).tolist()


class Judge:
    """A trained classifier of the catalogue. It is a Fact: a run keeps its name, arguments and weights.

    It stays on the CPU and in float32, whatever the run computes with: an instrument must not change with what it measures.
    """

    def __init__(self, *, name: str, arguments: Mapping[str, object], weights: Mapping[str, Tensor]):
        self.name, self.arguments = name, dict(arguments)
        self.model = create(name, **self.arguments).eval().requires_grad_(False)
        self.model.load_state_dict(weights)

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        return {"name": self.name, "arguments": self.arguments}, self.model.state_dict()

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self:
        return cls(name=plain["name"], arguments=plain["arguments"], weights=tensors)

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Shapes: pictures in the size and range that the classifier was trained on -> (batch, num_classes), on the CPU."""
        with torch.autocast("cpu", enabled=False):
            return torch.cat([self.model(part) for part in images.float().cpu().split(256)])

    def classes(self, images: Tensor) -> Verdict:
        """What the pictures show, in the size and range that the classifier was trained on."""
        shares = softmax(self.logits(images), dim=-1)
        confidence, label = shares.max(dim=-1)
        counts = torch.bincount(label, minlength=shares.shape[-1])
        return Verdict(counts / len(images), confidence.mean().item())


def draw_shares(verdict: Verdict, labels: Sequence[str]) -> Image.Image:
    """The share of each class as a bar, those not found in red; the dashed line is where all would be equal."""
    shares = verdict.shares.tolist()
    figure = Figure(figsize=(1.6 + 0.5 * len(shares), 3.4), layout="constrained")
    axes = figure.add_subplot()
    bars = axes.bar(range(len(shares)), shares, color=["#3b6fb6" if there else "#c8281e" for there in verdict.found])
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], fontsize=9, padding=2)
    axes.axhline(1 / len(shares), color="0.4", linestyle="--", linewidth=1)
    axes.set(ylabel="share of the samples", xticks=range(len(shares)), ylim=(0, 1.15 * max(*shares, 2 / len(shares))))
    axes.set_xticklabels(labels, rotation=45 if max(map(len, labels)) > 3 else 0)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"{sum(verdict.found)} of {len(shares)} classes found, the judge {verdict.confidence:.0%} sure", fontsize=11)
    return figure_picture(figure)
