"""Anchors: boxes laid over a picture in a fixed grid, which a detector then judges, moves and stretches.

All are x1, y1, x2, y2 in pixels of the picture, see `groundup.ops.boxes`; those of one place stand together, and the places
run row by row. `torch.cat` joins the levels of a feature pyramid.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def check_positive(name: str, **numbers: Sequence[float]) -> None:
    """A ValueError that names the argument that is empty or holds a number that is not above 0."""
    for argument, values in numbers.items():
        if not len(values) or not all(value > 0 for value in values):
            raise ValueError(f"{name}: {argument} takes at least one number, each above 0; it was given {tuple(values)}")


def grid_centers(grid_size: tuple[int, int], dtype: torch.dtype, device: torch.device | None) -> tuple[Tensor, Tensor]:
    """The column and the row of each place of a grid, row by row. Shapes: two of (places)."""
    rows, columns = (torch.arange(size, dtype=dtype, device=device) for size in grid_size)
    row, column = torch.meshgrid(rows, columns, indexing="ij")
    return column.flatten(), row.flatten()


def cell_anchors(
    sizes: Sequence[float],
    aspect_ratios: Sequence[float],
    dtype: torch.dtype = torch.float32,
    device: torch.device | None = None,
) -> Tensor:
    """One anchor for each aspect ratio and size, around the point (0, 0), its corners rounded to whole pixels.

    height = size * sqrt(ratio), width = size / sqrt(ratio), so that before rounding the area is size^2

    Shapes: -> (ratios * sizes, 4): all sizes of the first ratio, then of the second.
    Units and ranges: sizes in pixels; a ratio is height over width.
    Raises: ValueError for sizes or ratios that are none or not above 0.
    Equals: torchvision.models.detection.anchor_utils.AnchorGenerator.generate_anchors.
    """
    check_positive("cell_anchors", sizes=sizes, aspect_ratios=aspect_ratios)
    size = torch.tensor(sizes, dtype=dtype, device=device)
    root = torch.tensor(aspect_ratios, dtype=dtype, device=device).sqrt().unsqueeze(1)
    width, height = (size / root).flatten(), (size * root).flatten()
    return (torch.stack((-width, -height, width, height), dim=1) / 2).round()


def grid_anchors(cells: Tensor, grid_size: tuple[int, int], stride: tuple[int, int]) -> Tensor:
    """The anchors of one place, repeated at every place of a feature map.

    The place (row i, column j) lies at x = j * stride x, y = i * stride y.

    Shapes: cells (anchors, 4), grid_size (rows, columns), stride (down, right) -> (rows * columns * anchors, 4).
    Units and ranges: stride in pixels of the picture, its height and width over the feature map's.
    Raises: ValueError for cells of another shape and strides that are not above 0.
    Paper: Faster R-CNN, https://arxiv.org/abs/1506.01497 (section 3.1.1).
    Equals: torchvision.models.detection.anchor_utils.AnchorGenerator.grid_anchors.
    """
    if cells.dim() != 2 or cells.shape[1] != 4:
        raise ValueError(f"grid_anchors takes the anchors of one place, (anchors, 4); it was given {tuple(cells.shape)}")
    check_positive("grid_anchors", stride=stride)
    column, row = grid_centers(grid_size, cells.dtype, cells.device)
    x, y = column * stride[1], row * stride[0]
    places = torch.stack((x, y, x, y), dim=1)
    return (places.unsqueeze(1) + cells).flatten(0, 1)  # (places, anchors, 4) to (places * anchors, 4)


def default_scales(levels: int, min_ratio: float = 0.15, max_ratio: float = 0.9) -> list[float]:
    """The size of the default boxes of each level, evenly spaced from min_ratio to max_ratio, and 1 after the last.

    scale[k] = min_ratio + (max_ratio - min_ratio) * k / (levels - 1); of one level: min_ratio, then max_ratio.

    Units and ranges: a part of the picture's side.
    Paper: SSD, https://arxiv.org/abs/1512.02325 (equation 4; s_min and s_max).
    Equals: torchvision.models.detection.anchor_utils.DefaultBoxGenerator.
    """
    if levels < 1:
        raise ValueError(f"default_scales takes at least one level; it was given {levels}")
    if levels == 1:
        return [min_ratio, max_ratio]
    return [min_ratio + (max_ratio - min_ratio) * k / (levels - 1) for k in range(levels)] + [1.0]


def default_boxes(
    grid_sizes: Sequence[tuple[int, int]],
    image_size: tuple[int, int],
    aspect_ratios: Sequence[Sequence[float]],
    scales: Sequence[float] | None = None,
    steps: Sequence[int] | None = None,
    clip: bool = True,
    dtype: torch.dtype = torch.float32,
    device: torch.device | None = None,
) -> Tensor:
    """SSD's default boxes: at each place of each level two squares, and for each aspect ratio r a wide and a tall box.

    squares of side s[k] and sqrt(s[k] * s[k + 1]); boxes of s[k] * sqrt(r) by s[k] / sqrt(r) and turned; s are the scales

    The place (row i, column j) of a level of H x W has its boxes centred on (j + 0.5) / W, (i + 0.5) / H of the picture; or,
    where `steps` gives the distance between places in pixels, on (j + 0.5) * step, (i + 0.5) * step. `clip` holds width and
    height, not the corners, to the picture's.

    Shapes: grid_sizes and image_size (rows, columns), one list of aspect ratios a level, one scale more than levels (by
    default those of `default_scales`) -> (boxes of all levels, 4).
    Units and ranges: scales are parts of the picture's width and of its height; the boxes come in pixels.
    Raises: ValueError for lists that do not match the levels, and for scales, steps or ratios that are not above 0.
    Paper: SSD, https://arxiv.org/abs/1512.02325 (section 2.2, "choosing scales and aspect ratios").
    Equals: torchvision.models.detection.anchor_utils.DefaultBoxGenerator.
    """
    levels = len(grid_sizes)
    scales = default_scales(levels) if scales is None else scales
    check_positive("default_boxes", scales=scales)
    if len(aspect_ratios) != levels or len(scales) != levels + 1 or (steps is not None and len(steps) != levels):
        raise ValueError(
            f"default_boxes: {levels} levels take {levels} lists of aspect ratios, {levels + 1} scales and {levels} steps; it "
            f"was given {len(aspect_ratios)} lists, {len(scales)} scales and {'no' if steps is None else len(steps)} steps"
        )
    picture = torch.tensor(image_size, dtype=dtype, device=device).flip(0)  # width, height
    boxes = []
    for k, grid_size in enumerate(grid_sizes):
        sides = torch.tensor(default_sides(scales[k], scales[k + 1], aspect_ratios[k]), dtype=dtype, device=device)
        half = (sides.clamp(max=1) if clip else sides) * picture / 2
        places = torch.stack(grid_centers(grid_size, dtype, device), dim=1) + 0.5
        if steps is None:
            places = places * (picture / torch.tensor(grid_size, dtype=dtype, device=device).flip(0))
        else:
            check_positive("default_boxes", steps=steps)
            places = places * steps[k]
        places = places.unsqueeze(1)
        boxes.append(torch.cat((places - half, places + half), dim=-1).flatten(0, 1))  # (places * boxes of a place, 4)
    return torch.cat(boxes)


def default_sides(scale: float, next_scale: float, aspect_ratios: Sequence[float]) -> list[tuple[float, float]]:
    """Width and height of each default box of a place, as parts of the picture's."""
    between = math.sqrt(scale * next_scale)
    sides = [(scale, scale), (between, between)]
    for ratio in aspect_ratios:
        check_positive("default_boxes", aspect_ratios=[ratio])
        wide, narrow = scale * math.sqrt(ratio), scale / math.sqrt(ratio)
        sides += [(wide, narrow), (narrow, wide)]
    return sides
