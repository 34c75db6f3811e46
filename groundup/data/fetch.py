"""Bringing a data set here: its files from the network, checked, to where its reader looks for them."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from groundup.data.archives import repack, unpack
from groundup.data.download import Progress, digest, download, received, written
from groundup.data.places import data_home
from groundup.data.sources import ALL, File, Source, in_words, present, sets
from groundup.errors import UserError

Watch = Callable[[File, Path], Progress]  # what is told of a file's bytes, for a file that begins


def fetch(
    name: str,
    *,
    root: str | Path | None = None,
    part: str | None = None,
    say: Callable[[str], None] = print,
    watch: Watch = lambda file, place: lambda count: None,
) -> Path:
    """Fetch a data set, or one part of it, into `root` or its own folder in the folder of all data sets; the folder.

    What is here is left alone. What was interrupted goes on where it stopped. Archives that the reader does not read are
    unpacked; one that was put there by hand is taken, too.
    Raises: UserError for a set that cannot be fetched, with what to put where by hand; a disk that does not take it; a file that
    no address gives unchanged.
    """
    source = sets()[name]
    parts = [part] if part else list(source.needs)
    if part and part not in source.needs:
        raise UserError(f"{name} has the parts {', '.join(source.needs)}; got {part!r}")
    folder = Path(root).expanduser() if root else data_home() / source.folder
    lacking = [one for one in parts if one not in source.here(folder)]
    wanted = [one for one in lacking if source.can_be_fetched(one)]
    if lacking and not wanted:
        raise UserError(f"{name} cannot be fetched. {by_hand(source, folder, lacking)}")
    if wanted:
        fill(folder, name, source, wanted, say, watch)
    for one in parts:
        if one in wanted and one in source.here(folder):
            say(f"{titled(name, one)} is in {folder}")
        elif one in source.here(folder):
            say(kept(name, source, one, folder))
        else:
            say(f"{titled(name, one)} cannot be fetched. {by_hand(source, folder, [one])}")
    return folder


def fill(folder: Path, name: str, source: Source, parts: list[str], say: Callable[[str], None], watch: Watch) -> None:
    """Bring what these parts lack into the folder."""
    with written(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with held(folder, name):
        files = list(dict.fromkeys(file for one in parts for file in source.files_of(one)))
        missing = [file for file in files if not is_here(file, folder)]
        check_room(missing, folder)
        for file in missing:
            try:
                bring(file, folder, say, watch)
            except UserError as error:
                raise UserError(f"{name} was not fetched: {error}. {by_hand(source, folder, parts)}") from error


def is_here(file: File, folder: Path) -> bool:
    """Whether the file, or what its archive gives, is in the folder.

    Raises: UserError for another file of its name.
    """
    if not all(present(folder, name) for name in file.gives()):
        return False
    if not file.unpacked and digest(folder / file.path, file.checksum) != file.checksum:
        raise UserError(f"{folder / file.path} is there, and is not what is published: delete or move it, then fetch again")
    return True


def bring(file: File, folder: Path, say: Callable[[str], None], watch: Watch) -> None:
    """Fetch one file into the folder, and unpack it if it is to be."""
    target = folder / file.path
    by_hand_here = target.exists()
    if by_hand_here and digest(target, file.checksum) != file.checksum:
        raise UserError(f"{target} is there, and is not what is published: delete or move it, then fetch again")
    if not by_hand_here:
        say(f"fetching {file.path} ({'' if file.exact else 'at most '}{in_bytes(file.size)})")
        progress = watch(file, target)
        download(file.urls, target, checksum=file.checksum, size=file.size, exact=file.exact, progress=progress)
    if file.unpacked:
        say(f"unpacking {file.path}")
        if file.unpacked.into:
            repack(target, folder / file.unpacked.into, most=file.unpacked.most, place=repacked_place(file))
        else:
            unpack(target, folder, most=file.unpacked.most, place=file.unpacked.place)
        if not by_hand_here:
            with written(target):
                target.unlink()


def repacked_place(file: File) -> Callable[[str], str | None]:
    """Names in a zip that is made here begin with the zip's own, as those do that people make of a folder."""
    stem = file.unpacked.into.removesuffix(".zip")

    def place(name: str) -> str | None:
        rest = file.unpacked.place(name)
        return None if rest is None else f"{stem}/{rest}"

    return place


def check_room(files: list[File], folder: Path) -> None:
    """Raises: UserError where the disk has no room for the files, of which an archive is there twice for a while."""
    known = [file for file in files if file.exact]
    needed = sum(file.size - received(folder / f"{file.path}.part") for file in known)
    needed += max((file.size for file in known if file.unpacked), default=0)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{folder} is on a disk with {in_bytes(free)} free, and {in_bytes(needed)} are needed: make room, or --root"
        )


@contextlib.contextmanager
def held(folder: Path, name: str) -> Iterator[None]:
    """Hold the folder while it is filled; the system lets go of it when the process ends, however it ends.

    Raises: UserError while another process fills it, or where nothing can be written.
    """
    lock = FileLock(folder / ".fetch.lock")
    with written(folder):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(f"another process is fetching into {folder}: wait until {name} is there") from None
    try:
        yield
    finally:
        lock.release()


def kept(name: str, source: Source, part: str, folder: Path) -> str:
    """That a part is here already, and where it is not byte for byte what is published."""
    files = [file for file in source.files_of(part) if not file.unpacked and (folder / file.path).is_file()]
    other = [file.path for file in files if digest(folder / file.path, file.checksum) != file.checksum]
    note = f" (packed otherwise than published, or damaged: {', '.join(other)})" if other else ""
    paths = ", ".join(str(path.relative_to(folder)) for path in source.here(folder)[part])
    return f"{titled(name, part)} is here already in {folder}: {paths}{note}. Delete that to fetch it anew"


def titled(name: str, part: str) -> str:
    return name if part == ALL else f"{name}, {part},"


def by_hand(source: Source, folder: Path, parts: list[str]) -> str:
    """What to put where when there is no network."""
    needs = list(dict.fromkeys(need for part in parts for need in source.needs[part]))
    archives = list(dict.fromkeys(file.path for part in parts for file in source.files_of(part) if file.unpacked))
    unpacked = f"; or put {', '.join(archives)} there and repeat `groundup data fetch`" if archives else ""
    return f"By hand: put {in_words(needs)} into {folder} (see {source.home}){unpacked}"


def in_bytes(count: int) -> str:
    """A number of bytes as people read it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError
