"""Which anchor, or which prediction, answers for which object; and which of the rest are learnt from.

Matching chooses; it takes no gradient. The quality of a match is mostly the intersection over union of
`groundup.ops.box_iou`, objects along the rows and predictions along the columns.
"""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Generator, Tensor

from groundup.ops.reduction import can_look_into

BELOW, BETWEEN = -1, -2  # what a prediction is given for a number where no object is good enough, and where it is uncertain


def check_quality(name: str, quality: Tensor) -> None:
    """A ValueError for another rank and, on the CPU, for NaN, which two boxes without area have for an overlap."""
    if quality.dim() != 2 or not quality.is_floating_point():
        raise ValueError(
            f"{name} takes floating-point qualities (objects, predictions); it was given {quality.dtype} {tuple(quality.shape)}"
        )
    if can_look_into(quality):
        row = quality.isnan().nonzero()
        if len(row):
            raise ValueError(
                f"{name}: the quality of object {row[0, 0].item()} and prediction {row[0, 1].item()} is NaN: a box with x2 < x1 "
                f"or y2 < y1, or two boxes without area, have no intersection over union"
            )


def match_boxes(quality: Tensor, high_threshold: float, low_threshold: float, allow_low_quality_matches: bool = False) -> Tensor:
    """For each prediction the number of the object that it fits best, if it fits well enough.

    Best quality >= high_threshold: the object's number. Below low_threshold: -1, background. Between: -2, neither. With
    `allow_low_quality_matches` the predictions that an object fits best, all of equal quality, are never left out, however
    low that quality is: each is given the object that it itself fits best.

    Shapes: quality (objects, predictions) -> (predictions) of int64. Without objects all predictions are background.
    Units and ranges: both thresholds in the quality's unit, low_threshold <= high_threshold.
    Raises: ValueError for another shape, thresholds out of order, negative ones and, on the CPU, a quality of NaN.
    Paper: Faster R-CNN, https://arxiv.org/abs/1506.01497 (section 3.1.2; 0.7 and 0.3, low-quality matches allowed).
    Equals: torchvision.models.detection._utils.Matcher, which refuses a picture without objects.
    """
    check_quality("match_boxes", quality)
    if not 0 <= low_threshold <= high_threshold:
        raise ValueError(
            f"match_boxes: thresholds must be 0 <= low <= high; it was given low {low_threshold}, high {high_threshold}"
        )
    if len(quality) == 0 or quality.shape[1] == 0:
        return torch.full(quality.shape[1:], BELOW, device=quality.device)
    best, matches = quality.max(dim=0)
    found = matches.where(best >= high_threshold, BETWEEN).where(best >= low_threshold, BELOW)
    if not allow_low_quality_matches:
        return found
    wanted = (quality == quality.amax(dim=1, keepdim=True)).any(0)
    return matches.where(wanted, found)


def match_default_boxes(quality: Tensor, threshold: float) -> Tensor:
    """SSD's matching: each object takes the default box that fits it best; the others take their best object if good enough.

    Of two objects that want the same box the later one has it.

    Shapes: quality (objects, boxes) -> (boxes) of int64: an object's number, or -1 for background.
    Raises: ValueError for another shape, a negative threshold and, on the CPU, a quality of NaN.
    Paper: SSD, https://arxiv.org/abs/1512.02325 (section 2.2, "matching strategy"; the threshold is 0.5).
    Equals: torchvision.models.detection._utils.SSDMatcher, which refuses a picture without objects.
    """
    matches = match_boxes(quality, threshold, threshold)
    if len(quality) == 0 or quality.shape[1] == 0:
        return matches
    objects = torch.arange(len(quality), device=quality.device)
    taken = torch.full_like(matches, BELOW).scatter_reduce(0, quality.argmax(dim=1), objects, "amax")
    return taken.where(taken != BELOW, matches)


def sample_balanced(
    labels: Tensor, batch_size_per_image: int, positive_fraction: float, generator: Generator | None = None
) -> tuple[Tensor, Tensor]:
    """A random choice of the predictions of one picture to learn from, so that background does not drown the objects.

    At most `positive_fraction` of the sample are positives; background fills the rest, as far as there is any.

    Shapes: labels (predictions), at least 1 for an object, 0 for background, below 0 for neither -> two of (predictions) of
    bool, the positives and the negatives that are chosen.
    Raises: ValueError for another rank, a sample below 1 and a fraction outside 0 to 1.
    Paper: Faster R-CNN, https://arxiv.org/abs/1506.01497 (section 3.1.3; 256 anchors, a half of them positive).
    Equals: torchvision.models.detection._utils.BalancedPositiveNegativeSampler, from the same seed.
    """
    if labels.dim() != 1:
        raise ValueError(f"sample_balanced takes the labels of one picture, (predictions); it was given {tuple(labels.shape)}")
    if batch_size_per_image < 1 or not 0 <= positive_fraction <= 1:
        raise ValueError(
            f"sample_balanced takes at least 1 prediction and a fraction of 0 to 1; it was given {batch_size_per_image} and "
            f"{positive_fraction}"
        )
    positives, negatives = torch.where(labels >= 1)[0], torch.where(labels == 0)[0]
    num_positives = min(len(positives), int(batch_size_per_image * positive_fraction))
    num_negatives = min(len(negatives), batch_size_per_image - num_positives)
    chosen = []
    for candidates, count in ((positives, num_positives), (negatives, num_negatives)):
        order = torch.randperm(len(candidates), generator=generator, device=labels.device)
        chosen.append(torch.zeros_like(labels, dtype=torch.bool).index_fill(0, candidates[order[:count]], True))
    return chosen[0], chosen[1]


def hard_negatives(losses: Tensor, positive: Tensor, ratio: float = 3.0) -> Tensor:
    """The background boxes with the highest losses, `ratio` times as many as a picture has positive ones.

    Almost all boxes are background, and almost all of those are easy; the few that the model takes for something teach it.
    Of equal losses the box given first comes first.

    Shapes: losses and positive (batch, boxes), positive of bool -> (batch, boxes) of bool, never true at a positive.
    Units and ranges: ratio of at least 0; ratio times the positives is rounded up.
    Raises: ValueError for shapes that differ, positives that are not of bool and a negative ratio.
    Paper: SSD, https://arxiv.org/abs/1512.02325 (section 2.2, "hard negative mining").
    Equals: the choice inside torchvision.models.detection.ssd.SSD.compute_loss.
    """
    if losses.dim() != 2 or losses.shape != positive.shape or positive.dtype != torch.bool:
        raise ValueError(
            f"hard_negatives takes losses (batch, boxes) and positive, of bool and the same shape; it was given "
            f"{tuple(losses.shape)} and {positive.dtype} {tuple(positive.shape)}"
        )
    if ratio < 0:
        raise ValueError(f"hard_negatives: ratio must be at least 0; it was given {ratio}")
    hardest_first = losses.detach().masked_fill(positive, -torch.inf).sort(dim=1, descending=True, stable=True).indices
    rank = hardest_first.argsort(dim=1)
    return (rank < ratio * positive.sum(dim=1, keepdim=True)) & ~positive


def linear_assignment(cost: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns paired off one to one, as many as there can be, at the lowest sum of costs: the Hungarian algorithm.

    A cost that is not finite counts for more than all that are, so that no more such pairs are made than there must be.

    Shapes: cost (rows, columns) -> two of (pairs) of int64, on the CPU: rows, rising, and the column of each.
    Raises: ValueError for another rank.
    Equals: the best of all assignments, tried one by one.
    """
    if cost.dim() != 2:
        raise ValueError(f"linear_assignment takes cost (rows, columns); it was given {tuple(cost.shape)}")
    cost = cost.detach().double().cpu()
    finite = cost[cost.isfinite()]
    lowest, highest = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    too_much = highest + (highest - lowest + 1) * min(cost.shape)
    rows, columns = linear_sum_assignment(cost.where(cost.isfinite(), too_much).numpy())
    return torch.from_numpy(rows), torch.from_numpy(columns)
