"""Damages that can befall any file: of its bytes, of its lines, and of what stands under its name.

Each takes a case, does its damage to one of its files, and says what it did, or gives None where there is no such file.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.case import Case, Damage

HOSTILE = ("", " ", "nan", "inf", "-1", "1e309", "99999999999999999999", "0x1", "True", "None", "../../outside/secret.txt")
HOSTILE += ("/etc/hostname", "a\0b", '"', "'", "\\", "\u2028", "\x85", "\x1c", "\r", "\t", ",", "\x1b[2J", "é", "e\u0301", "٣")
HOSTILE += ("=1+1", "{}", "[]", "null", "<x>", "&amp;", "%s", "x" * 5000, "\ufeff", "1_000", "NA", "-", "²", "1" * 5000)


def wounded(case: Case, path: Path, data: bytes) -> None:
    """Write other bytes under a file's name, and note what may differ now."""
    path.write_bytes(data)
    mark(case, path)


def mark(case: Case, path: Path) -> None:
    if path in case.contents:
        case.loose.add(case.contents[path])
    elif path in case.texts or (path.suffix == ".gz" and ".tar" not in path.name):  # of which two in a row are one
        case.restated = True


def any_file(case: Case) -> Path | None:
    return case.pick([*case.contents, *case.texts * 4, *case.packed * 4])


def on_bytes(change: Callable[[Case, bytes], bytes]) -> Damage:
    """A damage of the bytes of any file."""

    def damage(case: Case) -> str | None:
        path = any_file(case)
        if path is None:
            return None
        wounded(case, path, change(case, path.read_bytes()))
        return path.relative_to(case.folder).as_posix()

    damage.__name__ = change.__name__
    return damage


@on_bytes
def truncated(case: Case, data: bytes) -> bytes:
    return data[: case.chance.randrange(len(data) + 1)]


@on_bytes
def bits_flipped(case: Case, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(case.chance.choice((1, 1, 1, 2, 8))):
        if changed:
            changed[case.chance.randrange(len(changed))] ^= 1 << case.chance.randrange(8)
    return bytes(changed)


@on_bytes
def byte_replaced(case: Case, data: bytes) -> bytes:
    at = case.chance.randrange(len(data) + 1)
    return data[:at] + case.chance.choice((b"\0", b"\xff", b"\n", b"\r", b'"', b"\t", b",", b"9", b"-")) + data[at + 1 :]


@on_bytes
def head_replaced(case: Case, data: bytes) -> bytes:
    """Most of what makes a reader go astray stands at the beginning of a file."""
    at = case.chance.randrange(min(64, len(data) + 1))
    return data[:at] + case.chance.randbytes(case.chance.choice((1, 1, 2, 4))) + data[at + 1 :]


@on_bytes
def zeroed(case: Case, data: bytes) -> bytes:
    start = case.chance.randrange(len(data) + 1)
    count = min(len(data) - start, case.chance.choice((1, 16, 512, 10**6)))
    return data[:start] + bytes(count) + data[start + count :]


@on_bytes
def emptied(case: Case, data: bytes) -> bytes:
    return b""


@on_bytes
def extended(case: Case, data: bytes) -> bytes:
    return data + case.chance.choice((b"\0" * 100, b"\n\n\n", case.chance.randbytes(100), data))


@on_bytes
def cut_out(case: Case, data: bytes) -> bytes:
    start, end = sorted((case.chance.randrange(len(data) + 1), case.chance.randrange(len(data) + 1)))
    return data[:start] + data[end:]


def deleted(case: Case) -> str | None:
    path = any_file(case)
    if path is not None:
        mark(case, path)
        path.unlink()
        return path.name
    return None


def made_a_folder(case: Case) -> str | None:
    """A folder stands where a file should."""
    path = any_file(case)
    if path is not None:
        mark(case, path)
        path.unlink()
        path.mkdir()
        return path.name
    return None


def moved_behind_a_link(case: Case) -> str | None:
    """A link leads to the very file, which lies outside now. That is a way to keep large sets, and is read or refused."""
    path = any_file(case)
    if path is not None:
        there = case.folder.parent / "outside" / path.name
        shutil.move(path, there)
        path.symlink_to(there)
        return path.name
    return None


def linked_astray(case: Case) -> str | None:
    """A link leads nowhere, to itself, or to somebody's text outside."""
    path = any_file(case)
    if path is not None:
        mark(case, path)
        path.unlink()
        target = case.chance.choice((path, path.with_name("nothing"), case.folder.parent / "outside" / "secret.txt"))
        path.symlink_to(target)
        return f"{path.name} -> {target.name}"
    return None


def made_unreadable(case: Case) -> str | None:
    """Without the right to read it (which does not hinder root)."""
    path = any_file(case)
    if path is not None and os.geteuid():
        path.chmod(0)
        return path.name
    return None


def folder_made_a_file(case: Case) -> str | None:
    """A file stands where a folder should."""
    folders = sorted(path for path in case.folder.rglob("*") if path.is_dir() and any(path.iterdir()))
    if not folders:
        return None
    path = case.chance.choice(folders)
    for file in path.rglob("*"):
        mark(case, file)
    shutil.rmtree(path)
    path.write_bytes(case.chance.choice((b"", b"a file\n")))
    return path.name


def litter_added(case: Case) -> str:
    """What file managers and systems leave in folders."""
    folders = [case.folder, *(path for path in case.folder.rglob("*") if path.is_dir())]
    folder = case.chance.choice(sorted(folders))
    names = (".DS_Store", "Thumbs.db", "._n00.png", "desktop.ini", ".hidden", "README", "naïve \u2028.txt", "~")
    name = case.chance.choice(names)
    case.restated |= name.endswith(".txt")  # which some read as text
    if not (folder / name).exists():
        (folder / name).write_bytes(b"\0\5litter")
    return name


def other_content(case: Case) -> str | None:
    """A file of quite another kind under the name."""
    path = any_file(case)
    if path is None:
        return None
    kinds = {
        "html": b"<!DOCTYPE html><html><body>404 Not Found</body></html>\n",
        "zip": b"PK\3\4" + bytes(60),
        "gzip": b"\x1f\x8b\x08" + bytes(30),
        "pickle": b"cos\nsystem\n(S'touch pwned'\ntR.",
        "utf-16": "image,label\n".encode("utf-16"),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "pdf": b"%PDF-1.7\n%",
        "lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%touch pwned) (w) file\n",
    }
    kind = case.chance.choice(sorted(kinds))
    wounded(case, path, kinds[kind])
    return f"{path.name}: {kind}"


ANY_FILE = (truncated, bits_flipped, byte_replaced, head_replaced, zeroed, emptied, extended, cut_out, other_content)
ANY_FILE += (deleted, made_a_folder, moved_behind_a_link, linked_astray, made_unreadable, folder_made_a_file, litter_added)
