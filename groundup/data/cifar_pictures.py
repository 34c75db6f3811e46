"""CIFAR-10 as packed pictures: JPEG files one behind the other in an npz, and Kaggle's zip of PNG files."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from groundup.data.decode import opened
from groundup.data.lines import told
from groundup.errors import UserError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIZE = (32, 32)
NUMBER = re.compile(r"[0-9]{1,9}")  # of a picture; Kaggle's go to 300000
LARGEST = 2**16  # bytes in one picture; they have one to three thousand
DAMAGES = (OSError, ValueError, SyntaxError, KeyError, EOFError, MemoryError, NotImplementedError)
DAMAGES += (zipfile.BadZipFile, zlib.error, RuntimeError, Image.DecompressionBombError, Image.DecompressionBombWarning)

Found = tuple[Tensor, Tensor, list[str]]  # pictures (count, 3, 32, 32) uint8, labels (count) int64, names of the classes


def read_jpegs(path: Path, split: str) -> Found:
    """The pictures of an npz with `classes`, and for each split its `_jpeg` bytes, `_offsets` and `_labels`.

    Picture i is the bytes from offset i up to offset i + 1.
    Raises: UserError for an array that is not there or does not fit the others, and for a picture that cannot be read.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            content, offsets, numbers = (arrays[f"{split}_{column}"] for column in ("jpeg", "offsets", "labels"))
            names = arrays["classes"].tolist()
    except DAMAGES as error:
        raise UserError(f"{path} is damaged ({told(error)}): fetch it again") from error
    if any(array.ndim != 1 or array.dtype.kind not in "iu" for array in (content, offsets, numbers)) or content.itemsize != 1:
        raise UserError(f"{path}: the arrays of {split} are not lists of bytes and whole numbers; fetch it again")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise UserError(f"{path}: `classes` must be different names of classes; fetch it again")
    offsets, numbers = offsets.astype(np.int64), numbers.astype(np.int64)
    if not len(numbers) or len(offsets) != len(numbers) + 1:
        raise UserError(f"{path}: {split} has {len(numbers)} labels and {len(offsets)} offsets, of which there must be one more")
    if offsets[0] != 0 or offsets[-1] != len(content) or (np.diff(offsets) <= 0).any():
        raise UserError(f"{path}: the offsets of {split} do not divide its {len(content)} bytes into pictures; fetch it again")
    for entry in np.flatnonzero((numbers < 0) | (numbers >= len(names)))[:1]:
        raise UserError(f"{path}: {split}, entry {entry}, has the label {numbers[entry]}; the classes are 0 to {len(names) - 1}")
    edges = zip(offsets[:-1].tolist(), offsets[1:].tolist())
    pictures = [decoded(content[a:b].tobytes(), "JPEG", f"{path}, {split}, entry {i}") for i, (a, b) in enumerate(edges)]
    return stacked(pictures), torch.from_numpy(numbers), names


def read_pngs(path: Path, split: str) -> Found:
    """The pictures of a zip, `NUMBER.png` each, in the order of their numbers; the labels from the CSV file beside it.

    Raises: UserError for a picture without a label, a label that is no class, and a picture that cannot be read.
    """
    if split != "train":
        raise UserError(f"{path} has labels for its train split alone; got {split!r}")
    labels = dict(kaggle_labels(path.parent))
    pictures, numbers = [], []
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {picture_number(entry.filename, path): entry for entry in archive.infolist() if not entry.is_dir()}
            for number, entry in sorted(entries.items()):
                if number not in labels:
                    raise UserError(f"{path}, {entry.filename}: trainLabels.csv has no label for it")
                if entry.file_size > LARGEST:
                    raise UserError(f"{path}, {entry.filename}: {entry.file_size} bytes are too many for a picture of 32x32")
                pictures.append(decoded(archive.read(entry), "PNG", f"{path}, {entry.filename}"))
                numbers.append(labels[number])
    except UserError:
        raise
    except DAMAGES as error:
        raise UserError(f"{path} is damaged ({told(error)}): fetch it again") from error
    if not pictures:
        raise UserError(f"{path} holds no picture: fetch it again")
    return stacked(pictures), torch.tensor(numbers), list(CLASSES)


def picture_number(name: str, path: Path) -> int:
    stem, _, ending = name.rpartition("/")[2].rpartition(".")
    if not NUMBER.fullmatch(stem) or ending != "png":
        raise UserError(f"{path}, {told(name)}: the pictures of this set are called NUMBER.png")
    return int(stem)


def kaggle_labels(folder: Path) -> Iterator[tuple[int, int]]:
    """The number of each picture and its class, from trainLabels.csv, packed or not.

    Raises: UserError for a file that is not there, and for a line that is no number and class.
    """
    plain, packed = folder / "trainLabels.csv", folder / "trainLabels.csv.zip"
    if not plain.exists() and not packed.exists():
        raise UserError(f"{folder} lacks trainLabels.csv, or trainLabels.csv.zip: put it beside the pictures")
    path = plain if plain.exists() else packed
    try:
        if plain.exists():
            content = plain.read_text(encoding="utf-8")
        else:
            with zipfile.ZipFile(packed) as archive:
                content = archive.read("trainLabels.csv").decode("utf-8")
    except DAMAGES as error:
        raise UserError(f"{path} cannot be read ({told(error)}): fetch it again") from error
    seen = set()
    for line, text in enumerate(content.splitlines(), start=1):
        row = text.split(",")  # neither numbers nor classes need quotes
        if line == 1 and row == ["id", "label"]:
            continue
        if len(row) != 2 or not NUMBER.fullmatch(row[0]) or row[1] not in CLASSES or int(row[0]) in seen:
            raise UserError(f"{path}, line {line}: {text[:80]!r} is not a new number and one of {', '.join(CLASSES)}")
        seen.add(int(row[0]))
        yield int(row[0]), CLASSES.index(row[1])


def decoded(content: bytes, kind: str, place: str) -> np.ndarray:
    """A picture of 32x32 in colour.

    Shapes: -> (32, 32, 3) uint8.
    Raises: UserError for one of another kind or size; a huge one is not decoded.
    """
    try:
        with opened(io.BytesIO(content), [kind]) as picture:
            if picture.size != SIZE:
                raise UserError(f"{place}: the picture has {picture.width}x{picture.height} pixels, not 32x32")
            return np.asarray(picture.convert("RGB"))
    except UserError:
        raise
    except DAMAGES as error:
        raise UserError(f"{place} cannot be read as a picture: {error}") from error


def stacked(pictures: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()  # (count, 3, 32, 32)
