"""What is true of a picture in numbers: labels, boxes and masks, all taken from which thing owns which pixel.

An annotation is a function of a batch of scenes and of who owns their pixels, (batch, size, size); it returns columns: a tensor
where every item's part has one shape, else a list with an item's part at each place.
"""

import numpy as np
import torch
from torch import Tensor

from groundup.data.shapes.drawing import NOBODY
from groundup.data.shapes.scene import COLOURS, SHAPES, Scenes
from groundup.errors import UserError

Columns = dict[str, Tensor | list]
TARGETS = ("shape", "colour", "combination")


def first_thing(scenes: Scenes, owners: np.ndarray, *, target: str, classes: tuple[int, ...] = ()) -> Columns:
    """The class of the first thing: its shape, its colour, or both as one of 64; with `classes`, its place among them.

    Shapes: label (batch) int64.
    """
    shape, colour = scenes.shape[:, 0], scenes.colour[:, 0]
    if target not in TARGETS:
        raise UserError(f"ShapesWorld has the targets {', '.join(TARGETS)}; got {target!r}")
    label = {"shape": shape, "colour": colour, "combination": len(COLOURS) * shape + colour}[target]
    if classes:
        place = np.full(len(SHAPES) * len(COLOURS), -1, np.int64)
        place[list(classes)] = np.arange(len(classes))
        label = place[label]
        assert (label >= 0).all()
    return {"label": torch.from_numpy(label)}


def which_are_there(scenes: Scenes, owners: np.ndarray) -> Columns:
    """For each shape, then for each colour, whether a thing in the picture has it: `present` (batch, 16) bool."""
    present = np.zeros((len(owners), len(SHAPES) + len(COLOURS)), bool)
    item, thing = np.nonzero(scenes.present)
    present[item, scenes.shape[item, thing]] = True
    present[item, len(SHAPES) + scenes.colour[item, thing]] = True
    return {"present": torch.from_numpy(present)}


def boxes_and_labels(scenes: Scenes, owners: np.ndarray) -> Columns:
    """The things of each picture: boxes round what is seen of them, and the number of their shape.

    Shapes: boxes (things, 4) float32, x1 y1 x2 y2 in pixels, the right and lower edges exclusive; labels (things) int64.
    """
    boxes = split_by_item(scenes, corners(masks_of_all(scenes, owners)).float())
    return {"boxes": boxes, "labels": split_by_item(scenes, torch.from_numpy(scenes.shape[scenes.present]))}


def boxes_and_masks(scenes: Scenes, owners: np.ndarray) -> Columns:
    """As `boxes_and_labels`, with the pixels of each thing: masks (things, height, width) bool."""
    masks = masks_of_all(scenes, owners)
    columns = {"boxes": corners(masks).float(), "labels": torch.from_numpy(scenes.shape[scenes.present]), "masks": masks}
    return {name: split_by_item(scenes, column) for name, column in columns.items()}


def attributes(scenes: Scenes, owners: np.ndarray) -> Columns:
    """Colour, size and filling of each thing: `colours`, `sizes`, `fillings`, each (things) int64."""
    columns = {"colours": scenes.colour, "sizes": scenes.size, "fillings": scenes.filling}
    return {name: split_by_item(scenes, torch.from_numpy(column[scenes.present])) for name, column in columns.items()}


def shape_of_each_pixel(scenes: Scenes, owners: np.ndarray) -> Columns:
    """Semantic segmentation: mask (batch, height, width) int64, 0 on the ground and 1 + its shape on a thing."""
    ground = np.zeros((len(owners), NOBODY + 1), np.int64)
    ground[:, : scenes.shape.shape[1]] = scenes.shape + 1
    return {"mask": torch.from_numpy(np.take_along_axis(ground, owners.reshape(len(owners), -1), 1).reshape(owners.shape))}


def segments(scenes: Scenes, owners: np.ndarray) -> Columns:
    """Panoptic segmentation: every pixel belongs to one segment, the ground among them.

    `segment_ids` (batch, height, width) int64 is 1 on the ground and 2, 3 ... on the things, in the order of their boxes.
    `segments` lists, for each picture, dicts as COCO has them: id, category_id (0 for the ground, else 1 + the shape), isthing,
    area in pixels, and bbox as x, y, width, height.
    """
    ids = np.where(owners == NOBODY, 1, owners.astype(np.int64) + 2)
    columns: Columns = {"segment_ids": torch.from_numpy(ids), "segments": []}
    masks = split_by_item(scenes, masks_of_all(scenes, owners))
    for things, seen, picture in zip(scenes.things, masks, torch.from_numpy(ids)):
        every = torch.cat([(picture == 1)[None], seen])
        described = zip([0, *(thing.shape + 1 for thing in things)], every.flatten(1).sum(1).tolist(), corners(every).tolist())
        columns["segments"].append(
            [
                {"id": n + 1, "category_id": category, "isthing": int(n > 0), "area": area, "bbox": [x, y, x2 - x, y2 - y]}
                for n, (category, area, (x, y, x2, y2)) in enumerate(described)
            ]
        )
    return columns


def masks_of_all(scenes: Scenes, owners: np.ndarray) -> Tensor:
    """What is seen of every thing of the batch, item after item: (things, height, width) bool."""
    item, thing = np.nonzero(scenes.present)
    return torch.from_numpy(owners[item] == thing[:, None, None].astype(np.uint8))


def corners(masks: Tensor) -> Tensor:
    """The boxes round the pixels that are set: (things, height, width) -> (things, 4) int64, x1 y1 x2 y2."""
    ends = []
    for axis in (1, 2):  # what is left when the rows are put together tells left and right; the columns, top and bottom
        line = masks.numpy().any(axis)
        ends.append((line.argmax(1), line.shape[1] - line[:, ::-1].argmax(1)))
    (left, right), (top, bottom) = ends
    return torch.from_numpy(np.stack([left, top, right, bottom], axis=1))


def split_by_item(scenes: Scenes, column: Tensor) -> list[Tensor]:
    """A column of all things, item after item, as one tensor for each item."""
    return list(column.split(scenes.count.tolist()))
