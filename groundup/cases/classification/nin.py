"""NiN against the same network composed from torch.nn."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.classification.nin import nin
from groundup.weights.rules import Rename, Rule

SIZE = dict(num_classes=7, in_channels=3, width_mult=1 / 16, dropout=0.0)
WIDTHS = {  # the paper's, each divided by 16, and the kernel, stride and padding of each mlpconv layer
    1: [((12, 10, 6), 5, 1, 2), ((12, 12, 12), 5, 1, 2), ((12, 12, 7), 3, 1, 1)],
    4: [((6, 6, 6), 11, 4, 0), ((16, 16, 16), 5, 1, 2), ((24, 24, 24), 3, 1, 1), ((64, 64, 7), 3, 1, 1)],
}


def composed(stem_stride: int) -> nn.Module:
    layers, came = [], 3
    for widths, kernel_size, stride, padding in WIDTHS[stem_stride]:
        layers += [nn.MaxPool2d(3, 2, ceil_mode=True)] if layers else []
        layers += [nn.Conv2d(came, widths[0], kernel_size, stride, padding), nn.ReLU()]
        for before, width in pairwise(widths):
            layers += [nn.Conv2d(before, width, 1), nn.ReLU()]
        came = widths[-1]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def composed_rules(stem_stride: int) -> list[Rule]:
    """Each mlpconv layer is six modules, and a pooling stands before each but the first."""
    rules, last = [], len(WIDTHS[stem_stride]) - 1
    for stage in range(last + 1):
        for layer in range(3):
            inside = f"stages.{stage}.{2 if stage else 0}.layers.{layer}"
            ours = "head" if (stage, layer) == (last, 2) else inside
            rules.append(Rename(f"{7 * stage + 2 * layer}.{{}}", f"{ours}.{{}}"))
    return rules


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(2, 3, 15, 18, generator=generator, dtype=torch.float64))


CASES = [
    ModelCase(
        name="nin",
        reference="composed",
        ours=partial(nin, **SIZE),
        theirs=partial(composed, 1),
        weights=composed_rules(1),
        samples=pictures,
    ),
]
