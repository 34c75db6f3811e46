"""Non-maximum suppression against torchvision's: the same boxes in the same order."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.ops.boxes import torchvisions
from groundup.ops.nms import batched_nms, nms
from groundup.parity.compare import Constant


def crowd(generator: Generator, boxes: int, kind: torch.dtype = torch.float64) -> tuple[Constant, Tensor]:
    """Boxes that crowd around a few places of a picture, and scores of which many are equal."""
    centers = torch.rand(boxes // 8 + 1, 2, generator=generator, dtype=torch.float64) * 90 + 20
    corner = centers[torch.randint(len(centers), (boxes,), generator=generator)]
    corner = corner + torch.randn(boxes, 2, generator=generator, dtype=torch.float64) * 3
    size = torch.rand(boxes, 2, generator=generator, dtype=torch.float64) * 8 + 12
    scores = torch.randint(0, max(boxes // 2, 2), (boxes,), generator=generator)
    return Constant(torch.cat((corner, corner + size), dim=1).to(kind)), Constant(scores.to(kind))


def nms_samples(generator: Generator) -> Iterator[Sample]:
    for boxes in (40, 300, 1100, 12, 1, 0):
        for threshold in (0.3, 0.5, 0.7):
            yield call(*crowd(generator, boxes), threshold)
    yield call(*crowd(generator, 300, torch.float32), 0.4)
    for threshold in (0.0, 1.0):
        yield call(*crowd(generator, 40), iou_threshold=threshold)
    halves = torch.tensor([[0, 0, 2, 1], [0, 0, 1, 1], [1, 0, 2, 1], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=torch.float64)
    for threshold in (0.49, 0.5):  # an overlap of just the threshold suppresses nothing, and neither does a box without area
        yield call(Constant(halves), Constant(torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5], dtype=torch.float64)), threshold)


def batched_samples(generator: Generator) -> Iterator[Sample]:
    for boxes, classes in ((40, 2), (300, 20), (900, 1), (12, 3), (0, 1)):
        for threshold in (0.3, 0.6):
            yield call(*crowd(generator, boxes), torch.randint(0, classes, (boxes,), generator=generator), threshold)
    boxes, _ = crowd(generator, 1500)  # beyond 1,000 torchvision's order of equal scores is not defined: here none are
    scores = torch.rand(1500, generator=generator, dtype=torch.float64)
    yield call(boxes, Constant(scores), torch.randint(-2, 9, (1500,), generator=generator), 0.5)


CASES = [
    OpCase(
        name=name,
        reference=f"torchvision.ops.{name}",
        ours=ours,
        theirs=torchvisions(name),
        samples=samples,
        requires=("torchvision",),
    )
    for name, ours, samples in (("nms", nms, nms_samples), ("batched_nms", batched_nms, batched_samples))
]
