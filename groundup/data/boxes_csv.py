"""Boxes in a table: one row an object, as in the banana set of "Dive into Deep Learning"."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.utils.data import Dataset

from groundup.data.annotated import (
    AnnotatedPictures,
    box_tensor,
    check_present,
    numbers,
    part_inside,
    picture_size,
    whole_picture,
)
from groundup.data.lines import told
from groundup.data.places import folder_of
from groundup.errors import UserError

COLUMNS = ("img_name", "label", "xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class Row:
    """One row of a table of boxes, as it stands there."""

    where: str
    picture: str
    label: str
    box: list[float]


def boxes_csv(*, split: str, root: str | Path | None = None, folder: str = "banana-detection") -> Dataset:
    """Pictures with a table of boxes: d2l's bananas on photographs (1,000 and 100 of 256x256), or a table of your own.

    For each split there is a folder SPLIT or PREFIX_SPLIT (bananas_train, bananas_val) with label.csv and the folder images.
    The columns are img_name, label, xmin, ymin, xmax, ymax, in any order; others are passed over. A picture may stand in
    several rows. Labels are names, or numbers, which may leave gaps; those of the training split, sorted, are the classes.
    Shapes: image (3, height, width) uint8, boxes (n, 4) float32, labels (n) int64.
    Units and ranges: boxes x1 y1 x2 y2 in pixels. Facts: `labels`.
    Raises: UserError with the line of a row that lacks a value, is no box, or has a label that the training split has not.
    Source: https://d2l.ai/chapter_computer-vision/object-detection-dataset.html (d2l-en, CC BY-SA 4.0 text, MIT-0 code).
    """
    base = folder_of(folder, root, [])
    here = split_folder(base, split, folder)
    rows = read_rows(here / "label.csv")
    training = split_folder(base, "train", folder) if split != "train" and has_split(base, "train") else here
    labels = classes(rows if training == here else read_rows(training / "label.csv"))
    repairs: Counter = Counter()
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        if row.label not in labels:
            raise UserError(f"{row.where}: the label {row.label!r} is none of the training split's {', '.join(labels)}")
        grouped.setdefault(row.picture, []).append(row)
    check_present((here / "images" / name for name in grouped), f"{here / 'label.csv'}: the picture")
    entries = [picture_entry(here / "images" / name, found, labels, repairs) for name, found in grouped.items()]
    return AnnotatedPictures(folder, entries, read_boxes, facts={"labels": labels}, repairs=repairs)


def split_folders(base: Path, split: str) -> list[Path]:
    """The folders with a table that bear the name of a split, by itself or behind a prefix."""
    return sorted({path.parent for name in (split, f"*_{split}") for path in base.glob(f"{name}/label.csv")})


def has_split(base: Path, split: str) -> bool:
    return bool(split_folders(base, split))


def split_folder(base: Path, split: str, folder: str) -> Path:
    """The one folder of a split."""
    found = split_folders(base, split)
    if len(found) > 1:
        raise UserError(f"{base} holds {' and '.join(path.name for path in found)}: which is the split {split!r}? Rename one")
    if not found:
        raise UserError(
            f"{folder} has no split {split!r} on this machine: put label.csv and images/ into {base / split}, "
            f"or name another folder with --data"
        )
    return found[0]


def read_rows(path: Path) -> list[Row]:
    """The rows of a table of boxes. One that repeats another word for word stays: two objects may lie upon each other."""
    rows = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            lacking = [name for name in COLUMNS if header.count(name) != 1]
            if lacking:
                raise UserError(f"{path} needs a first line with one column {lacking[0]!r}; got {','.join(header)[:80]!r}")
            places = [header.index(name) for name in COLUMNS]
            for cells in reader:
                if cells:
                    rows.append(read_row(f"{path}, line {reader.line_num}", cells, len(header), places))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a text in UTF-8 (byte {error.start} does not fit): save it as UTF-8") from error
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: {error}") from error
    if not rows:
        raise UserError(f"{path} has no row under its first line")
    return rows


def read_row(where: str, cells: list[str], width: int, places: list[int]) -> Row:
    """One row whose cells are as many as the columns, none of those needed empty."""
    if len(cells) != width:
        raise UserError(f"{where} has {len(cells)} cells, the first line {width}")
    picture, label, *corners = (cells[place].strip() for place in places)
    if not picture or not label or Path(picture).name != picture or "\\" in picture or "\0" in picture:
        raise UserError(f"{where} needs the name of a picture in images/ and a label; got {picture!r} and {label!r}")
    try:
        box = [float(corner) for corner in corners]
    except ValueError as error:
        raise UserError(f"{where} ({picture}): {told(error)}") from error
    return Row(where, picture, label, numbers(box, 4, f"{where} ({picture}): the box"))


def classes(rows: list[Row]) -> list[str]:
    """The labels that occur, in the order of their numbers, or of the alphabet where not all are numbers."""
    found = {row.label for row in rows}
    return sorted(found, key=int) if all(label.isdecimal() for label in found) else sorted(found)


Entry = tuple[Path, tuple[int, int], list[list[float]], list[int]]


def picture_entry(path: Path, rows: list[Row], labels: list[str], repairs: Counter) -> Entry:
    """A picture, its size, and the boxes on it with their labels."""
    size = picture_size(path)
    found = [(part_inside(row.box, size, repairs), labels.index(row.label)) for row in rows]
    kept = [(box, label) for box, label in found if box is not None]
    return path, size, [box for box, _ in kept], [label for _, label in kept]


def read_boxes(entry: Entry) -> dict[str, object]:
    """An item of `boxes_csv`."""
    path, size, boxes, labels = entry
    return {"image": whole_picture(path, size), "boxes": box_tensor(boxes), "labels": torch.tensor(labels, dtype=torch.int64)}
