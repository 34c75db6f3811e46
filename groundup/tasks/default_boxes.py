"""What a detector's default boxes can reach before anything is learnt, and what can be reached without looking at a picture."""

from collections.abc import Sequence
from functools import partial
from itertools import islice

import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn import Module

from groundup.data.boxed import learnt, own_pixels
from groundup.metrics.detection import AveragePrecision
from groundup.ops.box_iou import box_iou
from groundup.ops.matching import match_default_boxes
from groundup.tasks.box_drawing import TILE, draw_boxes, tile_of, tint_of
from groundup.tasks.drawing import tile_sheet
from groundup.tasks.evaluation import Batches, Evaluation
from groundup.tasks.task import Batch, Task

LOOKED_AT = 200  # pictures whose objects are held against the default boxes
PALE, STRONG = (190, 190, 190), (20, 20, 20)


class DefaultBoxes:
    """How well the default boxes fit the objects: `default_box_iou` is the mean overlap of an object with its best one, and
    `matches_per_object` how many a matched object has. Pictures show the boxes of each level, and which matched.

    An object that no default box overlaps by much is found late and badly: look here before changing scales and ratios.
    """

    def __call__(self, model: Module, task: Task, batches: Batches, generator: Generator) -> Evaluation:
        best, matches, seen, first = [], [], 0, None
        for batch in batches():
            if first is None:
                first = batch
                boxes = model(*task.inputs(batch)).default_boxes.float().cpu()
            for objects in learnt(batch)[0]:
                if len(objects):
                    overlap = box_iou(objects.float().cpu(), boxes)
                    best.append(overlap.amax(dim=1))
                    found = match_default_boxes(overlap, task.match_threshold)
                    matches.append(found[found >= 0].bincount(minlength=len(objects)))
            seen += len(batch["image"])
            if seen >= LOOKED_AT:
                break
        values = {}
        if best:
            values["default_box_iou"] = torch.cat(best).mean().item()
            values["matches_per_object"] = torch.cat(matches).float().mean().item()
        pictures = {
            "default_boxes": partial(draw_levels, first, boxes),
            "matches": partial(draw_matches, first, boxes, task.match_threshold),
        }
        return Evaluation(values, pictures)


def levels_of(boxes: Tensor) -> list[Tensor]:
    """The default boxes of each level: a level begins where a box lies further up than the one before it."""
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    starts = (torch.nonzero(middle[1:] < middle[:-1] - 1e-3).flatten() + 1).tolist()
    return list(boxes.tensor_split(starts))


def busiest(batch: Batch) -> int:
    """The number of the picture of a batch with the most objects, of several the first."""
    return int((batch["labels"] >= 0).sum(dim=1).argmax())


def draw_levels(batch: Batch, boxes: Tensor) -> Image.Image:
    """A picture under each level's grid: a point for the middle of each place, and the default boxes of the middle place."""
    number = busiest(batch)
    size, side, tiles = batch["size"][number], batch["image"].shape[-1], []
    tile = tile_of(batch["image"][number], size.tolist())
    scale = (tile.width / side, tile.height / side)
    for level in levels_of(boxes):
        middles = (level[:, :2] + level[:, 2:]) / 2
        places = middles.round(decimals=3).unique(dim=0)
        chosen = places[((places - side / 2).abs()).sum(dim=1).argmin()]
        here = level[((middles - chosen).abs() < 2e-3).all(dim=1)]
        dots = torch.cat((places - 1 / scale[0], places + 1 / scale[0]), dim=1)
        drawn = draw_boxes(tile, dots.tolist(), [STRONG] * len(dots), scale=scale, line=1)
        drawn = draw_boxes(drawn, here.tolist(), [tint_of(row) for row in range(len(here))], scale=scale)
        tiles.append((drawn, f"{len(places)} places, {len(here)} boxes each", True))
    return tile_sheet(tiles, columns=min(3, len(tiles)), side=TILE)


def draw_matches(batch: Batch, boxes: Tensor, threshold: float, *, count: int = 6) -> Image.Image:
    """Pictures with their objects drawn thick, and thin in the same colour the default boxes that answer for each."""
    side, tiles = batch["image"].shape[-1], []
    for number, objects in enumerate(islice(learnt(batch)[0], count)):
        objects = objects.float().cpu()
        tile = tile_of(batch["image"][number], batch["size"][number].tolist())
        scale = (tile.width / side, tile.height / side)
        found = match_default_boxes(box_iou(objects, boxes), threshold)
        matched = found >= 0
        tints = [tint_of(row) for row in found[matched].tolist()]
        drawn = draw_boxes(tile, boxes[matched].tolist(), tints, scale=scale, line=1)
        drawn = draw_boxes(drawn, objects.tolist(), [tint_of(row) for row in range(len(objects))], scale=scale, line=3)
        tiles.append((drawn, f"{len(objects)} objects, {int(matched.sum())} matches", True))
    return tile_sheet(tiles, columns=min(3, len(tiles)), side=TILE)


class MeanBoxes:
    """What is reached without looking: in every picture the mean box of each class, as sure as the class is frequent.

    `trivial_map` and `trivial_map50` are what `map` and `map50` of a detector are to be compared with. The boxes are the fact
    `mean_boxes`, see `mean_box_facts`.
    """

    def __init__(self, *, mean_boxes: Sequence[Sequence[float]], labels: Sequence[str]):
        self.boxes, self.labels = torch.tensor(mean_boxes), list(labels)

    def __call__(self, model: Module, task: Task, batches: Batches, generator: Generator) -> Evaluation:
        metric = AveragePrecision(labels=self.labels)
        surest = self.boxes[:, 4].argsort(descending=True)
        for batch in batches():
            count = len(batch["image"])
            prediction = {
                "boxes": [own_pixels(self.boxes[surest, :4], size.cpu(), 1) for size in batch["size"]],
                "scores": [self.boxes[surest, 4]] * count,
                "labels": [surest] * count,
            }
            metric.update(prediction, batch)
        found = metric.compute()
        return Evaluation({"trivial_map": found["map"], "trivial_map50": found["map50"]})
