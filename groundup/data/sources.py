"""Where the files of the data sets lie, what they are called, and where in the network each can be had, with its checksum.

Checksums are sha256 where one is published. The addresses of a file are tried in their order.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ALL = "all"  # the one part of a set whose files do not come by splits


@dataclass(frozen=True)
class Unpacked:
    """What becomes of an archive that is unpacked when it is here; then it is deleted.

    `most` bytes are written. Names begin with `inside`, which is left off; others are not wanted. `gives` are files and folders
    that are there afterwards. With `into`, the files go into a zip of this name.
    """

    most: int
    gives: tuple[str, ...]
    inside: str = ""
    into: str | None = None

    def place(self, name: str) -> str | None:
        """Where the file of this name goes in the set's folder."""
        rest = name.removeprefix("./").removeprefix(self.inside)
        left_over = rest.startswith("__MACOSX/") or rest.rpartition("/")[2].startswith(".") or rest.endswith("\r")
        return None if left_over or not name.removeprefix("./").startswith(self.inside) else rest


@dataclass(frozen=True)
class File:
    """A file that can be fetched: its path in the set's folder, its size in bytes (or the most it may be), its addresses."""

    path: str
    checksum: str
    size: int
    urls: tuple[str, ...]
    exact: bool = True
    unpacked: Unpacked | None = None

    def gives(self) -> tuple[str, ...]:
        """What is in the set's folder when this file was fetched."""
        return self.unpacked.gives if self.unpacked else (self.path,)


@dataclass(frozen=True)
class Source:
    """A data set's `folder` in the folder of all data sets, and by part of the set (mostly a split) what its reader `needs`.

    A need is a path in the folder; "a|b" is a or b, "a[.gz]" is a or a.gz, * any name. `files` are those that can be fetched, by
    part; `home` is where people read about the set and take by hand what cannot be. `split` is the split to look at first, of
    sets whose parts are no splits. `reader` reads the set where no function of its own name does.
    """

    folder: str
    licence: str
    home: str
    needs: Mapping[str, Sequence[str]]
    files: Mapping[str, Sequence[File]] = field(default_factory=dict)
    split: str = ""
    reader: str = ""

    def files_of(self, part: str | None) -> list[File]:
        """The files of a part, or of all, each once."""
        return list(dict.fromkeys(file for name, files in self.files.items() if part in (None, name) for file in files))

    def here(self, folder: Path) -> dict[str, list[Path]]:
        """The files of each part that is whole in this folder."""
        found = {part: [present(folder, need) for need in needs] for part, needs in self.needs.items()}
        return {part: paths for part, paths in found.items() if all(paths)}

    def can_be_fetched(self, part: str) -> bool:
        return bool(self.files.get(part))


def present(folder: Path, need: str) -> Path | None:
    """The file or folder that fulfils a need, if there is one."""
    return next((path for choice in choices(need) for path in matching(folder, choice)), None)


def matching(folder: Path, choice: str) -> Iterator[Path]:
    if "*" in choice:
        yield from sorted(folder.glob(choice))
    elif (folder / choice).exists():
        yield folder / choice


def choices(need: str) -> list[str]:
    """The paths that a need stands for."""
    return [
        path
        for choice in need.split("|")
        for path in ([choice.removesuffix("[.gz]"), choice.replace("[.gz]", ".gz")] if choice.endswith("[.gz]") else [choice])
    ]


def in_words(needs: Sequence[str]) -> str:
    """Needs as a person reads them: of several choices the first, which is how the set is published."""
    return ", ".join(need.partition("|")[0] for need in needs)


def sets() -> dict[str, Source]:
    """Every data set whose files have a place of their own, by its name."""
    from groundup.data.sources_annotated import ANNOTATED
    from groundup.data.sources_pictures import PICTURES
    from groundup.data.sources_tables import TABLES
    from groundup.data.sources_text import TEXTS

    return {**PICTURES, **ANNOTATED, **TEXTS, **TABLES}


def fetching(folder: str, missing: Sequence[str]) -> str | None:
    """The set to fetch, where one of these paths of a folder is missing; None where nothing can be fetched that has it."""
    for name, source in sets().items():
        for part, needs in source.needs.items():
            known = {choice for need in needs for choice in choices(need)}
            if source.folder == folder and source.can_be_fetched(part) and known & set(missing):
                return name
    return None


def github(repository: str, commit: str, path: str, *, mirrored: bool = False) -> tuple[str, ...]:
    """The addresses of a file on GitHub; jsDelivr has those of repositories below 50 MB, too."""
    raw = f"https://raw.githubusercontent.com/{repository}/{commit}/{path}"
    return (raw, f"https://cdn.jsdelivr.net/gh/{repository}@{commit}/{path}") if mirrored else (raw,)


def d2l(name: str) -> str:
    """Where "Dive into Deep Learning" keeps its data."""
    return f"https://d2l-data.s3-accelerate.amazonaws.com/{name}"
