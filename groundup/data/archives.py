"""Archives unpacked without trust: .zip, .tar, .tar.gz and .gz, with no links, no way out of the folder, and bounds."""

import contextlib
import gzip
import lzma
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from groundup.data.download import written
from groundup.errors import UserError

BLOCK = 2**18  # bytes copied at once
COUNT = 2**18  # files in one archive; COCO's largest has 118,287
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
DAMAGE += (NotImplementedError, RuntimeError)  # zipfile: packed in a way that it does not know, or with a password

Place = Callable[[str], str | None]


class Bounded:
    """A stream that ends in an error when more than `most` bytes are read from it."""

    def __init__(self, stream: IO[bytes], most: int, archive: Path):
        self.stream, self.left, self.most, self.archive = stream, most, most, archive

    def read(self, count: int = -1) -> bytes:
        block = self.stream.read(min(count, self.left + 1) if count >= 0 else self.left + 1)
        self.left -= len(block)
        if self.left < 0:
            raise too_much(self.archive, self.most)
        return block


def unpack(archive: Path, folder: Path, *, most: int, count: int = COUNT, place: Place = lambda name: name) -> list[Path]:
    """Write the files of an archive into a folder; the paths of those that were written.

    `place` says where in the folder the file of a name goes, or None where it is not wanted. All is written to a temporary
    folder and moved when the archive was read to its end, so that of an archive which is refused nothing remains. Of a
    file's properties none but its content is taken over.
    Raises: UserError for links, devices, absolute names, "..", a name that stands twice, more than `most` bytes or `count`
    files, an archive that is damaged or has a password, a file that would replace one that is there.
    """
    with written(folder):
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder))
    try:
        left = most
        names = []
        with contextlib.closing(members(archive, most, count)) as found:
            for name, stream in found:
                wanted = place(name)
                if wanted is None:
                    continue
                names.append(wanted)
                left -= copy(stream, temporary / checked(wanted, archive), left, most, archive)
        return moved(temporary, folder, names, archive)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def repack(archive: Path, target: Path, *, most: int, place: Place) -> Path:
    """Write a .zip with the files of an archive under other names. Bounds and refusals as in `unpack`."""
    with written(target):
        temporary = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=target.parent))
    try:
        names = unpack(archive, temporary / "files", most=most, place=place)
        with written(target):
            with zipfile.ZipFile(temporary / "new.zip", "w") as file:
                for path in sorted(names):
                    file.write(path, path.relative_to(temporary / "files"))
            os.replace(temporary / "new.zip", target)
        return target
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def members(archive: Path, most: int, count: int) -> Iterator[tuple[str, IO[bytes]]]:
    """The files of an archive, name and stream; each stream is read before the next is asked for."""
    kinds = {".zip": in_zip, ".whl": in_zip, ".tar": in_tar, ".tar.gz": in_tar, ".tgz": in_tar, ".gz": in_gzip}
    kind = next((kind for kind in kinds if archive.name.lower().endswith(kind)), None)
    if kind is None:
        raise UserError(f"{archive} is no archive by its name; known are {' '.join(kinds)}")
    try:
        for number, (name, stream) in enumerate(kinds[kind](archive, most)):
            if number >= count:
                raise UserError(f"{archive} holds more than {count:,} files, which is refused")
            yield checked(name, archive), stream
    except UserError:  # which is a ValueError
        raise
    except DAMAGE as error:
        raise damaged(archive, error) from error


def in_zip(archive: Path, most: int) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as file:
        entries = file.infolist()
        for entry in entries:  # before anything is unpacked
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise no_file(archive, entry.filename)
            checked(entry.filename, archive)
        for entry in entries:
            if not entry.is_dir():
                with file.open(entry) as stream:
                    yield entry.filename, stream


def in_tar(archive: Path, most: int) -> Iterator[tuple[str, IO[bytes]]]:
    bound = 2 * most + 2**20  # headers and padding of many small files take as much as the files
    with opened(archive) as plain:
        bounded = Bounded(plain, bound, archive)
        with tarfile.open(fileobj=bounded, mode="r|") as file:
            for member in file:
                if not (member.isreg() or member.isdir()) or member.issparse():
                    raise no_file(archive, member.name)
                checked(member.name, archive)
                if member.isreg():
                    yield member.name, file.extractfile(member)
        while bounded.read(BLOCK):  # to the checksum, which stands behind the end at which tarfile stops
            pass


def in_gzip(archive: Path, most: int) -> Iterator[tuple[str, IO[bytes]]]:
    if not archive.stat().st_size:  # which gzip takes for a whole archive of nothing
        raise EOFError("it is empty")
    with opened(archive) as stream:
        yield archive.name[: -len(".gz")], stream


def opened(archive: Path) -> IO[bytes]:
    return archive.open("rb") if archive.suffix == ".tar" else gzip.open(archive)


def checked(name: str, archive: Path) -> str:
    """A name that stays inside.

    Raises: UserError for one that is absolute, climbs, or would on some system.
    """
    if not name or name.startswith("/") or re.search(r"[\\:\0]", name) or ".." in name.split("/"):
        raise UserError(
            f"{archive}: its entry {name[:200]!r} leads out of the archive, which is refused: take it from its source"
        )
    if len(name) > 1000 or any(len(part.encode("utf-8", "replace")) > 255 for part in name.split("/")):
        raise UserError(f"{archive}: the name of its entry {name[:200]!r} is too long for a disk: take it from its source")
    return name


def copy(stream: IO[bytes], target: Path, left: int, most: int, archive: Path) -> int:
    """Write a stream to a new file; how many bytes, at most `left`."""
    with written(target):
        if any(parent.is_file() for parent in target.parents):
            name = target.name[:200]
            raise UserError(f"{archive}: its entry {name!r} lies below a file as if that were a folder, which is refused")
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            raise UserError(f"{archive}: its entry {target.name[:200]!r} stands there twice, which is refused")
        file = target.open("xb")
    total = 0
    with file:
        while True:
            try:
                block = stream.read(min(BLOCK, left - total + 1))
            except UserError:
                raise
            except DAMAGE as error:
                raise damaged(archive, error) from error
            total += len(block)
            if total > left:
                raise too_much(archive, most)
            if not block:
                return total
            with written(target):
                file.write(block)


def moved(temporary: Path, folder: Path, names: list[str], archive: Path) -> list[Path]:
    """Move files from one folder into another, on the same disk; a folder that is new there in one step.

    Raises: UserError, before any is moved, where one would replace another.
    """
    targets = [folder / name for name in names]
    for target in targets:
        if target.exists():
            raise UserError(f"{target} is there already, and {archive.name} holds another: move yours away first")
    merge(temporary, folder)
    return targets


def merge(source: Path, target: Path) -> None:
    for path in sorted(source.iterdir()):
        with written(target / path.name):
            if (target / path.name).is_dir():
                merge(path, target / path.name)
            else:
                os.replace(path, target / path.name)


def too_much(archive: Path, most: int) -> UserError:
    return UserError(f"{archive} unpacks to more than {most:,} bytes, which is refused: take it from its source")


def no_file(archive: Path, name: str) -> UserError:
    return UserError(f"{archive}: its entry {name[:200]!r} is a link or a device, which is refused: take it from its source")


def damaged(archive: Path, error: Exception) -> UserError:
    return UserError(f"{archive} is damaged ({error}): fetch it again")
