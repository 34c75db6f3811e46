"""Archives that are unpacked: what is in them comes out with its name, and nothing of a hostile one is left on the disk."""

import gzip
import io
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from groundup.data.archives import unpack
from tests.fuzz.case import Case, Format
from tests.fuzz.damage import ANY_FILE

COUNT = 12
MOST = 2**20  # bytes that may come out
NAMES = {f"set/{('train', 'naïve folder')[n % 2]}/item {n}.txt": b"This is item %d.\n" % n * (1 + n * 50) for n in range(COUNT)}


def write_archive(case: Case) -> None:
    case.choice = case.chance.choice(("one.zip", "one.tar", "one.tar.gz", "one.tgz", "alone.txt.gz"))
    case.packed = [case.folder / case.choice]
    if case.choice == "one.tar":  # which has checksums of its headers alone: a changed content is what it says
        case.packed, case.texts, case.naive = [], case.packed, naive_archive
    case.known = {name: {content} for name, content in NAMES.items()}
    if case.choice == "alone.txt.gz":
        case.known = {"alone.txt": {NAMES["set/train/item 2.txt"]}}
    filled(case, [])


Member = tuple[str, bytes, int, str]  # name, content, type of file, where a link leads


def filled(case: Case, more: list[Member]) -> None:
    """Write the archive, with entries among its own that nobody asked for."""
    members = [*((name, content, stat.S_IFREG, "") for name, content in NAMES.items()), *more]
    case.chance.shuffle(members)
    path = case.folder / case.choice
    if case.choice == "alone.txt.gz":
        path.write_bytes(gzip.compress(more[0][1] if more else NAMES["set/train/item 2.txt"]))
    elif case.choice == "one.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content, kind, target in members:
                entry = zipfile.ZipInfo(name)
                entry.filename = name  # ZipInfo itself would cut it at a zero
                entry.external_attr, entry.compress_type = (kind | 0o644) << 16, zipfile.ZIP_DEFLATED
                archive.writestr(entry, target.encode() or content)
    else:
        with tarfile.open(path, "w" if case.choice == "one.tar" else "w:gz") as archive:
            for name, content, kind, target in members:
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = TYPES[kind], target
                entry.size = len(content) if entry.isreg() else 0
                archive.addfile(entry, io.BytesIO(content))


HARD = -1
TYPES = {stat.S_IFREG: tarfile.REGTYPE, stat.S_IFLNK: tarfile.SYMTYPE, HARD: tarfile.LNKTYPE, stat.S_IFDIR: tarfile.DIRTYPE}
TYPES |= {stat.S_IFCHR: tarfile.CHRTYPE, stat.S_IFBLK: tarfile.BLKTYPE, stat.S_IFIFO: tarfile.FIFOTYPE}


def naive_archive(case: Case) -> dict:
    """As tarfile has it, which is bounded here by the archive's own few bytes."""
    with tarfile.open(case.texts[0]) as archive:
        return {member.name: {archive.extractfile(member).read()} for member in archive if member.isreg()}


def read_archive(case: Case) -> Iterator[tuple]:
    """The files that it becomes; whatever is left after a refusal comes out too, as what the set never held."""
    target = Path("unpacked")
    try:
        unpack(case.folder / case.choice, target, most=MOST)
    finally:
        found = [path for path in target.rglob("*") if path.is_symlink() or not path.is_dir()]
        contents = [(path.relative_to(target).as_posix(), b"no file" if special(path) else path.read_bytes()) for path in found]
        shutil.rmtree(target, ignore_errors=True)
        yield from contents


def special(path: Path) -> bool:
    return path.is_symlink() or not path.is_file() or path.stat().st_nlink > 1 or bool(path.stat().st_mode & 0o7000)


def hostile(name: str, make: Callable[[Case], Member]) -> Callable[[Case], str | None]:
    """An entry that an attack has, and no set."""

    def damage(case: Case) -> str | None:
        if case.choice == "alone.txt.gz" and name != "bomb":
            return None
        if not (case.folder / case.choice).is_file():
            return None
        filled(case, [make(case)])
        case.texts = []
        return f"{case.choice}: {name}"

    damage.__name__ = f"hostile_{name}"
    return damage


def climbing(case: Case) -> Member:
    names = ("../outside/new.txt", "set/../../outside/new.txt", "..\\outside\\new.txt", "set/..", "C:new.txt", "\\\\host\\x")
    return case.chance.choice(names), b"hostile", stat.S_IFREG, ""


def absolute(case: Case) -> Member:
    return f"{case.folder.parent}/outside/new.txt", b"hostile", stat.S_IFREG, ""


def link(case: Case) -> Member:
    target = case.chance.choice(("../outside", "../../outside/secret.txt", "/etc/hostname", "set/train/item 2.txt", "."))
    return "set/link", b"", case.chance.choice((stat.S_IFLNK, HARD)) if "tar" in case.choice else stat.S_IFLNK, target


def device(case: Case) -> Member:
    return "set/device", b"", case.chance.choice((stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO)), ""


def bomb(case: Case) -> Member:
    return "set/bomb", bytes(case.chance.choice((2 * MOST, 40 * MOST))), stat.S_IFREG, ""


def twice(case: Case) -> Member:
    return case.chance.choice((*sorted(NAMES), "set", "set/train")), b"hostile", stat.S_IFREG, ""


def under_a_file(case: Case) -> Member:
    return f"{case.chance.choice(sorted(NAMES))}/below.txt", b"hostile", stat.S_IFREG, ""


def odd_name(case: Case) -> Member:
    """A name that no system likes, or only some; where it can be written, its content belongs to it."""
    names = ("set/a\nb", "set/" + "x" * 300, "deep/" * 1500 + "x", "set/\x1b[2J", ".", "./", "set//", "set/\0x", "con", "set/ ")
    name = case.chance.choice(names)
    case.known[Path(name).as_posix()] = {b"hostile"}
    return name, b"hostile", stat.S_IFREG, ""


HOSTILE = tuple(hostile(make.__name__, make) for make in (climbing, absolute, link, device, bomb, twice, under_a_file, odd_name))


def lying_size(case: Case) -> str | None:
    """A zip whose directory says another size than what is packed there."""
    path = case.folder / case.choice
    if case.choice != "one.zip" or not path.is_file():
        return None
    filled(case, [bomb(case)])
    data, real = path.read_bytes(), [2 * MOST, 40 * MOST]
    for size in real:
        data = data.replace(size.to_bytes(4, "little"), (9).to_bytes(4, "little"))
    path.write_bytes(data)
    return path.name


FORMATS = (Format("archives", write_archive, read_archive, (*ANY_FILE, *HOSTILE * 2, lying_size)),)
