"""Anchors and default boxes against torchvision's generators."""

from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.anchors import cell_anchors, default_boxes, grid_anchors


def pyramid_anchors(image_size: tuple[int, int], grid_sizes: Sequence, sizes: Sequence, aspect_ratios: Sequence) -> Tensor:
    """The anchors of all levels, as a detector joins them."""
    levels = []
    for (rows, columns), size, ratios in zip(grid_sizes, sizes, aspect_ratios):
        stride = image_size[0] // rows, image_size[1] // columns
        levels.append(grid_anchors(cell_anchors(size, ratios, torch.float64), (rows, columns), stride))
    return torch.cat(levels)


def pictures(image_size: tuple[int, int], grid_sizes: Sequence) -> tuple:
    """What torchvision's generators read the sizes from: the list of one picture, and empty feature maps."""
    from torchvision.models.detection.image_list import ImageList

    maps = [torch.zeros(1, 1, *size, dtype=torch.float64) for size in grid_sizes]
    return ImageList(torch.zeros(1, 3, *image_size, dtype=torch.float64), [image_size]), maps


def torchvisions_anchors(image_size: tuple[int, int], grid_sizes: Sequence, sizes: Sequence, aspect_ratios: Sequence) -> Tensor:
    from torchvision.models.detection.anchor_utils import AnchorGenerator

    return AnchorGenerator(sizes, aspect_ratios)(*pictures(image_size, grid_sizes))[0]


def anchors_samples(generator: Generator) -> Iterator[Sample]:
    yield call((32, 48), [(4, 6), (2, 3)], ((8, 16), (32,)), ((0.5, 1.0, 2.0), (1.0, 3.0)))
    yield call((33, 50), [(4, 7)], ((5.5, 11, 100),), ((0.3,),))
    yield call((10, 10), [(1, 1), (5, 1)], ((7,), (9,)), ((0.5, 2.0),) * 2)


def torchvisions_default_boxes(
    grid_sizes: Sequence,
    image_size: tuple[int, int],
    aspect_ratios: Sequence,
    scales: Sequence | None = None,
    steps: Sequence | None = None,
    clip: bool = True,
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """Its places and sides are made in the default type, whatever is asked: for the moment that is float64."""
    from torchvision.models.detection.anchor_utils import DefaultBoxGenerator

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        generator = DefaultBoxGenerator(aspect_ratios, scales=scales, steps=steps, clip=clip)
        generator._wh_pairs = generator._generate_wh_pairs(len(grid_sizes), dtype=torch.float64)
        return generator(*pictures(image_size, grid_sizes))[0]
    finally:
        torch.set_default_dtype(before)


def default_boxes_samples(generator: Generator) -> Iterator[Sample]:
    grids, ratios = [(4, 6), (2, 3), (1, 1)], [[2], [2, 3], [1.5]]
    yield call(grids, (32, 48), ratios, dtype=torch.float64)
    yield call(grids, (32, 48), ratios, [0.1, 0.4, 0.9, 1.3], dtype=torch.float64)  # wider than the picture, and clipped
    yield call(grids, (32, 48), ratios, [0.1, 0.4, 0.9, 1.3], clip=False, dtype=torch.float64)
    yield call(grids, (32, 48), ratios, steps=[8, 15, 30], dtype=torch.float64)
    yield call([(3, 2)], (30, 20), [[]], dtype=torch.float64)


CASES = [
    OpCase(
        name="grid_anchors",
        reference="torchvision.models.detection.anchor_utils.AnchorGenerator",
        ours=pyramid_anchors,
        theirs=torchvisions_anchors,
        samples=anchors_samples,
        requires=("torchvision",),
    ),
    OpCase(
        name="default_boxes",
        reference="torchvision.models.detection.anchor_utils.DefaultBoxGenerator",
        ours=default_boxes,
        theirs=torchvisions_default_boxes,
        samples=default_boxes_samples,
        requires=("torchvision",),
    ),
]
