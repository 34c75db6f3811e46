"""The ops on single boxes against torchvision's."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.boxes import FORMATS, box_area, box_convert, clip_boxes_to_image, masks_to_boxes, remove_small_boxes


def torchvisions(name: str) -> Callable:
    """torchvision's function of this name, imported when it is called."""

    def theirs(*args, **kwargs):
        import torchvision

        return getattr(torchvision.ops, name)(*args, **kwargs)

    return theirs


def draw_boxes(generator: Generator, *shape: int, around: float = 10.0) -> Tensor:
    """Boxes x1, y1, x2, y2 from a little left of and above the picture to beyond it."""
    corner = torch.rand(*shape, 2, generator=generator, dtype=torch.float64) * around - 1
    size = torch.rand(*shape, 2, generator=generator, dtype=torch.float64) * around / 2 + 0.1
    return torch.cat((corner, corner + size), dim=-1)


def shapes(generator: Generator) -> Iterator[Tensor]:
    """One box, several, several lists, none, not contiguous, one spread out by expand."""
    for shape in ((), (5,), (2, 3), (0,), (2, 0)):
        yield draw_boxes(generator, *shape)
    yield draw_boxes(generator, 4, 3).transpose(0, 1)
    yield draw_boxes(generator, 1, 3).expand(2, 3, 4)


def box_convert_samples(generator: Generator) -> Iterator[Sample]:
    for boxes in shapes(generator):
        for in_fmt in FORMATS:
            for out_fmt in FORMATS:
                yield call(boxes, in_fmt, out_fmt)


def box_area_samples(generator: Generator) -> Iterator[Sample]:
    for boxes in shapes(generator):
        yield call(boxes)
        for fmt in FORMATS:
            yield call(boxes, fmt=fmt)


def clip_samples(generator: Generator) -> Iterator[Sample]:
    for boxes in shapes(generator):
        yield call(boxes, (6, 9))
    yield call(torch.tensor([[-3.0, 20.0, -1.0, 30.0], [0.0, 0.0, 9.0, 6.0]], dtype=torch.float64), (6, 9))  # outside; all of it


def remove_small_samples(generator: Generator) -> Iterator[Sample]:
    for boxes in (draw_boxes(generator, 12), draw_boxes(generator, 0), draw_boxes(generator, 4, 3)[:, 0]):
        for min_size in (0.0, 2.0, 100.0):
            yield call(boxes, min_size)
    yield call(torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 1.0, 9.0], [0.0, 0.0, 9.0, 1.0]], dtype=torch.float64), min_size=2)


def masks_samples(generator: Generator) -> Iterator[Sample]:
    masks = torch.rand(6, 7, 9, generator=generator) > 0.9
    masks[0], masks[1] = False, True
    masks[2] = torch.eye(7, 9) > 0.5
    for kind in (torch.bool, torch.uint8, torch.int64):
        yield call(masks.to(kind))
    yield call((masks * -0.3).double())
    yield call(masks.transpose(1, 2))
    yield call(masks[:0])
    yield call(torch.ones(2, 1, 1))


CASES = [
    OpCase(
        name=name,
        reference=f"torchvision.ops.{name}",
        ours=ours,
        theirs=torchvisions(name),
        samples=samples,
        requires=("torchvision",),
    )
    for name, ours, samples in (
        ("box_convert", box_convert, box_convert_samples),
        ("box_area", box_area, box_area_samples),
        ("clip_boxes_to_image", clip_boxes_to_image, clip_samples),
        ("remove_small_boxes", remove_small_boxes, remove_small_samples),
        ("masks_to_boxes", masks_to_boxes, masks_samples),
    )
]
