"""Pictures and labels from a CSV, laid out as Kaggle does: labels.csv or trainLabels.csv with train/, train.csv with images/."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from groundup.data.class_folders import SUFFIXES, Labelled, class_folders, composed
from groundup.data.lines import told
from groundup.errors import UserError

TABLES = ("labels.csv", "trainLabels.csv", "train.csv")
PLACES = ("", "train", "images", "train_images")  # where the pictures that a table names are looked for
NOT_CLASSES = {"train", "test", "val", "valid", "validation", "images", "train_images", "test_images"}
PICTURE_COLUMNS = ("path", "file", "filename", "file_name", "image", "image_path", "image_id", "id", "name")
LABEL_COLUMNS = ("label", "class", "breed", "category", "target", "species", "labels")


def table_in(root: Path) -> Path | None:
    """The table of labels that a folder of pictures goes by; None where it has none, or has class folders."""
    if any(folder.name not in NOT_CLASSES for folder in class_folders(root)):
        return None
    return next((root / name for name in TABLES if (root / name).is_file()), None)


def read_label_table(path: Path, counts: Counter) -> tuple[list[Labelled], list[str]]:
    """The pictures that a table names, and the split of each where a column `split` says it, else "".

    A picture is named with or without its suffix, relative to the table's folder or to train/ or images/ in it. The same
    line twice is counted and taken once.
    Raises: UserError with file and line for a ragged row, a missing label, a missing or ambiguous picture, one with two
    labels, a path that leads outside.
    """
    rows = rows_of(path)
    _, header = next(rows)
    names = [column.strip().lower() for column in header]
    picture_at = column_of(names, PICTURE_COLUMNS, path, "pictures")
    label_at = column_of(names, LABEL_COLUMNS, path, "labels")
    split_at = names.index("split") if "split" in names else None
    places = [(path.parent / place, listing(path.parent / place)) for place in PLACES]
    found: dict[Path, tuple[Labelled, str]] = {}
    for line, row in rows:
        where = f"{path}, line {line}"
        if len(row) != len(header):
            raise UserError(f"{where} has {len(row)} values and the header {len(header)}: mend the line")
        name, label = row[picture_at].strip(), composed(row[label_at].strip())
        if not name or not label:
            raise UserError(f"{where} has no {'label' if name else 'picture'}: fill it in or take the line out")
        split = row[split_at].strip().lower() if split_at is not None else ""
        picture = Labelled(picture_file(name, path.parent, places, where), label, composed(name))
        before, split_before = found.setdefault(picture.path, (picture, split))
        if before is picture:
            continue
        if (before.label, split_before) != (label, split):
            raise UserError(f"{where} calls {name} {label!r}, an earlier line calls it {before.label!r}: keep the right one")
        counts["lines that stand twice in the table taken once"] += 1
    if not found:
        raise UserError(f"{path} names no pictures: it has a header alone")
    return [picture for picture, _ in found.values()], [split for _, split in found.values()]


def rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV that are not blank, with their lines; the header first.

    Raises: UserError for a file that is not there, not UTF-8, no CSV, or empty.
    """
    count = 0
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                if any(value.strip() for value in row):
                    count += 1
                    yield reader.line_num, row
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a CSV in UTF-8 (byte {error.start} does not fit): save it as UTF-8") from error
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num} is no CSV: {error}") from error
    if not count:
        raise UserError(f"{path} is empty: its first line names the columns, such as image,label")


def column_of(names: Sequence[str], known: Sequence[str], path: Path, what: str) -> int:
    """The place of the column with one of the known names."""
    found = [names.index(name) for name in known if name in names]
    if not found:
        raise UserError(f"{path} has no column for the {what}: call it {known[0]}; its columns are {told(', '.join(names))}")
    return found[0]


def listing(folder: Path) -> dict[str, list[str]]:
    """The pictures of a folder by name, and by name without suffix."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if file.suffix.lower() in SUFFIXES:
            found.setdefault(file.name, []).append(file.name)
            found.setdefault(file.stem, []).append(file.name)
    return found


def picture_file(name: str, root: Path, places: Sequence[tuple[Path, dict[str, list[str]]]], where: str) -> Path:
    """The file that a table means by a name.

    Raises: UserError where there is none or more than one, or it lies outside the table's folder.
    """
    relative = Path(name.replace("\\", "/"))
    if relative.is_absolute() or ".." in relative.parts or "\0" in name:
        raise UserError(f"{where} leads outside of {root}: {name!r}. Name pictures relative to the table's folder")
    for folder, files in places:
        if len(relative.parts) == 1:
            matches = [relative.name] if relative.name in files.get(relative.name, ()) else files.get(relative.name, [])
            if len(matches) > 1:
                raise UserError(f"{where} names {name}, which may be {' or '.join(matches)} in {folder}: name it in full")
            if matches:
                return folder / matches[0]
        elif (folder / relative).is_file():
            return folder / relative
    looked = ", ".join(str(folder) for folder, _ in places if folder.is_dir())
    raise UserError(f"{where} names {name}, and there is no such picture in {looked}")
