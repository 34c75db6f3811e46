"""Which pictures a folder of one's own holds, in which classes, and to which split each belongs."""

import hashlib
import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from groundup.data.decode import kind_of, opened
from groundup.errors import UserError

SUFFIXES = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "jpeg"),
    **{".png": "png", ".gif": "gif", ".webp": "webp", ".bmp": "bmp", ".dib": "bmp", ".tif": "tiff", ".tiff": "tiff"},
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm"), "ppm"),
    **{".avif": "avif", ".heic": "heic", ".heif": "heic", ".hif": "heic"},
}
FOLDERS = {"train": ("train",), "validation": ("val", "valid", "validation"), "test": ("test", "val", "valid", "validation")}
SPLIT_NAMES = {name for names in FOLDERS.values() for name in names}
HELD_OUT = 5  # every so manieth picture is held out where the folder has no split of its own


class Labelled(NamedTuple):
    """A picture file, its class, and its name inside the data set."""

    path: Path
    label: str
    name: str


def split_folders(root: Path, counts: Counter) -> dict[str, list[Labelled]] | None:
    """The pictures of train/, val/ (or valid/, validation/) and test/, whose class folders count; None for another layout.

    Without a test/ that holds class folders, val/ is the test split too.
    """
    beside = [folder for folder in class_folders(root) if folder.name not in SPLIT_NAMES]
    if not class_folders(root / "train") and (beside or not any(class_folders(root / name) for name in SPLIT_NAMES)):
        return None
    counts["folders beside the splits left out"] += len(beside)
    parts = {}
    for split, names in FOLDERS.items():
        found = [name for name in names if class_folders(root / name)]
        if found:
            parts[split] = pictures_of_classes(root / found[0], counts if split == "train" else Counter())
    return parts


def class_folders(root: Path) -> list[Path]:
    """The folders in a folder, but for hidden ones, in the order of their names."""
    if not root.is_dir():
        return []
    found = [path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))]
    return sorted(found, key=lambda path: composed(path.name))


def pictures_of_classes(root: Path, counts: Counter) -> list[Labelled]:
    """The pictures in the class folders of `root` and below them. What is left out is counted.

    Raises: UserError where there are no class folders, one holds no picture, or they look like splits.
    """
    folders = class_folders(root)
    if not folders or {folder.name for folder in folders} <= SPLIT_NAMES:
        raise UserError(f"{root} has no folders of classes: make one for each, such as {root / 'cat'} and {root / 'dog'}")
    check_links(root, folders)
    below = {tuple(sorted(path.name for path in class_folders(folder))) for folder in folders}
    if len(folders) > 1 and len(below) == 1 and len(below.pop()) > 1:  # such as Training/ and Testing/ with the same classes
        names = " and ".join(folder.name for folder in folders[:2])
        raise UserError(f"{root}: {names} hold folders of the same names, as splits do: call the splits train, val and test")
    counts["pictures beside the class folders left out"] += sum(is_picture(p) and p.is_file() for p in root.iterdir())
    pictures = []
    for folder in folders:
        files = sorted(files_below(folder))
        chosen = [path for path in files if is_picture(path)]
        counts["files that are no pictures left out"] += len(files) - len(chosen)
        if not chosen:
            raise UserError(f"{folder} holds no picture: put some there, or take the folder away")
        names = (composed(path.relative_to(root).as_posix()) for path in chosen)
        pictures += [Labelled(path, composed(folder.name), name) for path, name in zip(chosen, names, strict=True)]
    return sorted(pictures, key=lambda picture: picture.name)


def check_links(root: Path, folders: Sequence[Path]) -> None:
    """A folder of a class may be a link, but not to another class, nor to what holds all of them.

    Raises: UserError for one whose pictures would be of two classes.
    """
    real = {folder: folder.resolve() for folder in folders}
    places, above = Counter(real.values()), {parent for place in real.values() for parent in place.parents}
    for link in folders:
        place = real[link]
        if link.is_symlink() and (place in above or places[place] > 1 or any(parent in places for parent in place.parents)):
            raise UserError(f"{link} is a link to {place}: the pictures there would be of two classes. Take it away")


def files_below(folder: Path) -> Iterable[Path]:
    """The files of a folder and those below it, but for hidden ones; links to folders are not followed: they may form rings."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        yield from (Path(place, name) for name in files if not name.startswith(".") and name != "Thumbs.db")


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def composed(name: str) -> str:
    """A name in the one form of Unicode: macOS writes an umlaut as two characters, others as one."""
    return unicodedata.normalize("NFC", name)


def cut(pictures: Sequence[Labelled], seed: int) -> dict[str, list[Labelled]]:
    """A fifth of each class for the test split, the rest for training.

    A hash of a picture's name decides, so that none changes sides when others are added; only where it would leave a class
    without a picture on one side, the one with the lowest or the highest hash goes there.
    Raises: UserError for a class of one picture.
    """
    classes = defaultdict(list)
    for picture in pictures:
        classes[picture.label].append(picture)
    held_out = set()
    for label, members in classes.items():
        if len(members) < 2:
            raise UserError(f"class {label[:80]!r} has one picture, {members[0].path}: a second is needed, to train and to test")
        order = sorted(members, key=lambda picture: name_hash(picture.name, seed))
        drawn = [picture.name for picture in order if name_hash(picture.name, seed) % HELD_OUT == 0]
        drawn = drawn or [order[0].name]
        held_out.update(drawn[:-1] if len(drawn) == len(order) else drawn)
    return {
        "train": [picture for picture in pictures if picture.name not in held_out],
        "test": [picture for picture in pictures if picture.name in held_out],
    }


def name_hash(name: str, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "little")


def looked_over(pictures: Sequence[Labelled], counts: Counter) -> None:
    """Look at the first bytes of every file: what cannot be read is refused before training, not in the midst of it.

    Pictures whose name says another format, and those of several frames, are counted: both can be read.
    Raises: UserError naming the first file that is no picture, or is HEIC, and how many there are.
    """
    refused: dict[str, list[Path]] = defaultdict(list)
    for picture in pictures:
        try:
            with open(picture.path, "rb") as file:
                head = file.read(4096)
        except OSError as error:
            raise UserError(f"{picture.path} cannot be read: {error.strerror}") from error
        kind = kind_of(head)
        if kind in (None, "heic"):
            refused["heic" if kind else "empty" if not head else "none"].append(picture.path)
        elif kind != SUFFIXES.get(picture.path.suffix.lower()):
            counts["wrongly named pictures read by their content"] += 1
        counts["pictures of several frames read by their first"] += kind is not None and has_frames(kind, head, picture.path)
    for reason, paths in refused.items():
        more = f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
        raise UserError(f"{paths[0]}{more} {REASONS[reason]}")


REASONS = {
    "heic": "is a HEIC picture, which is not read here: save it as JPEG "
    "(an iPhone takes JPEGs with Settings > Camera > Formats > Most Compatible)",
    "empty": "is empty: copy it again or take it away",
    "none": "cannot be read as a picture: its content is of no known format. Take it away",
}


def has_frames(kind: str, head: bytes, path: Path) -> bool:
    """Whether a picture is an animation or has several pages."""
    if kind == "png":
        return b"acTL" in head.partition(b"IDAT")[0]
    if kind == "webp":
        return head[12:16] == b"VP8X" and bool(head[20] & 2)
    if kind not in ("gif", "tiff"):
        return False
    try:
        with opened(path, (kind.upper(),)) as picture:
            return picture.is_animated
    except Exception:  # damaged: its decoding will say so
        return False
