"""Batches of pictures with boxes: pictures of every size brought to one, and as many boxes as each of them has."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.transforms.geometry import Item, resize, size_of
from groundup.errors import UserError

NOBODY = -1  # the label of a row that is no object: pictures with fewer objects than others are filled up
SKIPPED = ("iscrowd", "difficult")  # objects of these kinds are neither learnt nor counted


class Objects(NamedTuple):
    """What is annotated in one picture, boxes in its own pixels; `skipped` objects are neither learnt nor counted.

    Shapes: boxes (objects, 4), labels (objects) int64, skipped (objects) bool.
    """

    boxes: Tensor
    labels: Tensor
    skipped: Tensor


def stretched(item: Item, side: int) -> dict[str, object]:
    """An item whose picture, and boxes with it, are stretched to side x side; `size` keeps the picture's own height and width.

    Without the keys that detection does not need; an item that has a `size` was stretched already. Boxes without area go.
    """
    if "size" in item:
        return dict(item)
    kept = {key: item[key] for key in ("image", "boxes", "labels", *SKIPPED, "source") if key in item}
    if "boxes" in kept:
        area = (kept["boxes"][:, 2:] > kept["boxes"][:, :2]).all(dim=1)
        kept |= {key: kept[key][area] for key in ("boxes", "labels", *SKIPPED) if key in kept}
    return {**resize(kept, height=side, width=side), "size": torch.tensor(size_of(item))}


def boxed_batch(items: Sequence[Item], *, size: int) -> dict[str, object]:
    """The batch of these items, all pictures stretched to size x size: a recipe's `collate`.

    Shapes: image (batch, 3, size, size) uint8, size (batch, 2) int64, the pictures' own height and width; where the items
    have boxes, boxes (batch, most, 4) float32 in pixels of the stretched pictures, labels (batch, most) int64, -1 where there
    is no object, skipped (batch, most) bool. `most` is the largest number of objects. `source` is a list.
    """
    items = [stretched(item, size) for item in items]
    batch: dict[str, object] = {key: torch.stack([item[key] for item in items]) for key in ("image", "size")}
    if "source" in items[0]:
        batch["source"] = [item["source"] for item in items]
    if "boxes" not in items[0]:
        return batch
    most = max(len(item["boxes"]) for item in items)
    batch["boxes"] = torch.zeros(len(items), most, 4)
    batch["labels"] = torch.full((len(items), most), NOBODY)
    batch["skipped"] = torch.zeros(len(items), most, dtype=torch.bool)
    for row, item in enumerate(items):
        count = len(item["boxes"])
        batch["boxes"][row, :count], batch["labels"][row, :count] = item["boxes"], item["labels"]
        for key in SKIPPED:
            if key in item:
                batch["skipped"][row, :count] |= item[key]
    return batch


def own_pixels(boxes: Tensor, size: Tensor, side: int) -> Tensor:
    """Boxes of a picture stretched to side x side, in the pixels that it had before.

    Shapes: boxes (..., 4), size (2), height and width -> (..., 4).
    """
    down, across = (size.to(boxes) / side).unbind()
    return boxes * torch.stack((across, down, across, down))


def annotated(batch: Mapping[str, object]) -> list[Objects]:
    """What is annotated in each picture of a batch, on the CPU, in the pictures' own pixels."""
    side, found = batch["image"].shape[-1], []
    for boxes, labels, skipped, size in zip(batch["boxes"], batch["labels"], batch["skipped"], batch["size"], strict=True):
        there = labels != NOBODY
        found.append(Objects(own_pixels(boxes[there], size, side).cpu(), labels[there].cpu(), skipped[there].cpu()))
    return found


def learnt(batch: Mapping[str, object]) -> tuple[list[Tensor], list[Tensor]]:
    """The boxes and the labels that a model learns from, picture by picture, in pixels of the stretched pictures."""
    chosen = (batch["labels"] != NOBODY) & ~batch["skipped"]
    return tuple([column[row] for column, row in zip(batch[key], chosen, strict=True)] for key in ("boxes", "labels"))


def detection_facts(dataset: Dataset) -> dict[str, object]:
    """The names of the classes: `labels`, `num_classes`; and `in_channels`, which are those of colour.

    Raises: UserError for a set without names.
    """
    labels = list(getattr(dataset, "labels", ()))
    if not labels:
        raise UserError(f"{type(dataset).__name__} names no classes: a detector needs a set with labels")
    return {"labels": labels, "num_classes": len(labels), "in_channels": 3}


def mean_box_facts(dataset: Dataset, *, most: int = 1000) -> dict[str, object]:
    """`mean_boxes`: for each class its mean box, as parts of the picture's sides, and how often it occurs in a picture.

    Looked at are `most` pictures, evenly over the set. A class that does not occur has a box of the whole picture and 0.
    Shapes: -> nested list (classes, 5): x1, y1, x2, y2, the share of the pictures that have the class.
    """
    labels = list(dataset.labels)
    sums, counts, pictures, seen = torch.zeros(len(labels), 4), torch.zeros(len(labels)), torch.zeros(len(labels)), 0
    for index in range(0, len(dataset), max(1, len(dataset) // most)):
        item, seen = dataset[index], seen + 1
        height, width = size_of(item)
        sums.index_add_(0, item["labels"], item["boxes"] / torch.tensor([width, height, width, height]))
        counts += item["labels"].bincount(minlength=len(labels))
        pictures += item["labels"].bincount(minlength=len(labels)) > 0
    means = torch.where(counts[:, None] > 0, sums / counts[:, None].clamp_min(1), torch.tensor([0.0, 0.0, 1.0, 1.0]))
    return {"mean_boxes": torch.cat((means, pictures[:, None] / seen), dim=1).tolist()}
