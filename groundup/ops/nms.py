"""Non-maximum suppression: of the boxes that a detector puts around one and the same thing, the best alone is kept.

All rungs form the intersection over union by the same arithmetic in the same order, so that they agree on every box to the
last bit, and with torchvision's kernel: near the threshold, one rounding more would keep another box. The choice takes no
gradient.
"""

import math

import torch
from torch import Tensor

from groundup.ops.boxes import check_boxes, widen
from groundup.ops.ladder import Ladder

CHUNK = 256  # boxes that are settled at a time; also the rows of the tables of overlaps
TILE = 512  # columns of the tables of overlaps: a table of float32 is half a megabyte, and stays in the processor's cache
ONE_TABLE = 1000  # up to so many boxes all classes are settled together: many small classes are slow one by one


def check_nms(name: str, boxes: Tensor, iou_threshold: float, **vectors: Tensor) -> None:
    """A ValueError that says what does not fit."""
    check_boxes(name, boxes=boxes)
    if boxes.dim() != 2 or not boxes.is_floating_point():
        raise ValueError(
            f"{name} takes floating-point boxes (boxes, 4), x1, y1, x2, y2; it was given {boxes.dtype} {tuple(boxes.shape)}"
        )
    for argument, vector in vectors.items():
        if vector.shape != boxes.shape[:1]:
            raise ValueError(
                f"{name}: {len(boxes)} boxes take {len(boxes)} {argument}; {argument} has shape {tuple(vector.shape)}"
            )
    if not 0 <= iou_threshold <= 1:
        raise ValueError(f"{name}: iou_threshold must lie between 0 and 1; it was given {iou_threshold}")


def best_first(scores: Tensor) -> Tensor:
    """The numbers of the boxes by falling score; of equal scores the one that was given first."""
    return scores.sort(stable=True, descending=True).indices


def limit(iou_threshold: float, dtype: torch.dtype) -> float:
    """The largest number of the type that is not above the threshold: an IoU of that type is above both or above neither."""
    rounded = torch.tensor(iou_threshold, dtype=dtype)
    return rounded.item() if rounded.item() <= iou_threshold else torch.nextafter(rounded, rounded.new_tensor(-math.inf)).item()


def columns(boxes: Tensor, order: Tensor, idxs: Tensor | None = None) -> Tensor:
    """x1, y1, x2, y2, the area and the class (0 where none is given) of the boxes in an order, one row each.

    Shapes: boxes (boxes, 4), order (kept), idxs (boxes) -> (6, kept).
    """
    x1, y1, x2, y2 = widen(boxes.detach())[order].unbind(1)
    classes = torch.zeros_like(x1) if idxs is None else idxs.unique(return_inverse=True)[1][order].to(x1)
    return torch.stack((x1, y1, x2, y2, (x2 - x1) * (y2 - y1), classes))


def overlap(first: Tensor, second: Tensor, threshold: float, by_class: bool = False) -> Tensor:
    """Whether the IoU of two boxes, of one class if that is asked, is above the threshold.

    Shapes: (6, a), (6, b) as of `columns` -> (a, b) of bool.
    """
    x1, y1, x2, y2, area, classes = first.unsqueeze(2)
    u1, v1, u2, v2, other_area, other_classes = second
    width = torch.minimum(x2, u2).sub_(torch.maximum(x1, u1)).clamp_(min=0)
    height = torch.minimum(y2, v2).sub_(torch.maximum(y1, v1)).clamp_(min=0)
    intersection = width.mul_(height)
    union = torch.add(area, other_area, out=height).sub_(intersection)
    above = intersection.div_(union) > threshold
    return above & (classes == other_classes) if by_class else above


def fixed_point(suppresses: Tensor) -> Tensor:
    """Which boxes stay, where each strikes out later ones that it overlaps, unless it is itself struck out.

    To begin with all stay; then, again and again, those stay that no box that stays strikes out. The first box is right at
    once, and each pass puts at least the next one right, so that it ends, in practice after a few passes.

    Shapes: (boxes, boxes) of bool, true only where the column comes after the row -> (boxes) of bool.
    """
    suppresses = suppresses.float()
    keep, before = suppresses.new_ones(len(suppresses)), None
    while before is None or not torch.equal(keep, before):
        before, keep = keep, (keep @ suppresses == 0).float()
    return keep.bool()


def nms_loops(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    check_nms("nms", boxes, iou_threshold, scores=scores)
    return batched_nms_loops(boxes, scores, torch.zeros_like(scores), iou_threshold)


def batched_nms_loops(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    check_nms("batched_nms", boxes, iou_threshold, scores=scores, idxs=idxs)
    corners = widen(boxes.detach())
    keep: list[int] = []
    for i in best_first(scores).tolist():
        x1, y1, x2, y2 = corners[i]
        stays = True
        for j in keep:
            u1, v1, u2, v2 = corners[j]
            width = (torch.minimum(x2, u2) - torch.maximum(x1, u1)).clamp(min=0)
            height = (torch.minimum(y2, v2) - torch.maximum(y1, v1)).clamp(min=0)
            intersection = width * height
            iou = intersection / ((u2 - u1) * (v2 - v1) + (x2 - x1) * (y2 - y1) - intersection)
            if idxs[i] == idxs[j] and iou.item() > iou_threshold:
                stays = False
        if stays:
            keep.append(i)
    return torch.tensor(keep, dtype=torch.int64, device=boxes.device)


def nms_tensors(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """The numbers of the boxes that stay, by falling score.

    The box with the highest score stays, and every other whose IoU with it is above the threshold goes; then the same among
    those that are left, until none is. Of equal scores the box given first comes first.

    Shapes: boxes (boxes, 4), scores (boxes) -> (kept) of int64.
    Units and ranges: boxes are x1, y1, x2, y2 in any unit; the threshold is 0 to 1. Boxes without area suppress nothing.
    Raises: ValueError for another shape, whole-number boxes, scores of another length and a threshold outside 0 to 1.
    Equals: torchvision.ops.nms on the CPU, in the same order.
    """
    check_nms("nms", boxes, iou_threshold, scores=scores)
    order = best_first(scores)
    table = columns(boxes, order)
    suppresses = overlap(table, table, limit(iou_threshold, table.dtype)).triu(1)
    return order[fixed_point(suppresses)]


def batched_nms_tensors(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """`nms` within each class by itself: a box is only suppressed by a better one of its own class.

    Shapes: boxes (boxes, 4), scores (boxes), idxs (boxes), the number of each box's class -> (kept) of int64, by falling
    score.
    Units and ranges: as of `nms`.
    Raises: ValueError as `nms`, and for idxs of another length.
    Equals: torchvision.ops.batched_nms. (Up to 1,000 boxes that one shifts the classes apart and settles them at once: it
    rounds the coordinates, and takes them to be at least 0, where ours does neither. Beyond, it leaves the order of equal
    scores open.)
    """
    check_nms("batched_nms", boxes, iou_threshold, scores=scores, idxs=idxs)
    order = best_first(scores)
    table = columns(boxes, order, idxs)
    suppresses = overlap(table, table, limit(iou_threshold, table.dtype), by_class=True).triu(1)
    return order[fixed_point(suppresses)]


def settle(table: Tensor, order: Tensor, threshold: float, by_class: bool = False) -> Tensor:
    """The numbers of the boxes that stay, a chunk at a time.

    The best boxes that are left are settled among themselves, and those of them that stay strike out boxes of the rest. So
    no table is ever larger than a chunk's, and what is struck out early is never compared again.

    Shapes: the boxes by falling score (6, boxes) and their numbers (boxes) -> (kept).
    """
    kept = [order[:0]]
    while len(order):
        head = table[:, :CHUNK]
        stays = fixed_point(overlap(head, head, threshold, by_class).triu_(1))
        kept.append(order[:CHUNK][stays])
        head, table, order = head[:, stays], table[:, CHUNK:], order[CHUNK:]
        if len(order):
            struck = torch.cat([overlap(head, tile, threshold, by_class).any(0) for tile in table.split(TILE, dim=1)])
            left = (~struck).nonzero().squeeze(1)
            table, order = table[:, left], order[left]
    return torch.cat(kept)


def nms_fused(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    check_nms("nms", boxes, iou_threshold, scores=scores)
    order = best_first(scores)
    table = columns(boxes, order)
    return settle(table, order, limit(iou_threshold, table.dtype))


def batched_nms_fused(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    check_nms("batched_nms", boxes, iou_threshold, scores=scores, idxs=idxs)
    order = best_first(scores)
    table = columns(boxes, order, idxs)
    threshold = limit(iou_threshold, table.dtype)
    if len(boxes) <= ONE_TABLE:
        return settle(table, order, threshold, by_class=True)
    by_class = table[5].sort(stable=True).indices  # class by class, the best of each first
    stays = torch.zeros_like(order, dtype=torch.bool)
    for group in by_class.split(table[5].unique(return_counts=True)[1].tolist()):
        stays[settle(table[:, group], group, threshold)] = True
    return order[stays]


nms = Ladder(nms_tensors, loops=nms_loops, fused=nms_fused)
batched_nms = Ladder(batched_nms_tensors, loops=batched_nms_loops, fused=batched_nms_fused)
