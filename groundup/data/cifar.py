"""CIFAR-10 and CIFAR-100: tiny colour photographs, read from the files of their author and from packed pictures.

The author's files are pickles, and a pickle is a program: whoever loads one runs what its writer put into it. `BatchReader`
runs none. It knows lists, dicts, texts, numbers and arrays of bytes, and refuses a file that asks for anything else.
"""

import io
import pickle
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from groundup.data.cifar_pictures import read_jpegs, read_pngs
from groundup.data.images import InMemory
from groundup.data.lines import to_the_end, told
from groundup.data.places import folder_of
from groundup.errors import UserError

CIFAR10_FILES = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}
CIFAR100_FILES = {"train": ["train"], "test": ["test"]}
SHAPE = (3, 32, 32)
LARGEST = 2**28  # bytes in an unpacked archive; CIFAR-100's has 186 million


def cifar10(*, split: str, root: str | Path | None = None) -> Dataset:
    """Photographs of ten kinds of animals and vehicles, 60,000 in colour of 32x32, as many of each kind.

    `split` is "train" (50,000 pictures) or "test" (10,000). The folder holds the author's archive `cifar-10-python.tar.gz`,
    or its folder `cifar-10-batches-py`, or `cifar10_jpeg.npz`, whose pictures lost a little to JPEG; the first of them is
    taken. `root` may also be a file: such an archive, such an npz, or Kaggle's zip of PNG pictures with `trainLabels.csv` or
    `trainLabels.csv.zip` beside it, which has a train split alone.
    Shapes: image (3, 32, 32) uint8, label () int64.
    Raises: UserError for another split, for files that are not there, damaged or hostile, for labels that are no classes.
    Source: Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html; no licence is stated.
    """
    path = place_of("cifar10", split, root, ("cifar-10-python.tar.gz", "cifar-10-batches-py", "cifar10_jpeg.npz"))
    if path.suffix in (".npz", ".zip"):
        images, numbers, names = read_jpegs(path, split) if path.suffix == ".npz" else read_pngs(path, split)
        return InMemory({"image": images, "label": numbers}, labels=names)
    batches = read_batches(path, [*CIFAR10_FILES[split], "batches.meta"])
    names = class_names(batches.pop("batches.meta"), "label_names", 10, path)
    return joined([columns(batch, {"label": ("labels", names)}, f"{path}, {file}") for file, batch in batches.items()], names)


def cifar100(*, split: str, root: str | Path | None = None, coarse: bool = False) -> Dataset:
    """Photographs of a hundred kinds of things in twenty groups of five, 60,000 in colour of 32x32.

    `split` is "train" (50,000 pictures) or "test" (10,000). Each item bears both its class and its group; with `coarse`, the
    label is the group. The folder holds the author's archive `cifar-100-python.tar.gz` or its folder `cifar-100-python`.
    Shapes: image (3, 32, 32) uint8, label () int64, fine () int64 from 0 to 99, coarse () int64 from 0 to 19.
    Raises: UserError for another split, for files that are not there, damaged or hostile, for labels that are no classes.
    Source: Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html; no licence is stated.
    """
    path = place_of("cifar100", split, root, ("cifar-100-python.tar.gz", "cifar-100-python"))
    batches = read_batches(path, [*CIFAR100_FILES[split], "meta"])
    meta = batches.pop("meta")
    fine, groups = class_names(meta, "fine_label_names", 100, path), class_names(meta, "coarse_label_names", 20, path)
    found = [
        columns(batch, {"fine": ("fine_labels", fine), "coarse": ("coarse_labels", groups)}, f"{path}, {file}")
        for file, batch in batches.items()
    ]
    for column in found:
        column["label"] = column["coarse" if coarse else "fine"]
    return joined(found, groups if coarse else fine)


def place_of(name: str, split: str, root: str | Path | None, choices: Sequence[str]) -> Path:
    """The file or folder to read: `root` itself where it is one of them, else the first of the choices in its folder."""
    if split not in ("train", "test"):
        raise UserError(f"{name} has the splits train and test; got {split!r}")
    given = None if root is None else Path(root).expanduser()
    if given is not None and (given.is_file() or given.name in choices):
        return given
    folder = folder_of(name, root, [choices])
    return next(folder / choice for choice in choices if (folder / choice).exists())


def columns(batch: Mapping, wanted: Mapping[str, tuple[str, Sequence[str]]], place: str) -> dict[str, torch.Tensor]:
    """The pictures of a batch, and for each wanted column the labels under its key, checked against the names of the classes."""
    data = batch.get("data")
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != 3 * 32 * 32:
        raise UserError(f"{place}: `data` must be an array of (pictures, 3072) bytes; fetch the archive again")
    found = {"image": torch.from_numpy(data).view(-1, *SHAPE)}
    for column, (key, names) in wanted.items():
        numbers = batch.get(key)
        if not isinstance(numbers, list) or len(numbers) != len(data):
            count = len(numbers) if isinstance(numbers, list) else "no list of"
            raise UserError(f"{place}: `{key}` has {count} labels for {len(data)} pictures; fetch the archive again")
        for entry, number in enumerate(numbers):
            if type(number) is not int or not 0 <= number < len(names):
                raise UserError(f"{place}: `{key}`, entry {entry}, is {number!r}, and the classes are 0 to {len(names) - 1}")
        found[column] = torch.tensor(numbers, dtype=torch.int64)
    return found


def joined(parts: Sequence[Mapping[str, torch.Tensor]], labels: Sequence[str]) -> InMemory:
    return InMemory({name: torch.cat([part[name] for part in parts]) for name in parts[0]}, labels=labels)


def class_names(meta: Mapping, key: str, count: int, path: Path) -> list[str]:
    """The names of the classes in a file of them.

    Raises: UserError where they are not so many different texts.
    """
    names = meta.get(key)
    if (
        not isinstance(names, list)
        or not all(isinstance(name, str) for name in names)
        or not len(names) == len(set(names)) == count
    ):
        raise UserError(f"{path}: `{key}` must be {count} different names of classes; fetch the archive again")
    return names


def read_batches(path: Path, files: Sequence[str]) -> dict[str, dict]:
    """These pickled files, from an archive or from its folder.

    Raises: UserError for one that is not there, or is not a dict of plain data.
    """
    contents = folder_contents(path, files) if path.is_dir() else archive_contents(path, files)
    missing = [file for file in files if file not in contents]
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}: fetch the archive again")
    return {file: read_batch(contents[file], f"{path}, {file}") for file in files}


def folder_contents(folder: Path, files: Sequence[str]) -> dict[str, bytes]:
    """The bytes of those of the files that are there. Raises: UserError for one that cannot be read."""
    try:
        return {file: (folder / file).read_bytes() for file in files if (folder / file).is_file()}
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}") from error


def archive_contents(path: Path, files: Sequence[str]) -> dict[str, bytes]:
    """The bytes of those of the files that the archive holds, by their bare names. Nothing is written to the disk.

    Raises: UserError for an archive that is damaged, or unpacks to far more than the set has.
    """
    found: dict[str, bytes] = {}
    total = 0
    try:
        with tarfile.open(path) as archive:
            for member in to_the_end(archive, LARGEST):
                total += member.size
                if total > LARGEST:
                    raise UserError(f"{path} unpacks to more than {LARGEST:,} bytes: this is not the set; fetch it again")
                name = member.name.rpartition("/")[2]
                if member.isfile() and name in files:  # links and devices are passed over
                    found[name] = archive.extractfile(member).read()
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} is damaged ({told(error)}): fetch it again") from error
    return found


def read_batch(content: bytes, place: str) -> dict[str, object]:
    """The dict in a pickled file; its keys, and the texts in its lists, as str.

    Raises: UserError for a pickle that is damaged, is no dict, or asks for more than plain data.
    """
    try:
        batch = BatchReader(io.BytesIO(content), place).load()
    except UserError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        raise UserError(f"{place} is damaged ({type(error).__name__}: {told(error)}): fetch the archive again") from error
    if not isinstance(batch, dict):
        raise UserError(f"{place} must hold a dict; it holds a {type(batch).__name__}")
    return {text(key): unpacked(value) for key, value in batch.items()}


class StoredType:
    """What stands in a pickle for the type of an array's values: its code alone is kept."""

    def __init__(self, code: object = None, *settings: object):
        self.code = text(code)

    def __setstate__(self, settings: object) -> None:
        """Byte order and the like say nothing about bytes."""


class StoredArray:
    """What stands in a pickle for an array: made empty, then filled with a state, as NumPy's own arrays are."""

    values: np.ndarray

    def __init__(self, *settings: object):
        """The pickle's settings are those of an empty array."""

    def __setstate__(self, state: tuple) -> None:
        _, shape, kind, column_first, content = state
        if not isinstance(kind, StoredType) or kind.code != "u1":
            raise ValueError("an array holds something other than bytes")
        content = content.encode("latin-1") if isinstance(content, str) else content
        self.values = np.frombuffer(bytearray(content), dtype=np.uint8).reshape(shape, order="F" if column_first else "C")


class StoredBytes(bytes):
    """What stands in a pickle that Python 3 wrote for Python 2's bytes: a text of as many letters."""

    def __new__(cls, letters: str = "", encoding: str = "latin1"):
        return super().__new__(cls, letters, "latin-1")

    def __setstate__(self, settings: object) -> None:
        """Bytes have none."""


class BatchReader(pickle.Unpickler):
    """An unpickler that admits lists, dicts, texts, numbers, bytes and arrays of bytes.

    All names that a pickle may use lead to the three classes above, which do nothing but keep what they are given; each has a
    `__setstate__`, so that a pickle cannot set attributes of them either.
    Raises: UserError for any other name.
    """

    NAMES = {  # noqa: RUF012
        **{(f"numpy.{core}.multiarray", "_reconstruct"): StoredArray for core in ("core", "_core")},
        ("numpy", "ndarray"): StoredArray,
        ("numpy", "dtype"): StoredType,
        ("_codecs", "encode"): StoredBytes,
    }

    def __init__(self, file: io.BytesIO, place: str):
        super().__init__(file, encoding="bytes")
        self.place = place

    def find_class(self, module: str, name: str) -> type:
        if (module, name) not in self.NAMES:
            raise UserError(
                f"{self.place} asks to run {module}.{name}: this is no data, and nothing of it was run; do not use the file"
            )
        return self.NAMES[module, name]


def unpacked(value: object) -> object:
    """A value of a batch, with the array in place of what stood for it and texts as str."""
    if isinstance(value, StoredArray):
        return value.values
    return [text(part) for part in value] if isinstance(value, list) else text(value)


def text(value: object) -> object:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
