"""How well two boxes agree: intersection over union, and its three relatives that still tell distances where nothing overlaps.

Each takes two sets of boxes and compares every box of the one with every box of the other. Boxes are `xyxy` in pixels, see
`groundup.ops.boxes`; all four measures are 1 for equal boxes, and the same whatever the unit of length is.
"""

import math

import torch
from torch import Tensor

from groundup.ops.boxes import box_area, box_convert, check_boxes, check_format, widen
from groundup.ops.ladder import Ladder


def check_pairs(name: str, boxes1: Tensor, boxes2: Tensor) -> None:
    """A ValueError that says what two sets of boxes do not have in common."""
    check_boxes(name, boxes1=boxes1, boxes2=boxes2)
    batches = [boxes.shape[:-2] for boxes in (boxes1, boxes2)]
    fits = all(a == b or 1 in (a, b) for a, b in zip(*map(reversed, batches)))
    if boxes1.dim() < 2 or boxes2.dim() < 2 or not fits:
        raise ValueError(
            f"{name} takes two sets of boxes, (..., first, 4) and (..., second, 4), whose leading dimensions broadcast; it was "
            f"given {tuple(boxes1.shape)} and {tuple(boxes2.shape)}"
        )


def every_pair(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """Two views that broadcast: (..., first, 1, 4) and (..., 1, second, 4)."""
    return boxes1.unsqueeze(-2), boxes2.unsqueeze(-3)


def sides(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """The widths and the heights. Shapes: (..., 4) -> two of (...)."""
    return boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]


def shared_sides(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Width and height of what two boxes share, negative where they lie apart. Shapes: two of (..., 4) -> two of (...)."""
    width, height = (torch.minimum(a[..., i + 2], b[..., i + 2]) - torch.maximum(a[..., i], b[..., i]) for i in range(2))
    return width, height


def enclosing_sides(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Width and height of the smallest box around both. Shapes: two of (..., 4) -> two of (...)."""
    width, height = (torch.maximum(a[..., i + 2], b[..., i + 2]) - torch.minimum(a[..., i], b[..., i]) for i in range(2))
    return width, height


def intersection_and_union(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """The areas that every two boxes share, and that they cover together. Shapes: two of (..., first, second)."""
    width, height = shared_sides(*every_pair(boxes1, boxes2))
    intersection = width.clamp(min=0) * height.clamp(min=0)
    return intersection, box_area(boxes1).unsqueeze(-1) + box_area(boxes2).unsqueeze(-2) - intersection


def box_iou_loops(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    check_pairs("box_iou", boxes1, boxes2)
    check_format("box_iou", fmt)
    boxes1, boxes2 = (box_convert(widen(boxes), fmt, "xyxy") / 1 for boxes in (boxes1, boxes2))  # whole numbers end here
    batch = torch.broadcast_shapes(boxes1.shape[:-2], boxes2.shape[:-2])
    firsts = boxes1.expand(*batch, -1, -1).reshape(math.prod(batch), *boxes1.shape[-2:])
    seconds = boxes2.expand(*batch, -1, -1).reshape(math.prod(batch), *boxes2.shape[-2:])
    dtype = torch.promote_types(boxes1.dtype, boxes2.dtype)
    output = torch.zeros(len(firsts), firsts.shape[1], seconds.shape[1], dtype=dtype, device=boxes1.device)
    for n in range(len(firsts)):
        for i in range(firsts.shape[1]):
            for j in range(seconds.shape[1]):
                x1, y1, x2, y2 = firsts[n, i]
                u1, v1, u2, v2 = seconds[n, j]
                width = (torch.minimum(x2, u2) - torch.maximum(x1, u1)).clamp(min=0)
                height = (torch.minimum(y2, v2) - torch.maximum(y1, v1)).clamp(min=0)
                intersection = width * height
                area1, area2 = (x2 - x1) * (y2 - y1), (u2 - u1) * (v2 - v1)
                output[n, i, j] = intersection / (area1 + area2 - intersection)
    return output.view(*batch, *output.shape[1:])


def box_iou_tensors(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """Intersection over union: the area that two boxes share, divided by the area that they cover together.

    iou = intersection / (area1 + area2 - intersection)
    intersection = max(0, min(x2, u2) - max(x1, u1)) * max(0, min(y2, v2) - max(y1, v1))

    with (x1, y1, x2, y2) of the one box and (u1, v1, u2, v2) of the other.

    Shapes: boxes1 (..., first, 4), boxes2 (..., second, 4) -> (..., first, second).
    Units and ranges: 0 (apart) to 1 (equal); NaN for two boxes without area.
    Raises: ValueError for a last dimension other than 4, leading dimensions that do not broadcast and an unknown format.
    Equals: torchvision.ops.box_iou, for the formats xyxy, xywh and cxcywh.
    """
    check_pairs("box_iou", boxes1, boxes2)
    check_format("box_iou", fmt)
    boxes1, boxes2 = (box_convert(widen(boxes), fmt, "xyxy") for boxes in (boxes1, boxes2))
    intersection, union = intersection_and_union(boxes1, boxes2)
    return intersection / union


def generalized_box_iou_tensors(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """The IoU less the part of the smallest box around both that neither of them fills.

    giou = iou - (enclosing area - union) / enclosing area

    Boxes that do not overlap all have an IoU of 0; the generalized one falls on as they move apart, so that it has a slope.

    Shapes: boxes1 (..., first, 4), boxes2 (..., second, 4) -> (..., first, second).
    Units and ranges: above -1 (small and far apart) to 1 (equal); NaN for two boxes without area.
    Raises: ValueError for a last dimension other than 4 and for leading dimensions that do not broadcast.
    Paper: https://arxiv.org/abs/1902.09630 (algorithm 1; the enclosing box is C).
    Equals: torchvision.ops.generalized_box_iou.
    """
    check_pairs("generalized_box_iou", boxes1, boxes2)
    boxes1, boxes2 = widen(boxes1), widen(boxes2)
    intersection, union = intersection_and_union(boxes1, boxes2)
    width, height = enclosing_sides(*every_pair(boxes1, boxes2))
    around = width.clamp(min=0) * height.clamp(min=0)
    return intersection / union - (around - union) / around


def center_distance(a: Tensor, b: Tensor, eps: float) -> Tensor:
    """The squared distance of two boxes' centres over the squared diagonal of the smallest box around both.

    Shapes: two of (..., 4) -> (...).
    """
    x, y = ((a[..., i] + a[..., i + 2]) / 2 - (b[..., i] + b[..., i + 2]) / 2 for i in range(2))
    width, height = (side.clamp(min=0) for side in enclosing_sides(a, b))
    return (x**2 + y**2) / (width**2 + height**2 + eps)


def distance_box_iou_tensors(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """The IoU less how far the centres lie apart, measured against the smallest box around both.

    diou = iou - |centre1 - centre2|^2 / (squared diagonal of the enclosing box + eps)

    Shapes: boxes1 (..., first, 4), boxes2 (..., second, 4) -> (..., first, second).
    Units and ranges: above -1 to 1; NaN for two boxes without area.
    Raises: ValueError for a last dimension other than 4 and for leading dimensions that do not broadcast.
    Paper: https://arxiv.org/abs/1911.08287 (equations 5 to 7; the distance is rho, the diagonal c).
    Equals: torchvision.ops.distance_box_iou.
    """
    check_pairs("distance_box_iou", boxes1, boxes2)
    boxes1, boxes2 = widen(boxes1), widen(boxes2)
    intersection, union = intersection_and_union(boxes1, boxes2)
    return intersection / union - center_distance(*every_pair(boxes1, boxes2), eps)


def shape_difference(a: Tensor, b: Tensor, iou: Tensor, eps: float) -> Tensor:
    """How different two boxes' ratios of width to height are, between 0 and 1, weighed by alpha, which takes no gradient.

    Shapes: two of (..., 4) and (...) -> (...).
    """
    (width1, height1), (width2, height2) = sides(a), sides(b)
    difference = 4 / math.pi**2 * (torch.atan(width1 / height1) - torch.atan(width2 / height2)) ** 2
    alpha = (difference / (1 - iou + difference + eps)).detach()
    return alpha * difference


def complete_box_iou_tensors(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """The distance IoU less how much the ratios of width to height differ.

    ciou = diou - alpha * v
    v = 4 / pi^2 * (arctan(width1 / height1) - arctan(width2 / height2))^2
    alpha = v / (1 - iou + v + eps), a constant to the gradient

    Shapes: boxes1 (..., first, 4), boxes2 (..., second, 4) -> (..., first, second).
    Units and ranges: above -1.5 to 1; NaN for a box without width and height.
    Raises: ValueError for a last dimension other than 4 and for leading dimensions that do not broadcast.
    Paper: https://arxiv.org/abs/1911.08287 (equations 8 to 11).
    Equals: torchvision.ops.complete_box_iou.
    """
    check_pairs("complete_box_iou", boxes1, boxes2)
    boxes1, boxes2 = widen(boxes1), widen(boxes2)
    intersection, union = intersection_and_union(boxes1, boxes2)
    iou, pairs = intersection / union, every_pair(boxes1, boxes2)
    return iou - center_distance(*pairs, eps) - shape_difference(*pairs, iou, eps)


box_iou = Ladder(box_iou_tensors, loops=box_iou_loops)
generalized_box_iou = Ladder(generalized_box_iou_tensors)
distance_box_iou = Ladder(distance_box_iou_tensors)
complete_box_iou = Ladder(complete_box_iou_tensors)
