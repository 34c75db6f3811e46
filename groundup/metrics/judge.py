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
from torch.nn.functional import interpolate

from groundup.layers.linear import Linear
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
    With an `image_size` it takes pictures of any size and brings them to that one, along smooth curves.
    """

    def __init__(
        self, *, name: str, arguments: Mapping[str, object], weights: Mapping[str, Tensor], image_size: int | None = None
    ):
        self.name, self.arguments, self.image_size = name, dict(arguments), image_size
        with torch.device("cpu"):  # also where a run is only being looked at, on no device at all
            self.model = create(name, **self.arguments).eval().requires_grad_(False)
        self.model.load_state_dict(weights)

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        return {"name": self.name, "arguments": self.arguments, "image_size": self.image_size}, self.model.state_dict()

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self:
        return cls(name=plain["name"], arguments=plain["arguments"], weights=tensors, image_size=plain.get("image_size"))

    def fitted(self, images: Tensor) -> Tensor:
        """The pictures on the CPU, in float32 and in the judge's size, where it has one of its own."""
        images = images.float().cpu()
        if self.image_size in (None, images.shape[-1]):
            return images
        return interpolate(images, size=2 * (self.image_size,), mode="bicubic", align_corners=False).clamp(-1, 1)

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Shapes: pictures in the size and range that the classifier was trained on -> (batch, num_classes), on the CPU."""
        with torch.autocast("cpu", enabled=False):
            return torch.cat([self.model(self.fitted(part)) for part in images.split(256)])

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        """What the classifier's last linear layer reads of each picture: what it shows, before it is given a name.

        Shapes: pictures as `logits` takes them -> (batch, features), on the CPU.
        """
        seen: list[Tensor] = []
        last = [layer for layer in self.model.modules() if isinstance(layer, Linear)][-1]
        watch = last.register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0].flatten(1)))
        try:
            self.logits(images)
        finally:
            watch.remove()
        return torch.cat(seen)

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
