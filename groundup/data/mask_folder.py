"""Pictures with one mask each, in which every object has a number of its own, as in PennFudan."""

import hashlib
from pathlib import Path

import torch
from torch.utils.data import Dataset

from groundup.data.annotated import AnnotatedPictures, boxes_of_masks, check_present, files_in, whole_picture
from groundup.data.palette import object_numbers
from groundup.data.places import folder_of
from groundup.errors import UserError

PICTURES = (".png", ".jpg", ".jpeg")
HELD_OUT = 20  # percent


def penn_fudan(
    *,
    split: str,
    root: str | Path | None = None,
    folder: str = "PennFudanPed",
    pictures: str = "PNGImages",
    masks: str = "PedMasks",
    label: str = "pedestrian",
) -> Dataset:
    """PennFudan's 170 pictures of people on foot, each with its mask; or objects of one kind of your own, in this layout.

    For a picture NAME in the folder `pictures` there is NAME_mask.png, or NAME.png, in the folder `masks`: 0 for the ground,
    and 1, 2, ... for the objects (numbers may be left out). `split` is "train", "test" (about a fifth: those whose name's
    hash says so, whatever other pictures there are) or "all".
    Shapes: image (3, height, width) uint8, masks (n, height, width) bool, boxes (n, 4) float32 around them, labels (n) int64.
    Raises: UserError for what is not there, masks of another size, masks in colours, and a split that is left empty.
    Source: https://www.cis.upenn.edu/~jshi/ped_html (Wang, Shi, Song and Shen 2007).
    """
    if split not in ("train", "test", "all"):
        raise UserError(f"{folder} has the splits train, test and all; got {split!r}")
    base = folder_of(folder, root, [pictures, masks])
    found = [path for path in files_in(base / pictures) if path.suffix.lower() in PICTURES]
    stems = [path.stem for path in found]
    if len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise UserError(f"{base / pictures} holds two pictures named {twice}: one mask cannot be of both")
    chosen = [path for path in found if split in ("all", split_of(path.stem))]
    if not chosen:
        raise UserError(f"{base / pictures} has no picture in the split {split!r} of its {len(found)}: add some, or read all")
    there = {path.name for path in files_in(base / masks)}
    entries = [(path, base / masks / mask_name(path.stem, there)) for path in chosen]
    check_present((mask for _, mask in entries), "the mask")
    return AnnotatedPictures(folder, entries, read_masks, facts={"labels": [label]}, repairs={})


def mask_name(stem: str, there: set[str]) -> str:
    return f"{stem}.png" if f"{stem}.png" in there and f"{stem}_mask.png" not in there else f"{stem}_mask.png"


def split_of(name: str) -> str:
    """The split of a picture by its name: the same on every machine."""
    percent = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little") % 100
    return "test" if percent < HELD_OUT else "train"


def read_masks(entry: tuple[Path, Path]) -> dict[str, object]:
    """An item of `penn_fudan`."""
    picture, mask = entry
    image = whole_picture(picture)
    numbers = object_numbers(mask, (image.shape[2], image.shape[1]))
    objects = [number for number in numbers.unique().tolist() if number]
    masks = numbers == torch.tensor(objects, dtype=torch.int64)[:, None, None]
    labels = torch.zeros(len(objects), dtype=torch.int64)
    return {"image": image, "masks": masks, "boxes": boxes_of_masks(masks), "labels": labels}
