"""Pictures on disk with what is annotated on them: the shape that all sets for detection and segmentation share."""

import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.decode import eight_bits, flat, opened, to_tensor, upright
from groundup.errors import UserError

VOID = 255  # in a semantic mask: a pixel that belongs to no class, and is not scored
LONGEST_NAME = 255  # characters; no file system allows more
PER_OBJECT = ("boxes", "labels", "masks", "keypoints", "iscrowd", "area", "difficult")  # keys with one row an object


class AnnotatedPictures(Dataset):
    """A list of entries, each of which `read` turns into an item when it is asked for.

    `facts` is what training fixes once: `labels`, the names of the classes, and what else a format says of them.
    `repairs` counts what was mended on reading, by kind; a set that was mended says so once, on stderr.
    """

    def __init__(
        self,
        name: str,
        entries: Sequence[object],
        read: Callable[[object], dict[str, object]],
        *,
        facts: Mapping[str, object],
        repairs: Mapping[str, int],
    ):
        self.name, self.entries, self.read = name, list(entries), read
        self.facts = dict(facts)
        self.labels = list(self.facts.get("labels", []))
        self.repairs = {kind: count for kind, count in repairs.items() if count}
        if not self.entries:
            raise UserError(f"{name} holds no picture: the list of its split is empty")
        if self.repairs:
            print(f"{name}: " + ", ".join(f"{kind}: {count}" for kind, count in self.repairs.items()), file=sys.stderr)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> dict[str, object]:
        return self.read(self.entries[index])


def annotation_facts(dataset: AnnotatedPictures) -> dict[str, object]:
    """The facts of an annotated set, with `num_classes` and `in_channels`."""
    return {**dataset.facts, "num_classes": len(dataset.labels), "in_channels": 3}


def keep_objects(item: Mapping[str, object], keep: Tensor) -> dict[str, object]:
    """An item with some of its objects.

    Shapes: keep (n) bool.
    """
    return {key: found[keep] if key in PER_OBJECT else found for key, found in item.items()}


def whole_picture(path: Path, size: tuple[int, int] | None = None) -> Tensor:
    """A picture in colour, at its own size, which has to be the (width, height) that its annotation names.

    Pixels are taken as they are stored. Only where the annotated size fits the picture turned upright, as its EXIF tag
    says, and not the stored one, was it annotated upright, and is turned.
    Shapes: (3, height, width) uint8.
    Raises: UserError for a file that is no picture, and for another size: every box and mask on it would be wrong.
    """
    try:
        with opened(path) as picture:
            stored = picture.size
            pixels = eight_bits(picture)
            if size is not None and stored != size:
                pixels = upright(pixels)
            fits = size is None or pixels.size == size
            image = to_tensor(flat(pixels, "RGB")) if fits else None
    except Exception as error:  # Pillow's readers meet damage with errors of every kind
        raise UserError(f"{path} cannot be read as a picture: {error or type(error).__name__}") from error
    if image is None:
        got, wanted = "x".join(map(str, stored)), "x".join(map(str, size))
        raise UserError(f"{path} is {got}, but its annotation says {wanted}: mend one of them")
    return image


def picture_size(path: Path) -> tuple[int, int]:
    """The (width, height) of a stored picture, from its first bytes alone."""
    try:
        with opened(path) as picture:
            return picture.size
    except Exception as error:  # as above
        raise UserError(f"{path} cannot be read as a picture: {error or type(error).__name__}") from error


def files_in(folder: Path) -> list[Path]:
    """What lies in a folder, sorted.

    Raises: UserError for what is no folder, or cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise UserError(f"{folder} cannot be read as a folder: {error.strerror}") from error


def check_present(paths: Iterable[Path], what: str) -> None:
    """Raises: UserError that names the first of the files that are missing, and how many are."""
    listed: dict[Path, set[str]] = {}  # a folder is listed once: asking for a hundred thousand files one by one takes longer
    missing = []
    for path in paths:
        if path.parent not in listed:
            listed[path.parent] = {entry.name for entry in path.parent.iterdir()} if path.parent.is_dir() else set()
        if path.name not in listed[path.parent]:
            missing.append(path)
    if missing:
        odd = len(missing[0].name) > LONGEST_NAME or not missing[0].name.isprintable()
        first = f"{missing[0].parent}/{shown(missing[0].name)}" if odd else missing[0]
        others = f", and {len(missing) - 1} more are missing" if len(missing) > 1 else ""
        raise UserError(f"{what} {first} is not there{others}: put it there, or take it out of the list")


def numbers(values: object, count: int | None, where: str) -> list[float]:
    """Finite numbers from a file, `count` of them where that is fixed.

    Raises: UserError that says `where` the value stands.
    """
    wanted = "a list of numbers" if count is None else f"{count} numbers"
    if not isinstance(values, list) or (count is not None and len(values) != count):
        raise UserError(f"{where} has to be {wanted}; got {shown(values)}")
    for value in values:
        if type(value) not in (int, float) or abs(value) > 1e9 or not math.isfinite(value):
            raise UserError(f"{where} has to be {wanted}; {shown(value)} among them is none, or out of any picture")
    return [float(value) for value in values]


def shown(value: object) -> str:
    """A value as a message shows it: its beginning."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def part_inside(box: Sequence[float], size: tuple[int, int], repairs: Counter) -> list[float] | None:
    """The part of a box x1 y1 x2 y2 that lies in a picture of (width, height); None where none does.

    Each repair is counted: a box cut at the border, one wholly outside, one without area, one whose corners are swapped.
    """
    x1, y1, x2, y2 = box
    width, height = size
    if x2 < x1 or y2 < y1:
        repairs["inverted boxes dropped"] += 1
    elif x2 == x1 or y2 == y1:
        repairs["boxes without area dropped"] += 1
    elif x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
        repairs["boxes outside their picture dropped"] += 1
    else:
        inside = [max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))]
        repairs["boxes clipped to their picture"] += inside != [x1, y1, x2, y2]
        return inside
    return None


def box_tensor(boxes: Sequence[Sequence[float]]) -> Tensor:
    """Boxes as (n, 4) float32, also where there are none."""
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)


def boxes_of_masks(masks: Tensor) -> Tensor:
    """The smallest box around each mask, none of them empty.

    Shapes: (n, height, width) bool -> (n, 4) float32.
    """
    rows, columns = masks.any(dim=2), masks.any(dim=1)
    corners = []
    for line in (columns, rows):
        flags = line.to(torch.uint8)
        corners.append((flags.argmax(dim=1), line.shape[1] - flags.flip(1).argmax(dim=1)))
    (x1, x2), (y1, y2) = corners
    return torch.stack([x1, y1, x2, y2], dim=1).to(torch.float32)
