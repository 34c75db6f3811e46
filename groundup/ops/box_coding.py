"""Boxes told relative to an anchor, as a detector predicts them: numbers near 0 whatever the size of the thing.

Two ways: how far to move the anchor's centre and how much to stretch its sides (R-CNN, SSD, RetinaNet); or how far each side
of the box lies from the anchor's centre (FCOS). Boxes and anchors are x1, y1, x2, y2 in pixels.
"""

import math

import torch
from torch import Tensor

from groundup.ops.boxes import box_convert, check_boxes
from groundup.ops.ladder import Ladder
from groundup.ops.reduction import can_look_into

LARGEST_STRETCH = math.log(1000 / 16)  # a decoded side is at most 62.5 times its anchor's


def check_coding(name: str, **boxes: Tensor) -> None:
    """A ValueError for what is not boxes or does not broadcast, by name."""
    check_boxes(name, **boxes)
    try:
        torch.broadcast_shapes(*(tensor.shape for tensor in boxes.values()))
    except RuntimeError:
        shapes = " and ".join(f"{argument} {tuple(tensor.shape)}" for argument, tensor in boxes.items())
        raise ValueError(
            f"{name} takes as many of the one as of the other, or shapes that broadcast; it was given {shapes}"
        ) from None


def check_sides(name: str, **boxes: Tensor) -> None:
    """A ValueError that names the first box without width or height, or inverted; a GPU is not asked."""
    for argument, tensor in boxes.items():
        if can_look_into(tensor):
            flat = tensor[(tensor[..., 2:] <= tensor[..., :2]).any(-1)]
            if len(flat):
                raise ValueError(f"{name}: each of {argument} must have x1 < x2 and y1 < y2; one is {flat[0].tolist()}")


def encode_boxes_tensors(
    boxes: Tensor, anchors: Tensor, weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
) -> Tensor:
    """What takes an anchor to a box: the move of its centre, in sides of the anchor, and the logarithm of its stretch.

    dx = weights[0] * (box's cx - anchor's cx) / anchor's w      dw = weights[2] * log(box's w / anchor's w)
    dy = weights[1] * (box's cy - anchor's cy) / anchor's h      dh = weights[3] * log(box's h / anchor's h)

    The weights bring the four numbers to about the same spread; Fast R-CNN takes (10, 10, 5, 5).

    Shapes: boxes and anchors (..., 4), any that broadcast -> (..., 4).
    Units and ranges: boxes and anchors in the same unit; the result has none.
    Raises: ValueError for other shapes and, on the CPU, a box or anchor that is inverted or has no area.
    Paper: R-CNN, https://arxiv.org/abs/1311.2524 (appendix C, equations 6 to 9; the anchor is P, the box G).
    Equals: torchvision.models.detection._utils.BoxCoder.encode_single.
    """
    check_coding("encode_boxes", boxes=boxes, anchors=anchors)
    check_sides("encode_boxes", boxes=boxes, anchors=anchors)
    box, anchor = box_convert(boxes, "xyxy", "cxcywh"), box_convert(anchors, "xyxy", "cxcywh")
    move = (box[..., :2] - anchor[..., :2]) / anchor[..., 2:]
    stretch = (box[..., 2:] / anchor[..., 2:]).log()
    return torch.cat((move, stretch), dim=-1) * move.new_tensor(weights)


def decode_boxes_tensors(
    codes: Tensor,
    anchors: Tensor,
    weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0),
    clip: float = LARGEST_STRETCH,
) -> Tensor:
    """The box that a code makes of its anchor: the way back of `encode_boxes`.

    cx = anchor's cx + dx / weights[0] * anchor's w      w = anchor's w * exp(min(dw / weights[2], clip))
    cy = anchor's cy + dy / weights[1] * anchor's h      h = anchor's h * exp(min(dh / weights[3], clip))

    `clip` keeps the exponential of a network that has not learnt yet from overflowing. For a code a class, (boxes, classes,
    4), give the anchors as (boxes, 1, 4).

    Shapes: codes and anchors (..., 4), any that broadcast -> (..., 4).
    Units and ranges: the boxes come in the anchors' unit and the codes' type.
    Raises: ValueError for other shapes.
    Paper: R-CNN, https://arxiv.org/abs/1311.2524 (appendix C, equations 1 to 4).
    Equals: torchvision.models.detection._utils.BoxCoder.decode_single.
    """
    check_coding("decode_boxes", codes=codes, anchors=anchors)
    anchor = box_convert(anchors.to(codes.dtype), "xyxy", "cxcywh")
    codes = codes / codes.new_tensor(weights)
    center = anchor[..., :2] + codes[..., :2] * anchor[..., 2:]
    size = anchor[..., 2:] * codes[..., 2:].clamp(max=clip).exp()
    return torch.cat((center - size / 2, center + size / 2), dim=-1)


def encode_distances_tensors(boxes: Tensor, anchors: Tensor, normalize_by_size: bool = True) -> Tensor:
    """How far the sides of a box lie from the centre of an anchor: left, top, right, bottom.

    l = cx - x1, t = cy - y1, r = x2 - cx, b = y2 - cy; with `normalize_by_size` over the anchor's w, h, w, h

    All four are positive where the centre lies inside the box.

    Shapes: boxes and anchors (..., 4), any that broadcast -> (..., 4).
    Units and ranges: sides of the anchor, or pixels.
    Raises: ValueError for other shapes and, on the CPU and where sizes divide, an anchor that is inverted or has no area.
    Paper: FCOS, https://arxiv.org/abs/1904.01355 (equation 1; (x, y) is the anchor's centre).
    Equals: torchvision.models.detection._utils.BoxLinearCoder.encode.
    """
    check_coding("encode_distances", boxes=boxes, anchors=anchors)
    if normalize_by_size:
        check_sides("encode_distances", anchors=anchors)
    anchor = box_convert(anchors, "xyxy", "cxcywh")
    center, size = anchor[..., :2], anchor[..., 2:]
    before, after = center - boxes[..., :2], boxes[..., 2:] - center
    if normalize_by_size:
        before, after = before / size, after / size
    return torch.cat((before, after), dim=-1)


def decode_distances_tensors(codes: Tensor, anchors: Tensor, normalize_by_size: bool = True) -> Tensor:
    """The box whose sides lie at four distances from the centre of an anchor: the way back of `encode_distances`.

    x1 = cx - l, y1 = cy - t, x2 = cx + r, y2 = cy + b

    Shapes: codes and anchors (..., 4), any that broadcast -> (..., 4).
    Units and ranges: the boxes come in the anchors' unit and the codes' type.
    Raises: ValueError for other shapes.
    Paper: FCOS, https://arxiv.org/abs/1904.01355 (section 3.1).
    Equals: torchvision.models.detection._utils.BoxLinearCoder.decode.
    """
    check_coding("decode_distances", codes=codes, anchors=anchors)
    anchor = box_convert(anchors.to(codes.dtype), "xyxy", "cxcywh")
    center, size = anchor[..., :2], anchor[..., 2:]
    before, after = codes[..., :2], codes[..., 2:]
    if normalize_by_size:
        before, after = before * size, after * size
    return torch.cat((center - before, center + after), dim=-1)


encode_boxes = Ladder(encode_boxes_tensors)
decode_boxes = Ladder(decode_boxes_tensors)
encode_distances = Ladder(encode_distances_tensors)
decode_distances = Ladder(decode_distances_tensors)
