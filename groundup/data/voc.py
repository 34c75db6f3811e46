"""Pascal VOC: boxes of objects in XML.

A folder holds JPEGImages, Annotations with an XML file a picture, and ImageSets/Main with the names of each split's pictures.
http://host.robots.ox.ac.uk/pascal/VOC (pictures: Flickr terms)
"""

import math
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.utils.data import Dataset

from groundup.data.annotated import (
    LONGEST_NAME,
    AnnotatedPictures,
    box_tensor,
    check_present,
    files_in,
    part_inside,
    picture_size,
    shown,
    whole_picture,
)
from groundup.data.places import folder_of
from groundup.data.text import read_text
from groundup.errors import UserError

VOC_CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse"),
    *("motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
BACKGROUND = "background"
OFFICIAL = re.compile(r"The VOC20\d\d Database")  # these count the pixels from 1, and a box ends with its last pixel
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def voc_detection(*, split: str, root: str | Path | None = None, folder: str = "voc", first_pixel: int | None = None) -> Dataset:
    """Boxes of objects in the XML of Pascal VOC, of VOC itself or of your own.

    `split` is the name of a list in ImageSets/Main, or "all" for every file of Annotations. The classes are the lines of
    class_names.txt where it lies in the folder (without background); else VOC's twenty if no other name occurs; else the
    names that occur in any of the folder's annotations, sorted, so that a label means the same in every split.
    `first_pixel` is the number of the first row and column: at 1 a box goes from xmin - 1 to xmax. It is 0 unless the file
    itself says that it belongs to the VOC database, which counts from 1.
    Shapes: image (3, height, width) uint8, boxes (n, 4) float32, labels (n) int64, difficult (n) bool.
    Units and ranges: boxes x1 y1 x2 y2 in pixels; difficult ones are not counted in VOC's own scores.
    Raises: UserError for what is not there, no XML (with line and column) or says what cannot be. Repairs are in `repairs`.
    """
    if first_pixel not in (None, 0, 1):
        raise UserError(f"first_pixel is 0 or 1, or None for what the files say; got {first_pixel!r}")
    base = voc_folder(root, folder, "Annotations")
    names = names_in_split(base, "Main", split, "Annotations", ".xml")
    listed = [base / "Annotations" / f"{name}.xml" for name in names]
    check_present(listed, f"{split}: the annotation")
    trees = {path: read_xml(path) for path in sorted((base / "Annotations").glob("*.xml"))}
    labels = class_names(base) or occurring(trees)
    pictures = picture_files(base, names)
    repairs: Counter = Counter()
    entries = [annotation(path, trees[path], pictures[path.stem], labels, first_pixel, repairs) for path in listed]
    return AnnotatedPictures(folder, entries, read_detection, facts={"labels": labels}, repairs=repairs)


@dataclass(frozen=True)
class Annotation:
    """What one XML file says."""

    picture: Path
    size: tuple[int, int]
    boxes: list[list[float]]
    labels: list[int]
    difficult: list[bool]


def voc_folder(root: str | Path | None, folder: str, needs: str) -> Path:
    """The folder of a set: as named, or VOCdevkit/VOC2012 (of any year) below it, as the official archives unpack."""
    base = folder_of(folder, root, [])
    if not (base / needs).is_dir():
        years = sorted(path for path in base.glob("VOCdevkit/VOC*") if (path / needs).is_dir())
        if len(years) > 1:
            raise UserError(f"{base} holds {' and '.join(path.name for path in years)}: name one of these folders with --data")
        base = years[0] if years else base
    return folder_of(folder, base, [needs, "JPEGImages"])


def names_in_split(base: Path, kind: str, split: str, annotations: str, suffix: str) -> list[str]:
    """The names of a split's pictures, from its list, or from the annotations for "all"."""
    if split == "all":
        found = sorted(path.stem for path in (base / annotations).glob(f"*{suffix}"))
        if not found:
            raise UserError(f"{base / annotations} holds no file *{suffix}: put some there")
        return found
    lists = sorted(path.stem for path in (base / "ImageSets" / kind).glob("*.txt"))
    if split not in lists:
        raise UserError(f"{base / 'ImageSets' / kind} lists no split {split!r}; there are {', '.join([*lists, 'all'])}")
    path = base / "ImageSets" / kind / f"{split}.txt"
    names = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = line.split()
        if words and (
            len(words) > 1 or len(line) > LONGEST_NAME or "/" in words[0] or "\\" in words[0]
        ):  # "name -1" belongs to the list of one class
            raise UserError(f"{path}, line {number}: {shown(line)} is not the name of one picture")
        names += words
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UserError(f"{path} lists {twice[0]} more than once")
    if not names:
        raise UserError(f"{path} holds no picture: one name stands on each line")
    return names


def picture_files(base: Path, names: list[str]) -> dict[str, Path]:
    """The picture of each name: a .jpg, or in sets of one's own a .jpeg or .png."""
    there = {path.name for path in files_in(base / "JPEGImages")}
    found = {}
    for name in names:
        suffix = next((suffix for suffix in (".jpg", ".jpeg", ".png", ".JPG") if name + suffix in there), ".jpg")
        found[name] = base / "JPEGImages" / (name + suffix)
    check_present(found.values(), "the picture")
    return found


def class_names(base: Path) -> list[str]:
    """The lines of class_names.txt without background and without what is to be ignored; none where there is no such file."""
    path = base / "class_names.txt"
    if not (path.exists() or path.is_symlink()):
        return []
    lines = [line.strip() for line in read_text(path).splitlines()]
    names = [line for line in lines if line and line not in ("__ignore__", "_background_", "__background__", BACKGROUND)]
    if len(set(names)) < len(names) or not names:
        raise UserError(f"{path} has to name each class once, one a line")
    return names


def occurring(trees: dict[Path, ET.Element]) -> list[str]:
    """VOC's twenty names, if no others occur in the annotations; else those that do, sorted."""
    names = {text(found, "name", path) for path, tree in trees.items() for found in tree.findall("object")}
    return list(VOC_CLASSES) if names <= set(VOC_CLASSES) else sorted(names)


def read_xml(path: Path) -> ET.Element:
    """The `annotation` in an XML file.

    Raises: UserError for a file that is no XML, with line and column, or is an annotation of another kind.
    """
    try:
        content = path.read_bytes()
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:  # no annotation needs one, and entities can grow without end
            raise UserError(f"{path} defines a document type: an annotation has none")
        tree = ET.fromstring(content)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except ET.ParseError as error:
        line, column = error.position
        raise UserError(f"{path} is no XML: {str(error).split(':')[0]} in line {line}, column {column + 1}") from error
    except (LookupError, ValueError) as error:  # an encoding that does not exist
        raise UserError(f"{path} is no XML that can be read: {error}") from error
    if tree.tag != "annotation":
        raise UserError(f"{path} has to hold an <annotation>; it holds a <{tree.tag}>")
    return tree


def text(element: ET.Element, name: str, where: object) -> str:
    found = (element.findtext(name) or "").strip()
    if not found:
        raise UserError(f"{where}: an <{element.tag}> lacks its <{name}>")
    return found


def number(element: ET.Element, name: str, where: object) -> float:
    found = text(element, name, where)
    try:
        value = float(found)
    except ValueError:
        value = math.nan
    if not abs(value) < 1e9:
        raise UserError(f"{where}: <{name}> has to be a number of pixels; got {shown(found)}")
    return value


def annotation(
    path: Path, tree: ET.Element, picture: Path, labels: list[str], first_pixel: int | None, repairs: Counter
) -> Annotation:
    """The objects of one file, each with the part of its box that lies in the picture."""
    size = tree.find("size")
    pixels = (int(number(size, "width", path)), int(number(size, "height", path))) if size is not None else (0, 0)
    if min(pixels) < 1:  # left out by some programs
        pixels = picture_size(picture)
    official = OFFICIAL.fullmatch((tree.findtext("source/database") or "").strip())
    first = (1 if official else 0) if first_pixel is None else first_pixel
    found = Annotation(picture, pixels, [], [], [])
    for i, entry in enumerate(tree.findall("object"), start=1):
        where = f"{path}: object {i}"
        name, frame = text(entry, "name", where), entry.find("bndbox")
        if name not in labels:
            raise UserError(f"{where} is a {name!r}, which is none of the classes {shown(', '.join(labels))}")
        if frame is None:
            raise UserError(f"{where} ({name}) lacks its <bndbox>")
        difficult = (entry.findtext("difficult") or "").strip() or "0"
        if difficult not in ("0", "1"):
            raise UserError(f"{where} ({name}): <difficult> is 0 or 1; got {shown(difficult)}")
        x1, y1, x2, y2 = (number(frame, corner, where) for corner in CORNERS)
        box = part_inside((x1 - first, y1 - first, x2, y2), pixels, repairs)
        if box is not None:
            found.boxes.append(box)
            found.labels.append(labels.index(name))
            found.difficult.append(difficult == "1")
    return found


def read_detection(entry: Annotation) -> dict[str, object]:
    """An item of `voc_detection`."""
    return {
        "image": whole_picture(entry.picture, entry.size),
        "boxes": box_tensor(entry.boxes),
        "labels": torch.tensor(entry.labels, dtype=torch.int64),
        "difficult": torch.tensor(entry.difficult, dtype=torch.bool),
    }
