"""RoIAlign: the part of a feature map that lies under a box, resampled to a fixed number of pixels.

A box seldom begins or ends at a pixel's edge, and nothing here rounds it to one: the features are read at points between the
pixels, by bilinear interpolation. Along each axis that is a weighted mean of a few pixels, so the whole op is one small
matrix on either side of the picture.
"""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.boxes import box_area, check_boxes
from groundup.ops.ladder import Ladder
from groundup.ops.reduction import can_look_into
from groundup.ops.windows import Pair, pair


def regions(input: Tensor, boxes: Tensor | Sequence[Tensor], output_size: Pair) -> Tensor:
    """The boxes as one tensor (regions, 5) whose first column is the picture's number, or a ValueError that says what is wrong.

    Numbers and coordinates are looked at on the CPU only: a GPU would have to be waited for.
    """
    if input.dim() != 4 or not input.is_floating_point() or input.shape[2] * input.shape[3] == 0:
        raise ValueError(
            f"roi_align takes floating-point input (batch, channels, height, width) of at least one pixel; it was given "
            f"{input.dtype} {tuple(input.shape)}"
        )
    if min(pair(output_size)) < 1:
        raise ValueError(f"roi_align: output_size must be at least 1; it was given {output_size}")
    if not isinstance(boxes, Tensor):
        check_boxes("roi_align", **{f"boxes[{n}]": part for n, part in enumerate(boxes)})
        numbered = [torch.cat((torch.full_like(part[:, :1], n), part), dim=1) for n, part in enumerate(boxes)]
        boxes = torch.cat([input.new_zeros(0, 5), *numbered])
    if boxes.dim() != 2 or boxes.shape[1] != 5:
        raise ValueError(
            f"roi_align takes boxes (regions, 5), each a picture's number, x1, y1, x2, y2, or a list of (regions, 4), one for "
            f"each picture; it was given {tuple(boxes.shape)}"
        )
    boxes = boxes.detach() if boxes.dtype == torch.float64 else boxes.detach().float()
    if can_look_into(boxes):
        outside = boxes[~((boxes[:, 0] >= 0) & (boxes[:, 0] < len(input)))]
        if len(outside):
            raise ValueError(f"roi_align: picture {outside[0, 0].item():g} is outside a batch of {len(input)}")
        if not boxes.isfinite().all():
            raise ValueError(f"roi_align: a box is not finite: {boxes[~boxes.isfinite().all(1)][0, 1:].tolist()}")
    return boxes


def readings(
    low: Tensor, high: Tensor, bins: int, size: int, spatial_scale: float, sampling_ratio: int, aligned: bool
) -> tuple[Tensor, Tensor]:
    """Along one axis: which pixels each bin of each region reads, and how much each of them counts.

    Every point reads two pixels, the one before and the one after it. Points that a region has not count 0.

    Shapes: low and high, the region's two ends (regions) -> two of (regions, bins, readings), int64 and floating-point.
    """
    offset = 0.5 if aligned else 0.0
    start, end = low * spatial_scale - offset, high * spatial_scale - offset
    step = ((end - start) if aligned else (end - start).clamp(min=1)).view(-1, 1, 1) / bins
    count = torch.full_like(step, sampling_ratio) if sampling_ratio > 0 else step.ceil().clamp(min=0)
    points = sampling_ratio if sampling_ratio > 0 else int(count.max()) if len(count) else 0
    bin = torch.arange(bins, device=low.device).view(-1, 1)
    point = torch.arange(points, device=low.device)
    position = start.view(-1, 1, 1) + bin * step + (point + 0.5) * step / count.clamp(min=1)  # (regions, bins, points)
    weight = ((point < count) & (position >= -1) & (position <= size)) / count.clamp(min=1)
    position = position.clamp(0, size - 1)
    before = position.floor()
    part = position - before  # of the way from the pixel before to the one after
    index = torch.stack((before, (before + 1).clamp(max=size - 1)), dim=-1).long()
    weight = torch.stack(((1 - part) * weight, part * weight), dim=-1)
    return index.flatten(2), weight.flatten(2)


def merge(index: Tensor, weight: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The same readings with each pixel once: neighbouring points share pixels, and where a bin has many they share most.

    Shapes: two of (regions, bins, readings) -> two of (regions, bins, pixels), neighbours from the first that counts.
    """
    counts = weight > 0
    first = index.where(counts, size - 1).amin(2, keepdim=True) if index.shape[2] else index.new_zeros(*index.shape[:2], 1)
    place = (index - first).where(counts, 0)
    pixels = int(place.max()) + 1 if place.numel() else 0
    merged = weight.new_zeros(*weight.shape[:2], pixels).scatter_add(2, place, weight)
    return (first + torch.arange(pixels, device=index.device)).clamp(max=size - 1), merged


def roi_align_loops(
    input: Tensor,
    boxes: Tensor | Sequence[Tensor],
    output_size: Pair,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    boxes = regions(input, boxes, output_size)
    (rows, columns), (channels, height, width) = pair(output_size), input.shape[1:]
    output = input.new_zeros(len(boxes), channels, rows, columns)
    for k in range(len(boxes)):
        n, x1, y1, x2, y2 = boxes[k].tolist()
        x1, y1, x2, y2 = (value * spatial_scale - (0.5 if aligned else 0.0) for value in (x1, y1, x2, y2))
        box_width, box_height = (x2 - x1, y2 - y1) if aligned else (max(x2 - x1, 1.0), max(y2 - y1, 1.0))
        points_x = sampling_ratio if sampling_ratio > 0 else math.ceil(box_width / columns)
        points_y = sampling_ratio if sampling_ratio > 0 else math.ceil(box_height / rows)
        for c in range(channels):
            for i in range(rows):
                for j in range(columns):
                    total = input.new_zeros(())
                    for a in range(points_y):
                        for b in range(points_x):
                            y = y1 + (i + (a + 0.5) / points_y) * box_height / rows
                            x = x1 + (j + (b + 0.5) / points_x) * box_width / columns
                            if -1 <= y <= height and -1 <= x <= width:
                                total = total + between_pixels(input[int(n), c], y, x)
                    output[k, c, i, j] = total / max(points_y * points_x, 1)
    return output


def between_pixels(picture: Tensor, y: float, x: float) -> Tensor:
    """The picture at a point, bilinear between the four pixels around it; beyond the last pixel it stays as there."""
    y, x = min(max(y, 0), picture.shape[0] - 1), min(max(x, 0), picture.shape[1] - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, picture.shape[0] - 1), min(left + 1, picture.shape[1] - 1)
    down, across = y - top, x - left
    above = (1 - across) * picture[top, left] + across * picture[top, right]
    below = (1 - across) * picture[bottom, left] + across * picture[bottom, right]
    return (1 - down) * above + down * below


def roi_align_tensors(
    input: Tensor,
    boxes: Tensor | Sequence[Tensor],
    output_size: Pair,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    """The features under each box, as a grid of `output_size` bins, each the mean of a few points inside it.

    output[k, c, i, j] = mean over the points (y, x) of bin (i, j) of box k of input[n, c] between the pixels around (y, x)

    The box, times `spatial_scale`, is cut into rows x columns bins, and each bin read in sampling_ratio x sampling_ratio
    points, evenly spaced; with sampling_ratio <= 0 in as many as it is pixels high and wide, rounded up. A point more than
    one pixel outside the map counts as 0, a nearer one as the pixel next to it. As a product of matrices, with Y the weights
    of the rows and X those of the columns, output[k, c] = Y[k] input[n, c] X[k]^T.

    `aligned` puts pixel i's value at its centre, i + 0.5, as it should be. Without it, as first published, the value stands
    at i, half a pixel off, and boxes below one pixel are stretched to one; an aligned box without area and without a given
    number of points has no point, and is 0. The boxes take no gradient. (As a product, `tensors` spreads a pixel that is not
    finite over all regions of its picture.)

    Shapes: input (batch, channels, height, width); boxes (regions, 5), each a picture's number n in the batch and x1, y1, x2,
    y2, or a list of (regions, 4), one for each picture -> (regions, channels, *output_size).
    Units and ranges: boxes in pixels of the original picture; spatial_scale is the features' size over the picture's.
    Raises: ValueError for other shapes, integer features, an output of no bins and, on the CPU, a picture outside the batch or
    a box that is not finite.
    Paper: Mask R-CNN, https://arxiv.org/abs/1703.06870 (section 3, "RoIAlign").
    Equals: torchvision.ops.roi_align.
    """
    boxes = regions(input, boxes, output_size)
    matrices = []
    for bins, size, axis in zip(pair(output_size), input.shape[2:], (2, 1)):
        index, weight = readings(boxes[:, axis], boxes[:, axis + 2], bins, size, spatial_scale, sampling_ratio, aligned)
        matrices.append(weight.new_zeros(len(boxes), bins, size).scatter_add(2, index, weight).to(input.dtype))
    output = input.new_zeros(len(boxes), input.shape[1], *pair(output_size))
    for n in range(len(input)):
        here = boxes[:, 0].long() == n
        rows, columns = (matrix[here] for matrix in matrices)
        output[here] = torch.einsum("kih,chw,kjw->kcij", rows, input[n], columns)
    return output


def cross(combine: Callable[[Tensor, Tensor], Tensor], rows: Tensor, columns: Tensor) -> Tensor:
    """What each reading along y and each along x of an output pixel make together.

    Shapes: (regions, out rows, y), (regions, out columns, x) -> (regions * out rows * out columns, y * x).
    """
    each_row = rows.repeat_interleave(columns.shape[2], dim=2).unsqueeze(2)
    each_column = columns.repeat(1, 1, rows.shape[2]).unsqueeze(1)
    return combine(each_row, each_column).flatten(0, 2)


def roi_align_fused(
    input: Tensor,
    boxes: Tensor | Sequence[Tensor],
    output_size: Pair,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    boxes = regions(input, boxes, output_size)
    (rows, columns), (channels, height, width) = pair(output_size), input.shape[1:]
    row, row_weight = readings(boxes[:, 2], boxes[:, 4], rows, height, spatial_scale, sampling_ratio, aligned)
    column, column_weight = readings(boxes[:, 1], boxes[:, 3], columns, width, spatial_scale, sampling_ratio, aligned)
    if sampling_ratio <= 0:
        row, row_weight = merge(row, row_weight, height)
        column, column_weight = merge(column, column_weight, width)
    # the pixels as the rows of a table: each output pixel is a weighted sum of some rows, which is what an embedding bag is
    table = input.permute(0, 2, 3, 1).contiguous().flatten(0, 2)
    row = ((boxes[:, 0].long().view(-1, 1, 1) * height + row) * width).int()
    index, weight = cross(torch.add, row, column.int()), cross(torch.mul, row_weight, column_weight).to(input.dtype)
    starts = None
    if sampling_ratio <= 0:  # bags of different sizes, end to end
        counts = weight > 0
        sizes = counts.sum(1, dtype=torch.int32)
        index, weight, starts = index[counts], weight[counts], sizes.cumsum(0, dtype=torch.int32) - sizes
    output = F.embedding_bag(index, table, starts, mode="sum", per_sample_weights=weight)
    return output.view(len(boxes), rows, columns, channels).permute(0, 3, 1, 2)


def pyramid_level(
    boxes: Tensor, lowest: int, highest: int, canonical_size: float = 224, canonical_level: int = 4, eps: float = 1e-6
) -> Tensor:
    """On which level of a feature pyramid a box is read: the larger it is, the coarser the level.

    level = canonical_level + log2(sqrt(width * height) / canonical_size), rounded down, and held between lowest and highest

    A level's pixels are twice as large as those of the level below, so that a box covers about as many on its own level as
    any other box on its; `eps` is added before rounding, so that a box of just twice the size is not rounded below.

    Shapes: (..., 4) -> (...) of int64, from lowest to highest.
    Units and ranges: pixels of the original picture. A box without area is read on the lowest level.
    Raises: ValueError for a last dimension other than 4.
    Paper: https://arxiv.org/abs/1612.03144 (equation 1; canonical_level is k0).
    Equals: torchvision.ops.poolers.LevelMapper, which counts from the lowest level.
    """
    level = torch.floor(canonical_level + torch.log2(box_area(boxes).sqrt() / canonical_size) + eps)
    return level.clamp(min=lowest, max=highest).long()


roi_align = Ladder(roi_align_tensors, loops=roi_align_loops, fused=roi_align_fused)
