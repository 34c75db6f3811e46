"""Files of lines, plain or compressed by gzip: what is read from them, and what is refused, with file and line."""

import gzip
import sys
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from torch.utils.data import Dataset

from groundup.errors import UserError

BLANK = "empty lines"
LARGEST = 2**31  # bytes of a file when unpacked; a file of zeros that gzip made small could else fill the memory


class Rows(Dataset):
    """Items in memory, each a dict. `labels` are the names of the classes, where there are classes.

    `repairs` counts what was left out of the files, by reason.
    """

    def __init__(self, rows: Sequence[dict], *, labels: Sequence[str] = (), repairs: Mapping[str, int] | None = None):
        self.rows, self.labels = list(rows), list(labels)
        self.repairs = {reason: count for reason, count in (repairs or {}).items() if count}

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, object]:
        return dict(self.rows[index])


def rows_of(source: Path, rows: Sequence[dict], *, labels: Sequence[str] = (), repairs: Mapping[str, int]) -> Rows:
    """The rows read from `source`; tells on stderr, in one line, what was left out.

    Raises: UserError where no row is left.
    """
    found = Rows(rows, labels=labels, repairs=repairs)
    if not found.rows:
        left_out = "; ".join(f"{count} {reason}" for reason, count in found.repairs.items())
        raise UserError(f"{source} gives no items{f' (left out: {left_out})' if left_out else ''}: give one with text in it")
    for reason, count in found.repairs.items():
        print(f"{source}: left out {count} {reason}", file=sys.stderr)
    return found


def read_bytes(path: Path) -> bytes:
    """What is in a file, unpacked if its name ends in .gz.

    Raises: UserError for a file that is not there, is not gzip, is cut off or damaged, or unpacks to more than LARGEST bytes.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            found = file.read(LARGEST + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is not a whole gzip file ({error}): copy or fetch it again") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    if len(found) > LARGEST:
        raise UserError(f"{path} unpacks to more than {LARGEST:,} bytes, which is refused: split it")
    return found


def to_the_end(archive: tarfile.TarFile, most: int) -> Iterator[tarfile.TarInfo]:
    """The entries of an archive, and then what is behind its last: a packed one has its checksum there.

    (tarfile stops before it, and so takes changed bytes for the content.)
    Raises: OSError, EOFError or zlib.error where the checksum is wrong; UserError for more than `most` bytes behind the end.
    """
    yield from archive
    rest = 0
    while part := archive.fileobj.read(2**20):
        rest += len(part)
        if rest > most:
            raise UserError(f"{archive.name} goes on for more than {most:,} bytes behind its end: fetch it again")


def told(what: object) -> str:
    """What an error of a library says, or a name in a file, on one line, and its beginning alone where it goes on."""
    text = " ".join(str(what).split())
    return text if len(text) <= 200 else f"{text[:197]}..."


def decoded(raw: bytes, name: object) -> str:
    """Bytes in UTF-8 as text, without a byte order mark.

    Raises: UserError with the line for bytes that are no UTF-8.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(f"{name}, line {line}: byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8") from error


def read_lines(path: Path) -> list[str]:
    """The lines of a text file without their ends, which are "\\n" or "\\r\\n" and nothing else.

    (str.splitlines would also cut at characters such as U+2028, and lines would no longer face their partners.)
    Raises: UserError as `read_bytes`, and with the line for bytes that are no UTF-8.
    """
    lines = decoded(read_bytes(path), path).split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def read_table(path: Path) -> tuple[list[tuple[int, list[str]]], int]:
    """The rows of a tab separated file with the numbers of their lines, and how many empty lines stand between; no quotes.

    Raises: UserError for a row that has more or fewer fields than the first, and as `read_lines`.
    """
    rows: list[tuple[int, list[str]]] = []
    blank = 0
    for number, line in enumerate(read_lines(path), start=1):
        fields = line.split("\t")
        if not line:
            blank += 1
        elif rows and len(fields) != len(rows[0][1]):
            width = len(rows[0][1])
            raise UserError(
                f"{path}, line {number}: {len(fields)} fields between tabs where the first row has {width}; mend the row"
            )
        else:
            rows.append((number, fields))
    return rows, blank


def existing(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of these files that is in the folder, as it is or with .gz behind its name."""
    return next((folder / name for plain in names for name in (plain, f"{plain}.gz") if (folder / name).exists()), None)


def with_gz(names: Sequence[str]) -> list[str]:
    """The names, and the names with .gz behind them."""
    return [name for plain in names for name in (plain, f"{plain}.gz")]


def checked_split(name: str, split: str, splits: Sequence[str]) -> None:
    """Raises: UserError for a split that the data set does not have."""
    if split not in splits:
        raise UserError(f"{name} has the splits {', '.join(splits)}; got {split!r}")
