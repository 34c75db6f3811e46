"""Predictions become the table that a competition asks for; what they do not say is refused."""

import pytest

from groundup.data.submission import read_predictions, write_submission
from groundup.errors import UserError


def predictions(folder, rows):
    (folder / "predictions.csv").write_text("file,label\n" + rows)
    return folder / "predictions.csv"


def test_answers_come_in_the_order_of_the_sample(tmp_path):
    found = read_predictions(predictions(tmp_path, "test/1.png,cat\ntest/2.png,dog\n"))
    (tmp_path / "sample.csv").write_text("id,label\n2,x\n1,x\n")
    write_submission(found, sample=tmp_path / "sample.csv", out=tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "id,label\n2,dog\n1,cat\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1.png\n", r"predictions\.csv, line 2 has 1 values and the header 2"),
        ("1.png,clas,s 1\n", r"predictions\.csv, line 2 has 3 values and the header 2"),
        ("1.png,cat\n1.png,dog\n", r"predictions\.csv, line 3: '1\.png' has another label in an earlier line"),
    ],
)
def test_a_ragged_row_or_a_second_label_is_refused(tmp_path, rows, message):
    with pytest.raises(UserError, match=message):
        read_predictions(predictions(tmp_path, rows))


def test_a_row_of_the_sample_without_a_prediction_is_named_in_one_line(tmp_path):
    (tmp_path / "sample.csv").write_text('id,label\n"a\nb",x\n')
    with pytest.raises(UserError, match="has no prediction") as refused:
        write_submission({"1.png": "cat"}, sample=tmp_path / "sample.csv", out=tmp_path / "out.csv")
    assert str(refused.value).isprintable() and not (tmp_path / "out.csv").exists()
