"""Tables from CSV files, row by row as they stand there, and the folds of a cross-validation.

What a cell means, a number or a category, is not decided here: data/table_encoding.py learns it from the training rows.
"""

import csv
import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from torch.utils.data import Dataset

from groundup.errors import UserError, unknown

MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)  # what float() takes besides is rarely meant as one


class Row(NamedTuple):
    """The cells of a row in the order of the header, None where nothing is given, and the line of the file that it ends on."""

    line: int
    cells: tuple[str | None, ...]


class Table(Dataset):
    """The rows of a table.

    Items: cells, a dict from column to text, None where it is missing; source, "FILE, line N"; id, a text, where a column is
    the id; target, a float, where a column is the target.
    `columns` are those that a prediction may use: all but the target, the id and those in `ignore`. `repairs` counts what was
    mended in reading.
    Raises: UserError for a column that is not there, a target that is missing or no number, an id that stands twice.
    """

    def __init__(
        self,
        path: Path,
        names: Sequence[str],
        rows: Sequence[Row],
        *,
        target: str | None = None,
        id_column: str | None = None,
        ignore: Sequence[str] = (),
        repairs: dict[str, int] | None = None,
    ):
        self.path, self.names, self.rows = Path(path), tuple(names), list(rows)
        self.target, self.id_column, self.ignore, self.repairs = target, id_column, tuple(ignore), dict(repairs or {})
        for name in (target, id_column, *ignore):
            if name is not None and name not in self.names:
                raise unknown(f"column of {self.path}", name, self.names)
        self.columns = tuple(name for name in self.names if name not in (target, id_column, *ignore))
        self.targets = None if target is None else [self.number(row, target) for row in self.rows]
        if id_column is not None:
            self.check_ids()
        self.items = [self.item(index) for index in range(len(self.rows))]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, object]:
        return self.items[index]

    def item(self, index: int) -> dict[str, object]:
        row = self.rows[index]
        cells = dict(zip(self.names, row.cells, strict=True))
        item = {"cells": {name: cells[name] for name in self.columns}, "source": self.place(row)}
        if self.id_column is not None:
            item["id"] = cells[self.id_column]
        return item if self.targets is None else item | {"target": self.targets[index]}

    def chosen(self, indices: Sequence[int]) -> "Table":
        """The table of these rows alone."""
        rows = [self.rows[index] for index in indices]
        options = dict(target=self.target, id_column=self.id_column, ignore=self.ignore, repairs=self.repairs)
        return Table(self.path, self.names, rows, **options)

    def cell(self, row: Row, name: str) -> str | None:
        return row.cells[self.names.index(name)]

    def place(self, row: Row) -> str:
        return f"{self.path}, line {row.line}"

    def number(self, row: Row, name: str) -> float:
        value = self.cell(row, name)
        if value is None:
            raise UserError(f"{self.place(row)}: {name}, the target, is missing: fill it in, or leave the row out")
        if parsed(value) is None:
            got = f"{self.place(row)}: {name}, the target, is {value[:40]!r}"
            raise UserError(f"{got} and no number: mend it, or leave the row out")
        return parsed(value)

    def check_ids(self) -> None:
        seen: dict[str, int] = {}
        for row in self.rows:
            value = self.cell(row, self.id_column)
            if value is None:
                raise UserError(f"{self.place(row)}: {self.id_column}, the id, is missing: give every row one")
            if value in seen:
                first = f"line {seen[value]} has that already"
                raise UserError(f"{self.place(row)}: {self.id_column} is {value[:40]!r}, and {first}: give every row its own")
            seen[value] = row.line


@lru_cache(maxsize=2**16)
def parsed(text: str) -> float | None:
    """The decimal number that a cell holds: 12, -0.5, 1e3; None for anything else, also for 1,000 and for inf."""
    value = float(text) if NUMBER.fullmatch(text) else float("inf")
    return value if abs(value) < float("inf") else None


def table(
    *,
    split: str,
    root: str | Path,
    target: str,
    fold: int | None = 0,
    folds: int = 5,
    seed: int = 0,
    id_column: str | None = None,
    ignore: Sequence[str] = (),
    delimiter: str = ",",
    missing: Sequence[str] = MISSING,
) -> Dataset:
    """A CSV file of your own: `root` is the file, the first line names the columns, `target` is the column to predict.

    `split` is "validation", every row of the fold number `fold`, or "train", the rows of the other folds. The seed deals the
    rows out to the folds; `fold=None` trains on every row. Items are those of `Table`.
    Raises: UserError as `read_table`, `Table` and `split_rows` do.
    """
    whole = read_table(Path(root), target=target, id_column=id_column, ignore=ignore, delimiter=delimiter, missing=missing)
    return split_rows(whole, split=split, fold=fold, folds=folds, seed=seed)


def split_rows(whole: Table, *, split: str, fold: int | None, folds: int, seed: int) -> Table:
    """The rows of fold number `fold` ("validation"), or those of all other folds ("train"; of every fold where it is None).

    Raises: UserError for another split, a fold that is not there, and more folds than rows.
    """
    if split not in ("train", "validation"):
        raise UserError(f"{whole.path} is cut into the splits train and validation; got {split!r}")
    if split == "train" and fold is None:
        return whole
    if not isinstance(folds, int) or not 2 <= folds <= len(whole):
        raise UserError(f"{whole.path} has {len(whole)} rows, which make 2 to {len(whole)} folds; got folds={folds!r}")
    if not isinstance(fold, int) or not 0 <= fold < folds:
        raise UserError(f"{folds} folds are numbered 0 to {folds - 1}; got fold={fold!r}")
    dealt = fold_numbers(len(whole), folds=folds, seed=seed)
    return whole.chosen([index for index, number in enumerate(dealt) if (number == fold) == (split == "validation")])


def fold_numbers(count: int, *, folds: int, seed: int) -> list[int]:
    """The fold of each row: a shuffle by sha256, so it is the same everywhere; folds differ by at most one row in size."""
    order = sorted(range(count), key=lambda index: hashlib.sha256(f"{seed}/{index}".encode()).digest())
    numbers = [0] * count
    for position, index in enumerate(order):
        numbers[index] = position % folds
    return numbers


def read_table(
    path: Path,
    *,
    target: str | None = None,
    id_column: str | None = None,
    ignore: Sequence[str] = (),
    delimiter: str = ",",
    missing: Sequence[str] = MISSING,
    header: Sequence[str] | None = None,
) -> Table:
    """The table in a file of comma-separated values in UTF-8; `header` names the columns of a file that does not.

    A cell that is one of `missing` is None. Blank lines are left out and spaces around cells removed; both are counted in
    `repairs` and told on stderr.
    Raises: UserError with file and line for what is no such file, a name that is empty or stands twice in the header, a row
    with more or fewer cells than the header.
    """
    lines = list(read_cells(path, delimiter))
    if header is None:
        if not lines:
            raise UserError(f"{path} is empty: its first line names the columns")
        names = [name.strip() for name in lines.pop(0)[1]]
        check_header(path, names)
    else:
        names = list(header)
    absent, rows, repairs = frozenset(missing), [], {"blank lines left out": 0, "cells with spaces around them": 0}
    for line, found in lines:
        if not any(found) and len(found) <= 1:
            repairs["blank lines left out"] += 1
            continue
        if len(found) != len(names):
            cells = f"{len(found)} cell{'s' * (len(found) != 1)} where the header has {len(names)}"
            raise UserError(f"{path}, line {line}: {cells}: a delimiter is missing or too many, or a cell needs quotes")
        cells = [cell.strip() for cell in found]
        repairs["cells with spaces around them"] += sum(map(lambda a, b: a != b, cells, found))
        rows.append(Row(line, tuple(None if cell in absent else sys.intern(cell) for cell in cells)))
    if not rows:
        raise UserError(f"{path} has a header and no row: give it rows")
    repairs = {name: count for name, count in repairs.items() if count}
    for name, count in repairs.items():
        print(f"groundup: {path}: {name}: {count}", file=sys.stderr)
    return Table(path, names, rows, target=target, id_column=id_column, ignore=ignore, repairs=repairs)


def read_cells(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row, and the line that it ends on; a quoted cell may go over several."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            try:
                for cells in reader:
                    yield reader.line_num, cells
            except csv.Error as error:
                raise UserError(
                    f"{path}, line {reader.line_num}: not comma-separated values ({error}): mend the quotes"
                ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a text in UTF-8 ({error.reason}): save it as UTF-8") from error
    except TypeError as error:
        raise UserError(f"delimiter is one character; got {delimiter!r}") from error


def check_header(path: Path, names: Sequence[str]) -> None:
    """Raises: UserError for a name that is empty or stands twice, and where another delimiter seems to be meant."""
    for column, name in enumerate(names):
        if not name:
            raise UserError(f"{path}, line 1: column {column + 1} of {len(names)} has no name: give it one")
        if name in names[:column]:
            where = f"columns {names.index(name) + 1} and {column + 1}"
            raise UserError(f"{path}, line 1: {name!r} names {where}: a name stands for one column")
    others = [sign for sign in ";\t|" if len(names) == 1 and sign in names[0]]
    if others:
        raise UserError(
            f"{path}, line 1: one column, {names[0]!r}: if {others[0]!r} parts the cells, give delimiter={others[0]!r}"
        )
