"""The JSON files of COCO: found, read, checked, and their annotations brought to the pictures they belong to.

https://cocodataset.org/#format-data (annotations CC BY 4.0; each picture has its own Flickr licence)
"""

import json
import mmap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NoReturn

from groundup.data.annotated import check_present, shown
from groundup.data.places import folder_of
from groundup.errors import UserError

CATEGORIES_FIT_IN = 1 << 20  # characters: the list of categories is read alone, without the annotations before it


@dataclass(frozen=True)
class Picture:
    """One entry of a file's `images`."""

    id: int
    path: Path
    size: tuple[int, int]  # width, height


@dataclass(frozen=True)
class CocoFile:
    """A file of annotations whose entries are known to fit together. Annotations are (where they stand, entry)."""

    path: Path
    pictures: dict[int, Picture]
    annotations: dict[int, list[tuple[str, dict]]]  # by the picture's id
    categories: list[dict]  # in the order of their labels: by id
    repairs: Counter = field(default_factory=Counter)

    def labels(self) -> dict[int, int]:
        """The label of each category's id: ids may leave gaps (COCO's run to 90 for 80 classes), labels do not."""
        return {category["id"]: label for label, category in enumerate(self.categories)}

    def facts(self) -> dict[str, object]:
        """The classes' names, and the ids that they have in the file."""
        return {"labels": [c["name"] for c in self.categories], "category_ids": [c["id"] for c in self.categories]}


def read_coco(kind: str, *, split: str, root: str | Path | None, folder: str) -> CocoFile:
    """The annotations of one kind: "instances", "person_keypoints", "captions" or "panoptic".

    Two layouts are known: COCO's own, annotations/KIND_SPLIT2017.json beside the folder SPLIT2017 of the pictures (any year,
    or none), and SPLIT/_annotations.coco.json among the pictures, as labelling services export it.
    """
    base = folder_of(folder, root, [])
    path, pictures_in = annotation_file(base, kind, split) or absent(base, kind, split, folder)
    document = read_json(path)
    pictures = pictures_of(document, path, pictures_in)
    repairs: Counter = Counter()
    categories = [] if kind == "captions" else categories_of(entries(document, "categories", path), path)
    if categories:
        categories = as_in_training(categories, path, base, kind)
    return CocoFile(path, pictures, by_picture(document, path, pictures, repairs), categories, repairs)


def annotation_file(base: Path, kind: str, split: str) -> tuple[Path, Path] | None:
    """The file of annotations of a split, and the folder of its pictures; None where there is none."""
    exported = base / split / "_annotations.coco.json"
    if exported.is_file():
        return exported, exported.parent
    known = splits_of(base, kind)
    fitting = [name for name in known if split in (name, name.rstrip("0123456789"))]
    if len(fitting) > 1:
        raise UserError(f"{base / 'annotations'} holds {kind} of {' and '.join(fitting)}: say which as the split")
    return (known[fitting[0]], base / fitting[0]) if fitting else None


def splits_of(base: Path, kind: str) -> dict[str, Path]:
    """The names of splits that have annotations of a kind, "train2017" or "val", and their files."""
    return {path.stem.removeprefix(f"{kind}_"): path for path in sorted((base / "annotations").glob(f"{kind}_*.json"))}


def absent(base: Path, kind: str, split: str, folder: str) -> NoReturn:
    """Raises: UserError that says what there is, and what to put where."""
    known = splits_of(base, kind)
    have = f"; there are {', '.join(known)}" if known else ""
    raise UserError(
        f"{folder} has no {kind} for the split {split!r}{have}. Put annotations/{kind}_{split}2017.json and the pictures in "
        f"{split}2017/ (or {split}/_annotations.coco.json and its pictures) into {base}, or name another folder with --data"
    )


def read_json(path: Path) -> dict:
    """The object in a JSON file.

    Raises: UserError for a file that is not there, is no JSON (with line and column), or holds something else.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a text in UTF-8 (byte {error.start} does not fit): save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise UserError(f"{path} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except (RecursionError, ValueError) as error:  # lists in lists without end; a number of thousands of digits
        raise UserError(f"{path} is no JSON that can be read: {error}") from error
    if not isinstance(document, dict):
        raise UserError(f"{path} has to hold an object with images and annotations; got {shown(document)}")
    return document


def entries(document: dict, key: str, path: Path) -> list[dict]:
    """The list of objects that stands under a key."""
    found = document.get(key)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise UserError(f"{path} needs a list of objects under {key!r}; got {shown(found)}")
    return found


def value(entry: dict, key: str, kind: type, where: str):
    """A whole number or a text under a key of an entry."""
    found = entry.get(key)
    if type(found) is not kind:
        wanted = "a whole number" if kind is int else "a text"
        raise UserError(f"{where} needs {wanted} as {key!r}; got {shown(found)}")
    return found


def flag(entry: dict, key: str, where: str) -> bool:
    """A key that says 0 or 1, and 0 where it is left out."""
    found = entry.get(key, 0)
    if found not in (0, 1):
        raise UserError(f"{where} needs 0 or 1 as {key!r}; got {shown(found)}")
    return bool(found)


def pictures_of(document: dict, path: Path, folder: Path) -> dict[int, Picture]:
    """The pictures of a file by their ids, all of them there."""
    found: dict[int, Picture] = {}
    for i, entry in enumerate(entries(document, "images", path)):
        where = f"{path}: images[{i}]"
        key, name = value(entry, "id", int, where), value(entry, "file_name", str, where)
        size = value(entry, "width", int, where), value(entry, "height", int, where)
        if min(size) < 1 or max(size) > 1 << 20:
            raise UserError(f"{where} ({name}) is said to be {size[0]}x{size[1]}: no picture is")
        if key in found:
            raise UserError(f"{where} ({name}) has the id {key} of {found[key].path.name}: each picture needs an id of its own")
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name or "\0" in name:
            raise UserError(f"{where} has the file_name {name!r}, which leaves the folder of the pictures")
        found[key] = Picture(key, folder / name, size)
    check_present((picture.path for picture in found.values()), f"{path}: the picture")
    return found


def categories_of(found: Sequence[dict], path: Path) -> list[dict]:
    """Categories in the order of their ids, no id twice."""
    names: dict[int, str] = {}
    for i, entry in enumerate(found):
        where = f"{path}: categories[{i}]"
        key, name = value(entry, "id", int, where), value(entry, "name", str, where)
        if key in names:
            raise UserError(f"{where} ({name}) has the id {key} of {names[key]}: each category needs an id of its own")
        names[key] = name
    return sorted(found, key=lambda entry: entry["id"])


def as_in_training(categories: list[dict], path: Path, base: Path, kind: str) -> list[dict]:
    """The categories of the training split, where it lies beside: a label has to mean one class in all splits.

    Raises: UserError for a category that the training split does not have, or names otherwise.
    """
    year = path.stem[len(path.stem.rstrip("0123456789")) :]
    found = annotation_file(base, kind, f"train{year}") or annotation_file(base, kind, "train")
    if found is None or found[0] == path:  # a split that stands alone fixes its own labels
        return categories
    training, _ = found
    order = categories_of(read_categories(training), training)
    names = {category["id"]: category["name"] for category in order}
    for category in categories:
        if names.get(category["id"]) != category["name"]:
            raise UserError(
                f"{path}: the category {category['id']} is {category['name']!r}, but in {training.name} it is "
                f"{names.get(category['id'])!r}: a label has to mean the same in both"
            )
    return order


def read_categories(path: Path) -> list[dict]:
    """The list of categories of a file that may be half a gigabyte, without reading the rest of it."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            start = content.find(b"[", max(content.rfind(b'"categories"'), 0))
            text = content[start : start + CATEGORIES_FIT_IN].decode("utf-8", errors="replace") if start >= 0 else ""
        found, _ = json.JSONDecoder().raw_decode(text)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} holds no list of categories") from error
    return entries({"categories": found}, "categories", path)


def by_picture(document: dict, path: Path, pictures: dict[int, Picture], repairs: Counter) -> dict[int, list[tuple[str, dict]]]:
    """The annotations of each picture.

    One that repeats another word for word, or is of a picture that the file does not list, is left out and counted.
    Raises: UserError for two different ones with one id, and where every one is of an unknown picture.
    """
    found: dict[int, list[tuple[str, dict]]] = {key: [] for key in pictures}
    seen: dict[int, dict] = {}
    listed = entries(document, "annotations", path)
    for i, entry in enumerate(listed):
        where = f"{path}: annotations[{i}]"
        picture = value(entry, "image_id", int, where)
        if "id" in entry:
            key = value(entry, "id", int, where)
            where += f" (id {key})"
            if seen.setdefault(key, entry) is not entry:
                if seen[key] != entry:
                    raise UserError(f"{where} has the id of another annotation: each needs an id of its own")
                repairs["repeated annotations dropped"] += 1
                continue
        if picture in found:
            found[picture].append((where, entry))
        else:
            repairs["annotations of unknown pictures dropped"] += 1
    if listed and not any(found.values()):
        raise UserError(f"{path}: no annotation is of a picture in images (the first is of {listed[0]['image_id']})")
    return found
