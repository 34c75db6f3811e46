"""The answer to `label_table`."""

from pathlib import Path

ENDINGS = {".jpg", ".jpeg", ".png"}


def label_table(folder: Path) -> tuple[list[str], list[tuple[str, int]]]:
    """The classes of a folder in the order of the alphabet, and for each picture its path and the number of its class."""
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    rows = []
    for number, name in enumerate(classes):
        for path in (folder / name).rglob("*"):
            hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
            if path.is_file() and path.suffix.lower() in ENDINGS and not hidden:
                rows.append((path.relative_to(folder).as_posix(), number))
    return classes, sorted(rows)
