"""COCO: objects with boxes and masks, people with keypoints, and captions."""

from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.annotated import AnnotatedPictures, box_tensor, keep_objects, numbers, part_inside, shown, whole_picture
from groundup.data.coco_file import CocoFile, Picture, flag, read_coco, value
from groundup.data.polygons import fill_polygons
from groundup.data.rle import counts_to_mask, text_to_counts
from groundup.errors import UserError

Outline = list[np.ndarray] | list[int]  # polygons of (points, 2), or run lengths


def coco_instances(*, split: str, root: str | Path | None = None, folder: str = "coco", masks: bool = True) -> Dataset:
    """COCO's objects of 80 classes, or a set of your own in its format: boxes, and a mask of each object.

    `split` is "train" or "val", or as the files are named. Read is `root`, or else `folder` in the folder of all data sets:
    "coco", or "coco_mini" for the small part. `masks=False` leaves out the masks, which take most of the time.
    A region with `iscrowd` covers many objects that nobody told apart: it is neither learnt nor counted as missed.
    Shapes: image (3, height, width) uint8, boxes (n, 4) float32, labels (n) int64, masks (n, height, width) bool,
    iscrowd (n) bool, area (n) float32, image_id () int64.
    Units and ranges: boxes x1 y1 x2 y2 in pixels; area in pixels, of the mask, as annotated; labels from 0 in the order of
    the category ids, which `category_ids` among the facts keeps.
    Raises: UserError for what is not there or does not fit together. Repairs are counted in `repairs`.
    Source: https://cocodataset.org (annotations CC BY 4.0).
    """
    coco = read_coco("instances", split=split, root=root, folder=folder)
    entries = object_entries(coco, masks=masks)
    return AnnotatedPictures(folder, entries, read_objects, facts=coco.facts(), repairs=coco.repairs)


def coco_keypoints(*, split: str, root: str | Path | None = None, folder: str = "coco", masks: bool = False) -> Dataset:
    """COCO's people: box and 17 keypoints of each.

    As `coco_instances`, and keypoints (n, points, 3) float32: x, y in pixels, and 0 for a point that is not annotated, 1 for
    one that is hidden, 2 for one that is seen. Facts: `keypoint_names`, `skeleton` (pairs of points, from 0), `flip_pairs`
    (which two points change places in a mirror).
    """
    coco = read_coco("person_keypoints", split=split, root=root, folder=folder)
    facts = {**coco.facts(), **keypoint_facts(coco)}
    entries = object_entries(coco, masks=masks, keypoints=len(facts["keypoint_names"]))
    return AnnotatedPictures(folder, entries, read_objects, facts=facts, repairs=coco.repairs)


def coco_captions(*, split: str, root: str | Path | None = None, folder: str = "coco") -> Dataset:
    """COCO's pictures with about five captions each. An empty caption is dropped, and a picture that is left without any.

    Shapes: image (3, height, width) uint8, captions a list of texts, image_id () int64.
    Raises: UserError as `coco_instances` does.
    """
    coco = read_coco("captions", split=split, root=root, folder=folder)
    entries = []
    for picture in coco.pictures.values():
        texts = [value(entry, "caption", str, where).strip() for where, entry in coco.annotations[picture.id]]
        kept = [text for text in texts if text]
        coco.repairs["empty captions dropped"] += len(texts) - len(kept)
        coco.repairs["pictures without a caption dropped"] += not kept
        if kept:
            entries.append((picture, kept))
    return AnnotatedPictures(folder, entries, read_captions, facts={}, repairs=coco.repairs)


def without_crowds(item: dict[str, object]) -> dict[str, object]:
    """An item without its crowd regions: what a model is trained on."""
    return keep_objects(item, ~item["iscrowd"])


def object_entries(coco: CocoFile, *, masks: bool, keypoints: int = 0) -> list[tuple[Picture, dict[str, object]]]:
    """Each picture with the columns of its objects, checked."""
    labels = coco.labels()
    found = []
    for picture in coco.pictures.values():
        rows = []
        for where, entry in coco.annotations[picture.id]:
            row = object_row(where, entry, picture, labels, coco.repairs, masks, keypoints)
            rows += [row] if row is not None else []
        table = {key: [row[key] for row in rows] for key in columns(masks, keypoints)}
        if keypoints:
            table["keypoints"] = np.array(table["keypoints"], dtype=np.float32).reshape(-1, keypoints, 3)
        found.append((picture, table))
    return found


def columns(masks: bool, keypoints: int) -> list[str]:
    return ["boxes", "labels", "iscrowd", "area", "where"] + ["outlines"] * masks + ["keypoints"] * bool(keypoints)


def object_row(
    where: str, entry: dict, picture: Picture, labels: dict[int, int], repairs: Counter, masks: bool, keypoints: int
) -> dict[str, object] | None:
    """What one annotation says, or None where nothing of its box lies in the picture."""
    category = value(entry, "category_id", int, where)
    if category not in labels:
        raise UserError(f"{where} is of category {category}, which is not among the categories of the file")
    x, y, width, height = numbers(entry.get("bbox"), 4, f"{where}: bbox")
    box = part_inside((x, y, x + width, y + height), picture.size, repairs)
    row = {"boxes": box, "labels": labels[category], "iscrowd": flag(entry, "iscrowd", where), "where": where}
    (row["area"],) = numbers([entry.get("area", width * height)], 1, f"{where}: area")
    if masks:
        row["outlines"] = outline_of(entry.get("segmentation"), picture.size, where)
    if keypoints:
        row["keypoints"] = numbers(entry.get("keypoints"), 3 * keypoints, f"{where}: keypoints")
        if not set(row["keypoints"][2::3]) <= {0.0, 1.0, 2.0}:
            raise UserError(f"{where}: keypoints are x, y and 0, 1 or 2 each; got another third number")
    return None if box is None else row


def outline_of(segmentation: object, size: tuple[int, int], where: str) -> Outline:
    """Polygons as arrays, or run lengths, which may be a list or a string, and have to be of the picture's size."""
    if isinstance(segmentation, dict):
        width, height = size
        if segmentation.get("size") != [height, width]:
            raise UserError(
                f"{where}: segmentation has the size {shown(segmentation.get('size'))}, the picture [{height}, {width}]"
            )
        counts = segmentation.get("counts")
        if isinstance(counts, str):
            return text_to_counts(counts, where=f"{where}: segmentation")
        if not isinstance(counts, list) or not all(type(count) is int for count in counts):
            raise UserError(f"{where}: segmentation needs a list of whole numbers, or a string, as counts; got {shown(counts)}")
        return counts
    if not isinstance(segmentation, list) or not segmentation:
        raise UserError(f"{where} has no segmentation ({shown(segmentation)}): annotate it, or read the set with masks=False")
    polygons = []
    for i, polygon in enumerate(segmentation):
        flat = numbers(polygon, None, f"{where}: segmentation[{i}]")
        if len(flat) < 6 or len(flat) % 2:
            raise UserError(f"{where}: segmentation[{i}] needs x and y of three points or more; got {len(flat)} numbers")
        polygons.append(np.array(flat).reshape(-1, 2))
    return polygons


def mask_of(outline: Outline, size: tuple[int, int], where: str) -> Tensor:
    """The mask of an object. Shapes: (height, width) bool."""
    width, height = size
    if outline and isinstance(outline[0], np.ndarray):
        return fill_polygons(outline, height, width)
    return counts_to_mask(outline, height, width, where=f"{where}: segmentation")


def read_objects(entry: tuple[Picture, dict[str, object]]) -> dict[str, object]:
    """An item of `coco_instances` or `coco_keypoints`."""
    picture, found = entry
    item = {
        "image": whole_picture(picture.path, picture.size),
        "boxes": box_tensor(found["boxes"]),
        "labels": torch.tensor(found["labels"], dtype=torch.int64),
        "iscrowd": torch.tensor(found["iscrowd"], dtype=torch.bool),
        "area": torch.tensor(found["area"], dtype=torch.float32),
        "image_id": torch.tensor(picture.id),
    }
    if "outlines" in found:
        masks = [mask_of(outline, picture.size, where) for outline, where in zip(found["outlines"], found["where"], strict=True)]
        width, height = picture.size
        item["masks"] = torch.stack(masks) if masks else torch.zeros(0, height, width, dtype=torch.bool)
    if "keypoints" in found:
        item["keypoints"] = torch.from_numpy(found["keypoints"].copy())  # the item is its receiver's to change
    return item


def read_captions(entry: tuple[Picture, list[str]]) -> dict[str, object]:
    """An item of `coco_captions`."""
    picture, captions = entry
    return {"image": whole_picture(picture.path, picture.size), "captions": captions, "image_id": torch.tensor(picture.id)}


def keypoint_facts(coco: CocoFile) -> dict[str, object]:
    """The names of the points, which of them are joined, and which are mirror images: left and right of one name."""
    if len(coco.categories) != 1:
        raise UserError(f"{coco.path}: keypoints are read of one category; there are {len(coco.categories)}")
    (category,) = coco.categories
    names, bones = category.get("keypoints"), category.get("skeleton", [])
    where = f"{coco.path}: categories[0]"
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise UserError(f"{where} needs the names of its points as 'keypoints'; got {shown(names)}")
    if not isinstance(bones, list):
        raise UserError(f"{where} needs pairs of points as 'skeleton'; got {shown(bones)}")
    skeleton = [[int(end) - 1 for end in numbers(bone, 2, f"{where}: skeleton")] for bone in bones]  # counted from one
    if any(not 0 <= end < len(names) for bone in skeleton for end in bone):
        raise UserError(f"{where}: skeleton joins points that are not among its {len(names)} keypoints")
    mirrored = [(i, name.replace("left", "right")) for i, name in enumerate(names) if "left" in name]
    pairs = [[i, names.index(other)] for i, other in mirrored if other in names]
    return {"keypoint_names": names, "skeleton": skeleton, "flip_pairs": pairs}
