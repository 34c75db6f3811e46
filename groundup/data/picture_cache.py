"""Shrunken pictures in one file that is mapped into memory: decoding is paid once, and every process shares the pages."""

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from groundup.data.decode import decode
from groundup.data.random_crop import shrunk
from groundup.errors import UserError

MAGIC = b"groundup pictures 1\n"
FOOTER = 32 + 8 + len(MAGIC)


class PictureCache:
    """Pictures by their number, as uint8 with the short side at `short_side`.

    The file holds the pixels, then an index as JSON, then the index's hash and length and a sign. It appears under its name
    only when it is whole. An index row keeps path, size and time of change of the source: one that differs is decoded anew
    when the cache is opened, the others are copied. It may be deleted at any time when it is not in use.
    """

    def __init__(self, file: Path, rows: Sequence[dict], digest: bytes, channels: int):
        self.file, self.rows, self.digest, self.channels, self.pixels = file, list(rows), digest, channels, None

    @classmethod
    def of(cls, file: Path, sources: Sequence[str], *, short_side: int, channels: int = 3) -> "PictureCache":
        """The cache of these pictures, made or brought up to date first.

        Raises: UserError for a picture that cannot be read, and for a disk that is full.
        """
        settings = {"short_side": short_side, "channels": channels}
        wanted = [stamp(source) for source in sources]
        old, digest = read_index(file, settings)
        rows = [old.get(tuple(key.values())) for key in wanted]
        if len(old) != len(rows) or None in rows:
            before = cls(file, [row for row in rows if row is not None], digest, channels)
            rows, digest = write_cache(before, wanted, rows, settings)
        return cls(file, rows, digest, channels)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Tensor:
        """The picture in place, without a copy.

        Shapes: uint8 (channels, height, width).
        Raises: UserError where another process has replaced the file since.
        """
        if self.pixels is None:
            self.pixels = self.mapped()
        row = self.rows[index]
        shape = (row["height"], row["width"], self.channels)
        return torch.from_numpy(self.pixels[row["start"] :][: math.prod(shape)].reshape(shape)).permute(2, 0, 1)

    def mapped(self) -> np.ndarray:
        try:
            pixels = np.memmap(self.file, dtype=np.uint8, mode="c")  # private: who writes into a picture harms no one else
        except (OSError, ValueError) as error:
            raise UserError(f"{self.file} is gone or damaged while in use ({error}): start again") from error
        if pixels[-FOOTER:].tobytes()[:32] != self.digest:
            raise UserError(f"{self.file} was replaced while in use, by a run whose pictures differ: give each its own cache")
        return pixels

    def __getstate__(self) -> dict:
        return {**self.__dict__, "pixels": None}  # a worker maps the file itself; pickling the map would copy every pixel


def stamp(source: str) -> dict[str, object]:
    """What tells whether a file is still the same."""
    try:
        found = os.stat(source)
    except OSError as error:
        raise UserError(f"{source} cannot be read as a picture: {error.strerror}") from error
    return {"path": os.path.abspath(source), "size": found.st_size, "changed": found.st_mtime_ns}


def read_index(file: Path, settings: dict) -> tuple[dict[tuple, dict], bytes]:
    """The rows of a cache by path, size and time of change, and the index's hash; no rows where no whole cache of these
    settings is there.
    """
    nothing: tuple[dict, bytes] = ({}, b"")
    try:
        with open(file, "rb") as data:
            end = data.seek(-FOOTER, os.SEEK_END)
            digest, length, sign = data.read(32), int.from_bytes(data.read(8), "little"), data.read()
            if sign != MAGIC or length > end:
                return nothing
            data.seek(end - length)
            text = data.read(length)
    except OSError:
        return nothing
    if hashlib.sha256(text).digest() != digest:
        return nothing
    index = json.loads(text)
    if index["settings"] != settings or index["end"] != end - length:
        return nothing
    return {(row["path"], row["size"], row["changed"]): row for row in index["rows"]}, digest


def write_cache(
    before: PictureCache, wanted: Sequence[dict], kept: Sequence[dict | None], settings: dict
) -> tuple[list[dict], bytes]:
    """Write a cache under a passing name, then give it the name of the one before, whose rows are copied where they are kept.

    Gives the new rows and the hash of the index.
    Raises: UserError where the disk is full or the folder cannot be written.
    """
    file, rows, at, passing, copied = before.file, [], 0, None, 0
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as data:
            passing = data.name
            for key, row in zip(wanted, kept, strict=True):
                if row is None:
                    image = shrunk(decode(key["path"], channels=settings["channels"]), settings["short_side"])
                else:
                    image, copied = before[copied], copied + 1
                data.write(image.permute(1, 2, 0).contiguous().numpy())
                rows.append({**key, "start": at, "height": image.shape[1], "width": image.shape[2]})
                at += image.numel()
            index = json.dumps({"settings": settings, "end": at, "rows": rows}).encode()
            digest = hashlib.sha256(index).digest()
            data.write(index + digest + len(index).to_bytes(8, "little") + MAGIC)
            data.flush()
            os.fsync(data.fileno())
        image = before.pixels = None  # Windows replaces no file that is mapped
        os.replace(passing, file)
        passing = None
        return rows, digest
    except OSError as error:
        raise UserError(f"{file} cannot be written after {at:,} bytes: {error.strerror}. Give another folder or none") from error
    finally:
        if passing is not None:
            Path(passing).unlink(missing_ok=True)
