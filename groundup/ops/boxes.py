"""Boxes: rectangles with sides along the axes of a picture, four numbers each.

x runs to the right and y down, in pixels, from (0, 0), the upper left corner of the picture; pixel (row i, column j) is the
square from (j, i) to (j + 1, i + 1). Coordinates are real numbers, and a box is half-open: it reaches from x1 up to but not
into x2, so that its width is x2 - x1, with no 1 to add. Three ways to write one down:

| format   | numbers                        |
|----------|--------------------------------|
| `xyxy`   | upper left and lower right     |
| `xywh`   | upper left, width and height   |
| `cxcywh` | centre, width and height       |

Where no format is said, it is `xyxy`, with x1 <= x2 and y1 <= y2.
"""

import torch
from torch import Tensor

from groundup.ops.ladder import Ladder

FORMATS = ("xyxy", "xywh", "cxcywh")


def check_boxes(name: str, **boxes: Tensor) -> None:
    """A ValueError that names the argument whose last dimension is not the four numbers of a box."""
    for argument, tensor in boxes.items():
        if tensor.dim() == 0 or tensor.shape[-1] != 4:
            raise ValueError(f"{name} takes {argument} of shape (..., 4), four numbers a box; it was given {tuple(tensor.shape)}")


def check_format(name: str, fmt: str) -> None:
    if fmt not in FORMATS:
        raise ValueError(f"{name}: no format of boxes is called {fmt!r}: choose one of {', '.join(FORMATS)}")


def widen(boxes: Tensor) -> Tensor:
    """The boxes in numbers of at least 32 bits, so that the product of two sides neither overflows nor is cut short."""
    if boxes.is_floating_point():
        return boxes if boxes.dtype in (torch.float32, torch.float64) else boxes.float()
    return boxes if boxes.dtype in (torch.int32, torch.int64) else boxes.int()


def box_convert_tensors(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """The same boxes in another format; always a new tensor.

    x1 = cx - w / 2, y1 = cy - h / 2, x2 = x1 + w, y2 = y1 + h, and back: w = x2 - x1, h = y2 - y1, cx = (x1 + x2) / 2,
    cy = (y1 + y2) / 2.

    Shapes: (..., 4) -> (..., 4).
    Units and ranges: any; whole numbers become floating-point ones where a half may arise.
    Raises: ValueError for a last dimension other than 4 and for a format that is none of xyxy, xywh and cxcywh.
    Equals: torchvision.ops.box_convert, for these three formats.
    """
    check_boxes("box_convert", boxes=boxes)
    for fmt in (in_fmt, out_fmt):
        check_format("box_convert", fmt)
    if in_fmt == out_fmt:
        return boxes.clone()
    x1, y1, x2, y2 = corners(boxes, in_fmt)
    if out_fmt == "xyxy":
        return torch.stack((x1, y1, x2, y2), dim=-1)
    x, y = (x1, y1) if out_fmt == "xywh" else ((x1 + x2) / 2, (y1 + y2) / 2)
    return torch.stack((x, y, x2 - x1, y2 - y1), dim=-1)


def corners(boxes: Tensor, fmt: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x1, y1, x2 and y2 of boxes (..., 4) in a format, each (...)."""
    x, y, w, h = boxes.unbind(-1)
    if fmt == "xyxy":
        return x, y, w, h
    if fmt == "xywh":
        return x, y, x + w, y + h
    return x - 0.5 * w, y - 0.5 * h, x + 0.5 * w, y + 0.5 * h


def box_area_tensors(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """The area of each box, width times height.

    Shapes: (..., 4) -> (...).
    Units and ranges: square pixels; negative for a box that is inverted along one axis. Computed in at least 32 bits.
    Raises: ValueError for a last dimension other than 4 and for an unknown format.
    Equals: torchvision.ops.box_area.
    """
    check_boxes("box_area", boxes=boxes)
    check_format("box_area", fmt)
    x, y, right, down = widen(boxes).unbind(-1)
    return (right - x) * (down - y) if fmt == "xyxy" else right * down


def clip_boxes_to_image_tensors(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """The part of each box that lies in the picture: x between 0 and the width, y between 0 and the height.

    A box wholly outside shrinks to a line or a point on the picture's edge.

    Shapes: boxes (..., 4), size (height, width) -> (..., 4).
    Raises: ValueError for a last dimension other than 4.
    Equals: torchvision.ops.clip_boxes_to_image.
    """
    check_boxes("clip_boxes_to_image", boxes=boxes)
    height, width = size
    x, y = boxes[..., 0::2].clamp(min=0, max=width), boxes[..., 1::2].clamp(min=0, max=height)
    return torch.stack((x, y), dim=-1).flatten(-2)  # x1, y1, x2, y2 again


def remove_small_boxes_tensors(boxes: Tensor, min_size: float) -> Tensor:
    """The numbers of the boxes whose width and height both are at least `min_size`, in their order.

    Shapes: (boxes, 4) -> (kept) of int64.
    Units and ranges: min_size in pixels.
    Raises: ValueError for another shape.
    Equals: torchvision.ops.remove_small_boxes.
    """
    check_boxes("remove_small_boxes", boxes=boxes)
    if boxes.dim() != 2:
        raise ValueError(f"remove_small_boxes takes boxes (boxes, 4); it was given {tuple(boxes.shape)}")
    x1, y1, x2, y2 = boxes.unbind(1)
    return torch.where((x2 - x1 >= min_size) & (y2 - y1 >= min_size))[0]


def first_and_last(seen: Tensor) -> tuple[Tensor, Tensor]:
    """The first and the last true place of each row, 0 and 0 where there is none. Shapes: (rows, places) -> two of (rows)."""
    places = torch.arange(seen.shape[1], device=seen.device).expand_as(seen)
    first = places.where(seen, seen.shape[1]).amin(1)
    last = places.where(seen, -1).amax(1)
    return first.where(last >= 0, 0), last.clamp(min=0)


def masks_to_boxes_tensors(masks: Tensor) -> Tensor:
    """The smallest box around the pixels of each mask that are not 0.

    Unlike everywhere else, x2 and y2 are those of the last pixel itself, not of where it ends: add 1 to both for the box that
    holds it. A mask of nothing gives 0, 0, 0, 0, and so does one without pixels.

    Shapes: (masks, height, width) -> (masks, 4) of float32.
    Units and ranges: whole pixels, 0 to width - 1 and 0 to height - 1.
    Raises: ValueError for another rank.
    Equals: torchvision.ops.masks_to_boxes.
    """
    if masks.dim() != 3:
        raise ValueError(f"masks_to_boxes takes masks (masks, height, width); it was given {tuple(masks.shape)}")
    if masks.numel() == 0:
        return torch.zeros(len(masks), 4, device=masks.device)
    seen = masks.bool()
    x1, x2 = first_and_last(seen.any(1))
    y1, y2 = first_and_last(seen.any(2))
    return torch.stack((x1, y1, x2, y2), dim=1).float()


box_convert = Ladder(box_convert_tensors)
box_area = Ladder(box_area_tensors)
clip_boxes_to_image = Ladder(clip_boxes_to_image_tensors)
remove_small_boxes = Ladder(remove_small_boxes_tensors)
masks_to_boxes = Ladder(masks_to_boxes_tensors)
