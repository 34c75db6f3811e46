"""Film reviews in the layout of aclImdb: a file a review, in folders that are the classes; read from the archive or a folder."""

import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import torch
from torch.utils.data import Dataset

from groundup.data.lines import LARGEST, checked_split, decoded, read_bytes, rows_of, to_the_end, told
from groundup.data.places import folder_of
from groundup.data.sentences import EMPTY, SENTIMENT
from groundup.errors import UserError

ARCHIVES = ("aclImdb_v1.tar.gz", "aclImdb_subset.tar.gz", "aclImdb.tar.gz")
FOLDERS = {"neg": 0, "pos": 1}
REVIEW = re.compile(
    r"(?:.*/)?(train|test)/(neg|pos)/([^/.][^/]*)\.txt"
)  # macOS puts files "._NAME.txt" beside its own, which are no text
STARS = re.compile(r"\d+_(\d+)")  # a review's number and its stars, 1 to 10


def imdb(*, split: str, root: str | Path | None = None) -> Dataset:
    """The Large Movie Review Dataset: reviews of at least 7 stars of 10 are positive, of at most 4 negative; no others.

    `split` is "train" or "test", 25,000 reviews each, or as many as there are. `root` is a folder that holds `aclImdb` or one of
    ARCHIVES, or such an archive itself, of which nothing is unpacked to disk. Reviews of your own may lie in the same folders,
    `train/pos/NAME.txt` and so on.
    Items: text, label () int64, one of SENTIMENT, by the names of the files. An empty review is left out, and counted.
    Raises: UserError for files that are not there or are not UTF-8, an archive that is damaged, or holds links or names that
    lead out of it, and a review whose stars contradict its folder.
    From https://ai.stanford.edu/~amaas/data/sentiment (Maas et al. 2011); no licence stated.
    """
    checked_split("imdb", split, ("train", "test"))
    given = None if root is None else Path(root).expanduser()
    if given is not None and given.is_file():
        place = given
    else:
        folder = folder_of("imdb", root, [("aclImdb", *ARCHIVES, f"{split}/pos")])
        place = next((folder / name for name in ("aclImdb", *ARCHIVES) if (folder / name).exists()), folder)
    rows, empty = [], 0
    found = dict(files_of_folder(place, split) if place.is_dir() else files_of_archive(place, split))
    for name, raw in sorted(found.items()):
        where = name if place.is_dir() else f"{place}: {name}"
        label = label_of(name, where)
        text = decoded(raw, where)
        if text.strip():
            rows.append({"text": text, "label": torch.tensor(label)})
        else:
            empty += 1
    for folder in set(FOLDERS) - {REVIEW.fullmatch(name)[2] for name in found}:
        raise UserError(f"{place} holds no reviews in {split}/{folder}: those of both classes are needed, in neg and pos")
    return rows_of(place, rows, labels=SENTIMENT, repairs={EMPTY: empty})


def label_of(name: str, where: str) -> int:
    """The class by the folder; the stars in a file's name, if there are some, must agree.

    Raises: UserError where they do not.
    """
    _, folder, stem = REVIEW.fullmatch(name).groups()
    stars = STARS.fullmatch(stem)
    if stars and not (int(stars[1]) >= 7 if folder == "pos" else 1 <= int(stars[1]) <= 4):
        raise UserError(f"{where}: {stars[1]} stars do not fit the folder {folder} (pos 7 to 10, neg 1 to 4); rename or move it")
    return FOLDERS[folder]


def files_of_folder(folder: Path, split: str) -> Iterator[tuple[str, bytes]]:
    """The reviews of a split, name and content."""
    for name in FOLDERS:
        for path in (folder / split / name).glob("*.txt"):
            if REVIEW.fullmatch(path.as_posix()):
                yield path.as_posix(), read_bytes(path)


def files_of_archive(archive: Path, split: str) -> Iterator[tuple[str, bytes]]:
    """The reviews of a split, name and content, straight from a .tar.gz archive.

    Raises: UserError for an archive that cannot be read, and for what no data set needs and an attack does: links, devices,
    absolute names, names with "..", and more than LARGEST bytes.
    """
    total = 0
    try:
        with tarfile.open(archive, "r:gz") as members:
            for member in to_the_end(members, LARGEST):
                total += member.size
                where = f"{archive}: its entry {member.name[:200]!r}"
                if not (member.isreg() or member.isdir()):
                    raise UserError(f"{where} is a link or a device, which is refused: take the archive from its source")
                if member.name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", member.name) or ":" in member.name:
                    raise UserError(f"{where} leads out of the archive, which is refused: take it from its source")
                if total > LARGEST:
                    raise UserError(f"{archive} unpacks to more than {LARGEST:,} bytes, which is refused")
                review = REVIEW.fullmatch(member.name)
                if member.isreg() and review and review[1] == split:
                    yield member.name, members.extractfile(member).read()
    except UserError:  # which is a ValueError
        raise
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise UserError(f"{archive} is not a whole .tar.gz archive ({told(error)}): copy or fetch it again") from error
