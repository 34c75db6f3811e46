"""Files of lines: what is a line, what is a row, and what is refused."""

import csv
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundup.data import lines as module
from groundup.data.lines import Rows, decoded, read_bytes, read_lines, read_table, rows_of
from groundup.errors import UserError

fields = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"), min_size=1)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"))), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_lines_end_at_line_ends_and_at_no_other_character(tmp_path_factory, lines, end, packed):
    path = tmp_path_factory.mktemp("lines") / ("text.gz" if packed else "text")
    content = "".join(line + end for line in lines).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    if not (lines and lines[0].startswith("\ufeff")):
        assert read_lines(path) == lines


def test_the_last_line_may_lack_its_end_and_the_first_may_have_a_mark(tmp_path):
    (tmp_path / "a").write_bytes("\ufeffone\u2028still\n\ntwo".encode())
    assert read_lines(tmp_path / "a") == ["one\u2028still", "", "two"]
    (tmp_path / "a").write_bytes(b"")
    assert read_lines(tmp_path / "a") == []


@given(st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(fields, min_size=n, max_size=n), min_size=1)))
def test_rows_are_those_that_the_csv_module_reads(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "table.tsv"
    path.write_bytes("\n\n".join("\t".join(row) for row in rows).encode())
    if rows[0][0].startswith("\ufeff"):
        return
    with path.open(encoding="utf-8", newline="\n") as file:
        theirs = list(csv.reader((line for line in file if line != "\n"), delimiter="\t", quoting=csv.QUOTE_NONE))
    found, blank = read_table(path)
    assert [row for _, row in found] == theirs == rows
    assert [number for number, _ in found] == list(range(1, 2 * len(rows), 2))
    assert blank == len(rows) - 1


def test_bytes_that_are_no_utf8_are_refused_with_their_line():
    assert decoded(b"\xef\xbb\xbf\xc3\xa9", "x") == "é"
    with pytest.raises(UserError, match=r"x\.txt, line 3: byte 0xe9 is not UTF-8"):
        decoded(b"\xef\xbb\xbfa\nb\ncaf\xe9 \n", "x.txt")


def test_a_row_of_another_width_is_refused_with_its_line(tmp_path):
    (tmp_path / "t.tsv").write_text("a\tb\n\nc\td\te\n")
    with pytest.raises(UserError, match=r"t\.tsv, line 3: 3 fields between tabs where the first row has 2"):
        read_table(tmp_path / "t.tsv")


def test_files_that_are_damaged_missing_or_too_large_are_refused(tmp_path, monkeypatch):
    packed = gzip.compress(bytes(range(256)) * 40)
    (tmp_path / "whole.gz").write_bytes(packed)
    assert len(read_bytes(tmp_path / "whole.gz")) == 256 * 40
    for name, content, message in [
        ("short.gz", packed[:-20], "not a whole gzip file"),
        ("flipped.gz", packed[:40] + bytes([packed[40] ^ 255]) + packed[41:], "not a whole gzip file"),
        ("plain.gz", b"plain text", "not a whole gzip file"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=message):
            read_bytes(tmp_path / name)
    with pytest.raises(UserError, match="gone cannot be read: No such file"):
        read_bytes(tmp_path / "gone")
    monkeypatch.setattr(module, "LARGEST", 1000)
    with pytest.raises(UserError, match="unpacks to more than 1,000 bytes"):
        read_bytes(tmp_path / "whole.gz")


def test_what_was_left_out_is_told_once_and_counted(tmp_path, capsys):
    rows = rows_of(tmp_path, [{"text": "a"}], repairs={"empty lines": 2, "others": 0})
    assert rows.repairs == {"empty lines": 2}
    assert capsys.readouterr().err == f"{tmp_path}: left out 2 empty lines\n"
    with pytest.raises(UserError, match=r"gives no items \(left out: 2 empty lines\)"):
        rows_of(tmp_path, [], repairs={"empty lines": 2})


def test_an_item_may_be_changed_without_changing_the_set():
    rows = Rows([{"text": "a"}])
    rows[0]["text"] = "b"
    assert rows[0] == {"text": "a"}
    assert [item["text"] for item in rows] == ["a"]
