"""Pictures flipped, cut, enlarged and padded together with their boxes, masks and keypoints.

Each function takes an item and gives a new one; keys that it does not know stay as they are. A caption is not rewritten: "on
the left" is wrong once the picture is flipped.
Keys: image (channels, height, width), mask and segments (height, width), masks (n, height, width), boxes (n, 4) as x1 y1 x2 y2,
keypoints (n, points, 3) as x, y and whether the point is annotated; with the boxes go the other keys of PER_OBJECT.
Equals torchvision.transforms.v2 on tv_tensors for the same parameters, where an object is left by the crop.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from groundup.data.annotated import VOID, keep_objects
from groundup.errors import UserError

Item = Mapping[str, object]
OUTSIDE = {"image": 0, "mask": VOID, "segments": -1, "masks": False}  # what a pixel is that padding adds


def size_of(item: Item) -> tuple[int, int]:
    """Height and width of an item's picture."""
    return tuple(item["image"].shape[-2:])


def flip(item: Item, *, flip_pairs: Sequence[Sequence[int]] = ()) -> dict[str, object]:
    """Left and right exchanged. `flip_pairs` are the keypoints that become each other: a left eye is a right one in a mirror."""
    _, width = size_of(item)
    changed = {key: item[key].flip(-1) for key in OUTSIDE if key in item}
    if "boxes" in item:
        x1, y1, x2, y2 = item["boxes"].unbind(1)
        changed["boxes"] = torch.stack([width - x2, y1, width - x1, y2], dim=1)
    if "keypoints" in item:
        x, y, seen = item["keypoints"].unbind(2)
        x = torch.where(seen > 0, width - 1 - x, x)  # a keypoint names a pixel, not a place between pixels as a box's side does
        order = list(range(x.shape[1]))
        for one, other in flip_pairs:
            order[one], order[other] = other, one
        changed["keypoints"] = torch.stack([x, y, seen], dim=2)[:, order]
    return {**item, **changed}


def crop(item: Item, *, top: int, left: int, height: int, width: int, min_size: float = 1.0) -> dict[str, object]:
    """The part of a picture of this size that begins at row `top` and column `left`.

    An object goes where less than `min_size` pixels of its box's width or height are left, or no pixel of its mask; a keypoint
    that is cut off becomes one that is not annotated. `area` is counted anew in the mask, or else goes down with the box.
    Raises: UserError for a part that is not wholly inside the picture.
    """
    rows, columns = size_of(item)
    if not (top >= 0 and left >= 0 and height > 0 and width > 0 and top + height <= rows and left + width <= columns):
        raise UserError(f"a crop of {width}x{height} at column {left}, row {top} is not inside a picture of {columns}x{rows}")
    inside = (..., slice(top, top + height), slice(left, left + width))
    changed = {key: item[key][inside] for key in OUTSIDE if key in item}
    if "keypoints" in item:
        points = item["keypoints"] - item["keypoints"].new_tensor([left, top, 0])
        x, y, seen = points.unbind(2)
        there = (seen > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
        changed["keypoints"] = points * there.unsqueeze(2)
    if "boxes" not in item:
        return {**item, **changed}
    limit = item["boxes"].new_tensor([width, height, width, height])
    boxes = (item["boxes"] - item["boxes"].new_tensor([left, top, left, top])).clamp_min(0).minimum(limit)
    sides = boxes[:, 2:] - boxes[:, :2]
    keep = (sides >= min_size).all(dim=1)
    if "masks" in item:
        keep &= changed["masks"].flatten(1).any(dim=1)
    if "area" in item:
        before = (item["boxes"][:, 2:] - item["boxes"][:, :2]).prod(dim=1).clamp_min(1e-6)
        left_over = sides.prod(dim=1) / before
        whole = (left_over > 1 - 1e-6) if "masks" in item else torch.zeros_like(keep)
        counted = changed["masks"].flatten(1).sum(dim=1).to(item["area"]) if "masks" in item else item["area"] * left_over
        changed["area"] = torch.where(whole, item["area"], counted)
    return keep_objects({**item, **changed, "boxes": boxes}, keep)


def resize(item: Item, *, height: int, width: int) -> dict[str, object]:
    """The picture brought to this size, each pixel an average of those that it stands for; masks take the nearest pixel.

    Raises: UserError for a size below one pixel.
    """
    rows, columns = size_of(item)
    if height < 1 or width < 1:
        raise UserError(f"a picture of {width}x{height} has no pixels: give at least 1x1")
    if (rows, columns) == (height, width):
        return dict(item)
    changed: dict[str, Tensor] = {"image": interpolate(item["image"][None], (height, width), mode="bilinear", antialias=True)[0]}
    y, x = nearest(rows, height), nearest(columns, width)
    changed |= {key: item[key][..., y[:, None], x] for key in ("mask", "segments", "masks") if key in item}
    across, down = width / columns, height / rows
    if "boxes" in item:
        changed["boxes"] = item["boxes"] * item["boxes"].new_tensor([across, down, across, down])
    if "keypoints" in item:
        changed["keypoints"] = item["keypoints"] * item["keypoints"].new_tensor([across, down, 1])
    if "area" in item:
        changed["area"] = item["area"] * (across * down)
    return {**item, **changed}


def nearest(before: int, after: int) -> Tensor:
    """For each of `after` places along a side, the place that it takes of the `before` there were."""
    return interpolate(torch.arange(before, dtype=torch.float32)[None, None], after, mode="nearest")[0, 0].long()


def pad(item: Item, *, left: int = 0, top: int = 0, right: int = 0, bottom: int = 0) -> dict[str, object]:
    """Black around a picture; there, masks are void.

    Raises: UserError for a negative number of pixels.
    """
    if min(left, top, right, bottom) < 0:
        raise UserError(f"padding adds pixels; got left={left}, top={top}, right={right}, bottom={bottom}")
    border = (left, right, top, bottom)
    changed = {key: torch.constant_pad_nd(item[key], border, value) for key, value in OUTSIDE.items() if key in item}
    if "boxes" in item:
        changed["boxes"] = item["boxes"] + item["boxes"].new_tensor([left, top, left, top])
    if "keypoints" in item:
        there = (item["keypoints"][..., 2:] > 0).to(item["keypoints"])
        changed["keypoints"] = item["keypoints"] + item["keypoints"].new_tensor([left, top, 0]) * there
    return {**item, **changed}


def resize_short(item: Item, *, size: int, max_size: int | None = None) -> dict[str, object]:
    """The picture in its proportions, its shorter side `size`, unless the longer would then exceed `max_size`."""
    rows, columns = size_of(item)
    short, long = min(rows, columns), max(rows, columns)
    new_short, new_long = size, int(size * long / short)
    if max_size is not None and new_long > max_size:
        new_short, new_long = int(max_size * new_short / new_long), max_size
    height, width = (new_short, new_long) if rows <= columns else (new_long, new_short)
    return resize(item, height=max(height, 1), width=max(width, 1))
