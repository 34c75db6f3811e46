"""Tables of pictures and labels in Kaggle's layouts, and the table that goes back."""

import csv
import random

import pytest
from PIL import Image

from groundup.data.image_folder import image_folder
from groundup.data.submission import read_predictions, write_submission
from groundup.errors import UserError


def put(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), (value, value, value)).save(path)


def table(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def loaded(root, split):
    return image_folder(split=split, root=root, image_shape=(3, 4, 4))


def told(root):
    """Every picture's grey value with the label it came with, over both splits."""
    found = {}
    for split in ("train", "test"):
        dataset = loaded(root, split)
        for item in dataset:
            found[int(item["image"][0, 0, 0])] = dataset.labels[item["label"]]
    return found


def leaves(root):
    for i in range(20):
        put(root / "images" / f"{i}.png", i)
    table(root / "train.csv", ("image", "label"), *((f"images/{i}.png", ("maple", "oak")[i % 2]) for i in range(15)))
    table(root / "test.csv", ("image",), *((f"images/{i}.png",) for i in range(15, 20)))
    return {i: ("maple", "oak")[i % 2] for i in range(15)}


def dogs(root):
    names = [f"{random.Random(i).getrandbits(64):016x}" for i in range(12)]
    for i, name in enumerate(names):
        put(root / ("train" if i < 9 else "test") / f"{name}.png", i)
    table(root / "labels.csv", ("id", "breed"), *((names[i], ("pug", "chow", "borzoi")[i % 3]) for i in range(9)))
    return {i: ("pug", "chow", "borzoi")[i % 3] for i in range(9)}


def cifar(root):
    for i in range(1, 11):
        put(root / "train" / f"{i}.png", i)
        put(root / "test" / f"{i}.png", 100 + i)
    table(root / "trainLabels.csv", ("id", "label"), *((i, ("frog", "truck")[i % 2]) for i in range(1, 11)))
    return {i: ("frog", "truck")[i % 2] for i in range(1, 11)}


@pytest.mark.parametrize("layout", [leaves, dogs, cifar])
def test_kaggles_layouts_are_read_and_no_unlabelled_picture_is_taken_in(tmp_path, layout):
    truth = layout(tmp_path)
    assert told(tmp_path) == truth
    (file,) = [path for path in tmp_path.glob("*.csv") if path.name != "test.csv"]
    assert told(file) == truth


def test_a_column_says_the_split(tmp_path):
    for i in range(6):
        put(tmp_path / f"{i}.png", i)
    splits = ("train", "train", "train", "val", "valid", "Test")
    table(tmp_path / "my.csv", ("file", "class", "split"), *((f"{i}.png", "ab"[i % 2], splits[i]) for i in range(6)))
    values = {
        s: [int(item["image"][0, 0, 0]) for item in loaded(tmp_path / "my.csv", s)] for s in ("train", "validation", "test")
    }
    assert values == {"train": [0, 1, 2], "validation": [3, 4], "test": [5]}


def test_marks_of_excel_blank_lines_and_lines_that_stand_twice_do_no_harm(tmp_path, capsys):
    for i in range(4):
        put(tmp_path / f"{i}.png", i)
    text = "\ufeffimage,label\r\n0.png,a\r\n\r\n1.png, b\r\n2.png,a\r\n3.png,b\r\n,\r\n0.png,a\r\n"
    (tmp_path / "my.csv").write_bytes(text.encode())
    assert told(tmp_path / "my.csv") == {0: "a", 1: "b", 2: "a", 3: "b"}
    assert "1 lines that stand twice in the table taken once" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "my.csv is empty: its first line names the columns"),
        (b"image,label\n", "names no pictures: it has a header alone"),
        (b"image,label\n0.png,a\n1.png\n", "my.csv, line 3 has 1 values and the header 2"),
        (b"image,label\n0.png,a\n1.png,b,c\n", "my.csv, line 3 has 3 values"),
        (b"image,label\n0.png,a\n1.png,\n", "my.csv, line 3 has no label"),
        (b"image,label\n0.png,a\n,b\n", "my.csv, line 3 has no picture"),
        (b"image,label\n0.png,a\n9.png,b\n", "my.csv, line 3 names 9.png, and there is no such picture in"),
        (b"image,label\n0.png,a\n0.png,b\n", "line 3 calls 0.png 'b', an earlier line calls it 'a': keep the right one"),
        (b"image,label\n0,a\n0.png,b\n", "line 3 calls 0.png 'b', an earlier line calls it 'a'"),
        (b"image,label\n../secret.png,a\n1.png,b\n", "my.csv, line 2 leads outside of"),
        (b"image,label\n/etc/passwd,a\n1.png,b\n", "my.csv, line 2 leads outside of"),
        (b"image,label\ntwin,a\n1.png,b\n", "line 2 names twin, which may be twin.bmp or twin.png in .*name it in full"),
        (b"image,label\n0.png,caf\xe9\n", r"not a CSV in UTF-8 \(byte 21 does not fit\)"),
        (b'image,label\n0.png,"a\n', "my.csv, line 2 is no CSV: unexpected end of data"),
        (b"image,width\n0.png,4\n", "has no column for the labels: call it label; its columns are image, width"),
        (b"size,label\n0.png,4\n", "has no column for the pictures: call it path; its columns are size, label"),
        (b"image,label,split\n0.png,a,train\n1.png,b,holdout\n", "the split of 1.png is 'holdout'; it is train, validation or"),
        (b"image,label\n0.png,a\n1.png,a\n", "has one class, 'a'"),
    ],
)
def test_a_mistake_in_a_table_is_named_with_its_line(tmp_path, text, message):
    put(tmp_path / "secret.png", 9)
    for name in ("0.png", "1.png", "twin.png", "twin.bmp"):
        put(tmp_path / "here" / name, 1)
    (tmp_path / "here" / "my.csv").write_bytes(text)
    with pytest.raises(UserError, match=message) as refusal:
        loaded(tmp_path / "here" / "my.csv", "train")
    assert "\n" not in str(refusal.value)


def test_a_submission_has_the_samples_header_rows_and_order(tmp_path):
    table(tmp_path / "predictions.csv", ("file", "label", "confidence"), ("test/2.png", "oak", 0.5), ("test/10.png", "elm", 0.9))
    answers = read_predictions(tmp_path / "predictions.csv")
    assert answers == {"test/2.png": "oak", "test/10.png": "elm"}
    for row in (("10", "2"), ("10.png", "2.png"), ("test/10.png", "test/2.png")):
        table(tmp_path / "sample.csv", ("id", "label"), (row[0], "?"), (row[1], "?"))
        write_submission(answers, sample=tmp_path / "sample.csv", out=tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_text() == f"id,label\n{row[0]},elm\n{row[1]},oak\n"


def test_a_submission_of_probabilities_follows_the_samples_columns(tmp_path):
    table(tmp_path / "sample.csv", ("id", "pug", "chow"), ("a", 0.5, 0.5))
    write_submission({"x/a.jpg": {"chow": 0.25, "pug": 0.75}}, sample=tmp_path / "sample.csv", out=tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "id,pug,chow\na,0.75,0.25\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "sample.csv"]


@pytest.mark.parametrize(
    ("answers", "header", "row", "message"),
    [
        ({"b.jpg": "x"}, ("id", "label"), ("a", "?"), "line 2: a has no prediction"),
        ({"1/a.jpg": "x", "2/a.jpg": "y"}, ("id", "label"), ("a", "?"), "a fits 1/a.jpg and 2/a.jpg"),
        ({"a.jpg": "x"}, ("id", "x", "y"), ("a", 0, 0), "asks for the probability of each of 2 classes"),
        ({"a.jpg": {"x": 1.0, "z": 0.0}}, ("id", "x", "y"), ("a", 0, 0), "differ in classes: y, z"),
    ],
)
def test_a_submission_that_would_be_wrong_is_not_written(tmp_path, answers, header, row, message):
    table(tmp_path / "sample.csv", header, row)
    with pytest.raises(UserError, match=message):
        write_submission(answers, sample=tmp_path / "sample.csv", out=tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
