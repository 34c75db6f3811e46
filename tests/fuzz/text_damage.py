"""Damages that can befall files that people can read: of their encoding, their lines, and the cells of their tables."""

from collections.abc import Callable

from tests.fuzz.case import Case, Damage
from tests.fuzz.damage import HOSTILE


def on_text(change: Callable[[Case, bytes], bytes], *, restates: bool = True) -> Damage:
    """A damage of the text of a file that says what the items are; `restates` where it changes what the text says."""

    def damage(case: Case) -> str | None:
        path = case.pick(case.texts)
        if path is None:
            return None
        data = path.read_bytes()
        after = change(case, data)
        if after == data:
            return None
        path.write_bytes(after)
        case.restated |= restates
        return path.name

    damage.__name__ = change.__name__
    return damage


def on_lines(change: Callable[[Case, list[bytes]], list[bytes]]) -> Damage:
    """The same of its lines."""

    def changed(case: Case, data: bytes) -> bytes:
        return b"\n".join(change(case, data.split(b"\n")))

    changed.__name__ = change.__name__
    return on_text(changed)


def carriage_returns(case: Case, data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


def byte_order_mark(case: Case, data: bytes) -> bytes:
    return data if data.startswith(b"\xef\xbb\xbf") else b"\xef\xbb\xbf" + data


def in_utf16(case: Case, data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode("utf-16")


@on_text
def invalid_utf8(case: Case, data: bytes) -> bytes:
    at = case.chance.randrange(len(data) + 1)
    return data[:at] + case.chance.choice((b"\xff", b"\xc3", b"\xe2\x80", b"\xed\xa0\x80", b"\xc0\xaf")) + data[at:]


@on_text
def hostile_inserted(case: Case, data: bytes) -> bytes:
    at = case.chance.randrange(len(data) + 1)
    return data[:at] + case.chance.choice(HOSTILE).encode() + data[at:]


@on_text
def endless_line(case: Case, data: bytes) -> bytes:
    at = case.chance.randrange(len(data) + 1)
    return data[:at] + b"x" * 300_000 + data[at:]


@on_lines
def line_doubled(case: Case, lines: list[bytes]) -> list[bytes]:
    at = case.chance.randrange(len(lines))
    return lines[: at + 1] + lines[at:]


@on_lines
def line_lost(case: Case, lines: list[bytes]) -> list[bytes]:
    at = case.chance.randrange(len(lines))
    return lines[:at] + lines[at + 1 :]


@on_lines
def line_blank(case: Case, lines: list[bytes]) -> list[bytes]:
    at = case.chance.randrange(len(lines))
    return [*lines[:at], case.chance.choice((b"", b" ", b"\t", b"\r", b"\xc2\xa0", b"\0")), *lines[at:]]


@on_lines
def lines_shuffled(case: Case, lines: list[bytes]) -> list[bytes]:
    first = case.chance.random() < 0.2  # the header too
    rest = lines[not first :]
    case.chance.shuffle(rest)
    return lines[: not first] + rest


@on_lines
def lines_merged(case: Case, lines: list[bytes]) -> list[bytes]:
    at = case.chance.randrange(len(lines))
    return [*lines[:at], b"".join(lines[at : at + 2]), *lines[at + 2 :]]


@on_lines
def line_split(case: Case, lines: list[bytes]) -> list[bytes]:
    at = case.chance.randrange(len(lines))
    cut = case.chance.randrange(len(lines[at]) + 1)
    return [*lines[:at], lines[at][:cut], lines[at][cut:], *lines[at + 1 :]]


def cells_changed(separator: str) -> tuple[Damage, ...]:
    """Damages of a table between separators: a cell made hostile, lost, doubled, or exchanged with another."""

    def on_cells(change: Callable[[Case, list[str]], list[str]]) -> Damage:
        def changed(case: Case, lines: list[bytes]) -> list[bytes]:
            at = case.chance.randrange(len(lines))
            cells = lines[at].decode("utf-8", "replace").split(separator)
            return [*lines[:at], separator.join(change(case, cells)).encode(), *lines[at + 1 :]]

        changed.__name__ = change.__name__
        return on_lines(changed)

    @on_cells
    def hostile_cell(case: Case, cells: list[str]) -> list[str]:
        cells[case.chance.randrange(len(cells))] = case.chance.choice(HOSTILE)
        return cells

    @on_cells
    def cell_lost(case: Case, cells: list[str]) -> list[str]:
        del cells[case.chance.randrange(len(cells))]
        return cells

    @on_cells
    def cell_doubled(case: Case, cells: list[str]) -> list[str]:
        at = case.chance.randrange(len(cells))
        return cells[: at + 1] + cells[at:]

    @on_cells
    def cells_exchanged(case: Case, cells: list[str]) -> list[str]:
        case.chance.shuffle(cells)
        return cells

    return hostile_cell, cell_lost, cell_doubled, cells_exchanged


LINES = (line_doubled, line_lost, line_blank, lines_shuffled, lines_merged, line_split)
TEXT = (invalid_utf8, hostile_inserted, endless_line, *LINES)
TEXT += (on_text(carriage_returns), on_text(byte_order_mark, restates=False), on_text(in_utf16, restates=False))
