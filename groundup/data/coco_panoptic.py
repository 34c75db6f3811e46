"""COCO panoptic: every pixel belongs to one thing that can be counted, or to stuff that cannot."""

from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from groundup.data.annotated import VOID, AnnotatedPictures, boxes_of_masks, check_present, whole_picture
from groundup.data.coco_file import CocoFile, Picture, entries, flag, read_coco, value
from groundup.data.palette import mask_pixels
from groundup.errors import UserError

NOTHING = -1  # in `segments`: a pixel of no segment


def coco_panoptic(*, split: str, root: str | Path | None = None, folder: str = "coco") -> Dataset:
    """COCO's pictures cut up wholly into segments: 80 classes of things and 53 of stuff.

    Needs annotations/panoptic_SPLIT2017.json and the folder of PNG files beside it, of the same name without .json.
    Pixels of `segments` name a segment of the item: `segments == k` is the mask of the one with `labels[k]`.
    Shapes: image (3, height, width) uint8, segments (height, width) int64, mask (height, width) int64, labels (n) int64,
    boxes (n, 4) float32, iscrowd (n) bool, image_id () int64.
    Units and ranges: segments 0 to n - 1, or -1 for none; mask the label of each pixel, or 255 for none; boxes x1 y1 x2 y2 in
    pixels, drawn around the segments' pixels. Facts: `labels`, `category_ids`, `things` (whether a class can be counted).
    Raises: UserError as `coco_instances` does, and for segments in picture and list that do not agree.
    Source: https://cocodataset.org (annotations CC BY 4.0).
    """
    coco = read_coco("panoptic", split=split, root=root, folder=folder)
    things = [flag(category, "isthing", f"{coco.path}: category {category['id']}") for category in coco.categories]
    found = [segment_entry(coco, picture) for picture in coco.pictures.values()]
    check_present((mask for _, mask, _, _ in found), f"{coco.path}: the mask")
    facts = {**coco.facts(), "things": things, "ignore_index": VOID}
    return AnnotatedPictures(folder, found, read_segments, facts=facts, repairs=coco.repairs)


Segment = tuple[int, int, bool]  # its number in the PNG, its label, whether it is a crowd


def segment_entry(coco: CocoFile, picture: Picture) -> tuple[Picture, Path, list[Segment], str]:
    """A picture, the file of its segments, and what the list says of each of them."""
    listed = coco.annotations[picture.id]
    if len(listed) != 1:
        raise UserError(f"{coco.path}: picture {picture.id} ({picture.path.name}) has {len(listed)} annotations; it needs one")
    labels = coco.labels()
    ((where, annotation),) = listed
    name = Path(value(annotation, "file_name", str, where)).name
    segments: dict[int, Segment] = {}
    for i, entry in enumerate(entries(annotation, "segments_info", Path(where))):
        place = f"{where}: segments_info[{i}]"
        number, category = value(entry, "id", int, place), value(entry, "category_id", int, place)
        if category not in labels:
            raise UserError(f"{place} is of category {category}, which is not among the categories of the file")
        if number in segments or not 0 < number < 1 << 24:
            raise UserError(f"{place} has the id {number}: ids are 1 to 16777215, each once a picture")
        segments[number] = (number, labels[category], flag(entry, "iscrowd", place))
    return picture, coco.path.with_suffix("") / name, list(segments.values()), where


def read_segments(entry: tuple[Picture, Path, list[Segment], str]) -> dict[str, object]:
    """An item of `coco_panoptic`.

    A pixel's colour is its segment's number: red + 256 green + 65536 blue. Black is no segment.
    """
    picture, path, listed, where = entry
    mode, pixels, _ = mask_pixels(path, picture.size)
    if mode != "RGB":
        raise UserError(f"{path} has to be a PNG in colour, whose colours number the segments")
    numbers = pixels.astype(np.int64) @ np.array([1, 256, 65536])
    known = np.array(sorted([0, *(number for number, _, _ in listed)]))
    place = np.searchsorted(known, numbers).clip(max=len(known) - 1)
    unknown = numbers[known[place] != numbers]
    unseen = known[1:][np.bincount(place.flatten(), minlength=len(known))[1:] == 0]
    if len(unknown) or len(unseen):
        which = (
            f"paints the segment {unknown[0]}, which {where} does not list" if len(unknown) else f"lacks the segment {unseen[0]}"
        )
        raise UserError(f"{path} {which}: PNG and JSON have to name the same segments")
    order = {number: k for k, (number, _, _) in enumerate(listed)}
    segments = torch.from_numpy(np.array([order.get(number, NOTHING) for number in known.tolist()])[place])
    labels = torch.tensor([label for _, label, _ in listed], dtype=torch.int64)
    return {
        "image": whole_picture(picture.path, picture.size),
        "segments": segments,
        "mask": torch.cat([labels, torch.tensor([VOID])])[segments],  # -1 takes the last
        "labels": labels,
        "boxes": boxes_of_masks(segments == torch.arange(len(listed))[:, None, None]),
        "iscrowd": torch.tensor([crowd for _, _, crowd in listed], dtype=torch.bool),
        "image_id": torch.tensor(picture.id),
    }
