"""Matching and sampling against torchvision's, and the assignment against all assignments tried."""

from collections.abc import Iterator
from itertools import permutations
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.matching import hard_negatives, linear_assignment, match_boxes, match_default_boxes, sample_balanced
from groundup.parity.compare import Constant


def qualities(generator: Generator) -> Iterator[Constant]:
    """Of many, one and few; with ties, as overlaps with a regular grid have them."""
    for objects, predictions in ((3, 12), (1, 5), (6, 4), (1, 1)):
        yield Constant(torch.rand(objects, predictions, generator=generator, dtype=torch.float64))
    yield Constant(torch.randint(0, 11, (4, 20), generator=generator).double() / 10)


def matched(quality: Tensor, *thresholds: float, **options: bool) -> Tensor:
    from torchvision.models.detection._utils import Matcher

    return Matcher(*thresholds, **options)(quality)


def match_samples(generator: Generator) -> Iterator[Sample]:
    for quality in qualities(generator):
        for allow in (False, True):
            yield call(quality, 0.7, 0.3, allow_low_quality_matches=allow)
        yield call(quality, 0.9, 0.9)
        yield call(quality, 0.5, 0.0)


def matched_default_boxes(quality: Tensor, threshold: float) -> Tensor:
    from torchvision.models.detection._utils import SSDMatcher

    return SSDMatcher(threshold)(quality)


def match_default_samples(generator: Generator) -> Iterator[Sample]:
    for quality in qualities(generator):
        for threshold in (0.5, 0.9):
            yield call(quality, threshold)


def sampled(labels: Tensor, count: int, fraction: float, seed: int) -> tuple:
    torch.manual_seed(seed)
    return tuple(chosen.int() for chosen in sample_balanced(labels, count, fraction))


def torchvisions_sample(labels: Tensor, count: int, fraction: float, seed: int) -> tuple:
    from torchvision.models.detection._utils import BalancedPositiveNegativeSampler

    torch.manual_seed(seed)
    positives, negatives = BalancedPositiveNegativeSampler(count, fraction)([labels])
    return positives[0].int(), negatives[0].int()


def sample_samples(generator: Generator) -> Iterator[Sample]:
    for count, fraction in ((8, 0.5), (8, 0.3), (100, 0.25), (4, 1.0), (5, 0.0)):
        for low in (-1, 0, 1):
            yield call(torch.randint(low, 3, (30,), generator=generator), count, fraction, 7)
    yield call(torch.zeros(0, dtype=torch.int64), 8, 0.5, 7)


def ssd_class_loss(logits: Tensor, classes: Tensor, ratio: float) -> Tensor:
    losses = F.cross_entropy(logits.flatten(0, 1), classes.flatten(), reduction="none").view(classes.shape)
    positive = classes > 0
    learnt = positive | hard_negatives(losses, positive, ratio)
    return losses[learnt].sum() / max(1, int(positive.sum()))


def torchvisions_ssd_class_loss(logits: Tensor, classes: Tensor, ratio: float) -> Tensor:
    from torchvision.models.detection._utils import BoxCoder
    from torchvision.models.detection.ssd import SSD

    anchors = torch.tensor([0.0, 0.0, 1.0, 1.0], dtype=torch.float64).expand(classes.shape[1], 4)
    targets = [{"boxes": anchors, "labels": row} for row in classes]  # each box is matched with itself, or with nothing
    matches = [torch.arange(len(row)).where(row > 0, -1) for row in classes]
    outputs = {"cls_logits": logits, "bbox_regression": torch.zeros(*classes.shape, 4, dtype=torch.float64)}
    owner = SimpleNamespace(box_coder=BoxCoder((10.0, 10.0, 5.0, 5.0)), neg_to_pos_ratio=ratio)
    return SSD.compute_loss(owner, targets, outputs, [anchors] * len(classes), matches)["classification"]


def hard_samples(generator: Generator) -> Iterator[Sample]:
    for ratio in (3.0, 1.0, 0.5, 0.0):
        classes = torch.randint(-20, 4, (3, 40), generator=generator).clamp(min=0)
        classes[0] = 0
        yield call(torch.randn(3, 40, 4, generator=generator, dtype=torch.float64), classes, ratio)


def least_cost(cost: Tensor) -> Tensor:
    rows, columns = linear_assignment(cost)
    return cost[rows, columns].sum()


def least_of_all(cost: Tensor) -> Tensor:
    """Every way to give the few to the many."""
    cost = cost if len(cost) <= cost.shape[1] else cost.T
    ways = permutations(range(cost.shape[1]), len(cost))
    return torch.stack([cost[torch.arange(len(cost)), list(way)].sum() for way in ways]).amin()


def assignment_samples(generator: Generator) -> Iterator[Sample]:
    for shape in ((4, 4), (3, 5), (5, 2), (1, 1), (0, 3), (3, 0)):
        yield call(torch.randn(shape, generator=generator, dtype=torch.float64))
    yield call(100 * torch.randn(6, 4, generator=generator, dtype=torch.float64).T)


CASES = [
    OpCase(
        name=name,
        reference=f"torchvision.models.detection.{reference}",
        ours=ours,
        theirs=theirs,
        samples=samples,
        requires=("torchvision",),
    )
    for name, reference, ours, theirs, samples in (
        ("match_boxes", "_utils.Matcher", match_boxes, matched, match_samples),
        ("match_default_boxes", "_utils.SSDMatcher", match_default_boxes, matched_default_boxes, match_default_samples),
        ("sample_balanced", "_utils.BalancedPositiveNegativeSampler", sampled, torchvisions_sample, sample_samples),
        ("hard_negatives", "ssd.SSD.compute_loss", ssd_class_loss, torchvisions_ssd_class_loss, hard_samples),
    )
]
CASES += [
    OpCase(
        name="linear_assignment",
        level="B",
        reference="every assignment tried",
        ours=least_cost,
        theirs=least_of_all,
        samples=assignment_samples,
    ),
]
