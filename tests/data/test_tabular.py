"""Tables: what is read of a CSV file, what is refused, and the folds."""

import csv
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundup.data.tabular import MISSING, fold_numbers, parsed, read_table, table
from groundup.errors import UserError

HOUSES = "id,area,roof,price\na,100,flat,10\nb,NA,NA,20\nc,50.5,gable,15\nd,70,flat,1e1\n"


@pytest.fixture
def write(tmp_path):
    def write(content, name="houses.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_row_is_its_cells_by_column_with_id_target_and_place(write):
    path = write(HOUSES)
    rows = read_table(path, target="price", id_column="id")
    assert (len(rows), rows.columns, rows.repairs) == (4, ("area", "roof"), {})
    assert rows[1] == {"cells": {"area": None, "roof": None}, "source": f"{path}, line 3", "id": "b", "target": 20.0}
    assert [rows[i]["target"] for i in range(4)] == [10, 20, 15, 10]
    assert "roof" not in read_table(path, ignore=["roof"])[0]["cells"]


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=3, max_size=3), min_size=1))
def test_what_csv_writes_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "any.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["a", "b", "c"], *rows])
    stripped = [[cell.strip() for cell in row] for row in rows]
    found = [list(row.cells) for row in read_table(path).rows]
    assert found == [[None if cell in MISSING else cell for cell in row] for row in stripped]


def test_every_cell_is_what_pandas_reads(write):
    pandas = pytest.importorskip("pandas")
    path = write('a,b,c\n1,"x, y",NA\n,"say ""no""",2.5\nnull,None,"two\nlines"\n')
    theirs = pandas.read_csv(path, dtype=str, keep_default_na=False, na_values=list(MISSING))
    ours = [row.cells for row in read_table(path).rows]
    assert ours == [tuple(None if pandas.isna(cell) else cell for cell in row) for row in theirs.to_numpy()]


def test_harmless_flaws_are_mended_counted_and_told(write, capsys):
    rows = read_table(write("\ufeffid, area \r\n\r\na, 1\r\n\r\nb ,2\r\n"))
    assert [row.cells for row in rows.rows] == [("a", "1"), ("b", "2")]
    assert rows.names == ("id", "area")
    assert rows.repairs == {"blank lines left out": 2, "cells with spaces around them": 2}
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "houses.csv is empty"),
        ("a,b\n", "has a header and no row"),
        ("a,b\n1,2\n1\n", "houses.csv, line 3: 1 cell where the header has 2"),
        ("a,b\n1,2,3\n", "line 2: 3 cells where the header has 2"),
        ('a,b\n"x\ny",2\n1,2,3\n', "line 4: 3 cells"),  # a cell of two lines
        ("a,b,a\n1,2,3\n", "line 1: 'a' names columns 1 and 3"),
        ("a,,c\n1,2,3\n", "line 1: column 2 of 3 has no name"),
        ("a;b\n1;2\n", "give delimiter=';'"),
        ('a,b\n1,"2\n', "line 2: not comma-separated values"),
        ('a,b\n1,"2"3\n', "line 2: not comma-separated values"),
        (b"a,b\ncaf\xe9,1\n", "is not a text in UTF-8"),
        ("a,b\n1,\n", "houses.csv, line 2: b, the target, is missing"),
        ("a,b\n1,cheap\n", "line 2: b, the target, is 'cheap' and no number"),
        ("a,b\n1,inf\n", "line 2: b, the target, is 'inf' and no number"),
        ("b,c\n1,2\n2,\n", "no column of .*houses.csv is called 'a'"),
        ("a,b\n7,1\n8,2\n7,3\n", "line 4: a is '7', and line 2 has that already"),
        ("a,b\n7,1\n,2\n", "line 3: a, the id, is missing"),
    ],
)
def test_a_damaged_table_is_refused_in_one_line(write, content, message):
    with pytest.raises(UserError, match=message) as refusal:
        read_table(write(content), target="b", id_column="a")
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"gone.csv cannot be read: No such file"):
        read_table(tmp_path / "gone.csv")
    with pytest.raises(UserError, match="cannot be read"):
        read_table(tmp_path)


@pytest.mark.parametrize("text", ["1", "-0.5", "+.5", "7.", "1e3", "2E-07"])
def test_decimal_numbers_are_numbers(text):
    assert parsed(text) == float(text)


@pytest.mark.parametrize("text", ["1,000", "1_000", "inf", "nan", "1e999", "٣", "1st", "0x1", "1 2", "", "-", "."])
def test_what_only_python_or_nobody_takes_for_a_number_is_none(text):
    assert parsed(text) is None


@given(st.integers(2, 90), st.integers(2, 9), st.integers(0, 3))
def test_every_row_is_in_one_fold_and_folds_are_of_one_size(count, folds, seed):
    numbers = fold_numbers(count, folds=folds, seed=seed)
    sizes = Counter(numbers)
    assert len(numbers) == count and set(numbers) <= set(range(folds))
    assert max(sizes.values()) - min(sizes[fold] for fold in range(folds)) <= 1


def test_folds_are_pinned_by_their_seed():
    assert fold_numbers(10, folds=5, seed=0) == [1, 1, 0, 4, 0, 2, 2, 4, 3, 3]
    assert fold_numbers(1000, folds=5, seed=0) != fold_numbers(1000, folds=5, seed=1)
    first = np.array(fold_numbers(1000, folds=5, seed=0)) == 0
    assert 60 < first[:500].sum() < 140  # shuffled: no fold is the file's beginning


def test_a_fold_is_held_out_and_the_others_are_trained_on(write):
    path = write("x,y\n" + "".join(f"{n},{n}\n" for n in range(23)))
    seen = []
    for fold in range(4):
        train, held_out = (table(split=s, root=path, target="y", fold=fold, folds=4) for s in ("train", "validation"))
        parts = [{part[i]["target"] for i in range(len(part))} for part in (train, held_out)]
        assert not parts[0] & parts[1] and len(parts[0] | parts[1]) == 23
        seen += parts[1]
    assert sorted(seen) == list(range(23))
    assert len(table(split="train", root=path, target="y", fold=None)) == 23


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(split="test"), "splits train and validation; got 'test'"),
        (dict(split="validation", fold=None), "numbered 0 to 4; got fold=None"),
        (dict(split="train", fold=5), "numbered 0 to 4; got fold=5"),
        (dict(split="train", fold=-1), "got fold=-1"),
        (dict(split="train", folds=5.0), "got folds=5.0"),
        (dict(split="train", folds=8), "has 7 rows, which make 2 to 7 folds; got folds=8"),
        (dict(split="train", delimiter=";;"), "delimiter is one character; got ';;'"),
        (dict(split="train", ignore=["z"]), "no column of .* is called 'z'"),
    ],
)
def test_folds_and_options_that_cannot_be_are_refused(write, options, message):
    path = write("x,y\n" + "".join(f"{n},{n}\n" for n in range(7)))
    with pytest.raises(UserError, match=message):
        table(root=path, target="y", **options)


def test_a_target_of_thousands_of_digits_is_refused_in_a_short_line(write):
    with pytest.raises(UserError, match=r"price, the target, is '1+' and no number") as refused:
        read_table(write(f"id,price\na,{'1' * 9999}\n"), target="price")
    assert len(str(refused.value)) < 500
