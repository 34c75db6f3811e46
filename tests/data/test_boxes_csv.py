"""Boxes in a table, as in the banana set."""

import csv

import numpy as np
import pytest
from PIL import Image

from groundup.data.boxes_csv import boxes_csv
from groundup.errors import UserError

HEADER = "img_name,label,xmin,ymin,xmax,ymax\n"


def write(root, rows, *, header=HEADER, split="bananas_train", encoding="utf-8"):
    (root / split / "images").mkdir(parents=True, exist_ok=True)
    (root / split / "label.csv").write_bytes((header + rows).encode(encoding))
    for name in ("0.png", "1.png"):
        Image.new("RGB", (8, 6), (int(name[0]), 5, 6)).save(root / split / "images" / name)
    return root


def test_the_banana_set_is_read_from_its_folders(tmp_path):
    dataset = boxes_csv(split="train", root=write(tmp_path, "0.png,0,1,2,5,6\n1.png,0,0,0,3,3\n"))
    assert len(dataset) == 2
    assert dataset[1]["boxes"].tolist() == [[0, 0, 3, 3]]
    assert dataset[1]["image"][:, 0, 0].tolist() == [1, 5, 6]
    assert dataset[1]["labels"].tolist() == [0]


def test_several_rows_of_one_picture_become_one_item_and_labels_may_be_names(tmp_path):
    rows = '0.png,x,"ripe, yellow",1,2,5,6\n1.png,,green,0,0,3,3\n\n0.png,z,green,2,2,4,4.5\n'
    header = "\ufeffimg_name,note,label,xmin,ymin,xmax,ymax\n"
    dataset = boxes_csv(split="train", root=write(tmp_path, rows, header=header, split="train"))
    assert dataset.labels == ["green", "ripe, yellow"]
    assert len(dataset) == 2
    assert dataset[0]["boxes"].tolist() == [[1, 2, 5, 6], [2, 2, 4, 4.5]]
    assert dataset[0]["labels"].tolist() == [1, 0]


def test_gaps_in_numbered_labels_leave_none_and_they_are_ordered_as_numbers(tmp_path):
    dataset = boxes_csv(split="train", root=write(tmp_path, "0.png,10,1,2,5,6\n0.png,2,1,2,5,6\n1.png,7,0,0,3,3\n"))
    assert dataset.labels == ["2", "7", "10"]
    assert dataset[0]["labels"].tolist() == [2, 0]


def test_a_label_means_the_same_in_every_split(tmp_path):
    write(tmp_path, "0.png,ant,1,2,5,6\n1.png,bee,0,0,3,3\n")
    write(tmp_path, "0.png,bee,1,2,5,6\n", split="bananas_val")
    dataset = boxes_csv(split="val", root=tmp_path)
    assert dataset.labels == ["ant", "bee"]
    assert dataset[0]["labels"].tolist() == [1]
    write(tmp_path, "0.png,wasp,1,2,5,6\n", split="bananas_val")
    with pytest.raises(
        UserError, match=r"bananas_val/label.csv, line 2: the label 'wasp' is none of the training split's ant, bee"
    ):
        boxes_csv(split="val", root=tmp_path)


def test_boxes_are_repaired_where_that_is_safe_and_counted(tmp_path, capsys):
    rows = "0.png,0,-1,2,5,9\n0.png,0,5,2,1,3\n0.png,0,1,1,1,3\n1.png,0,8,0,9,3\n"
    dataset = boxes_csv(split="train", root=write(tmp_path, rows))
    assert dataset[0]["boxes"].tolist() == [[0, 2, 5, 6]]
    assert dataset[1]["boxes"].shape == (0, 4)
    assert list(dataset.repairs.values()) == [1, 1, 1, 1]
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("0.png,0,1,2,5\n", "label.csv, line 2 has 5 cells, the first line 6"),
        ("0.png,0,1,2,5,6\n1.png,0,1,2,5,6,7\n", "line 3 has 7 cells"),
        ("0.png,,1,2,5,6\n", "line 2 needs the name of a picture in images/ and a label; got '0.png' and ''"),
        ("../0.png,0,1,2,5,6\n", "line 2 needs the name of a picture"),
        ("0.png,0,1,two,5,6\n", r"line 2 \(0.png\): could not convert string to float: 'two'"),
        ("0.png,0,1,nan,5,6\n", r"line 2 \(0.png\): the box has to be 4 numbers; nan among"),
        ("0.png,0,1,,5,6\n", "line 2"),
        ("2.png,0,1,2,5,6\n", "the picture .*2.png is not there"),
        ('0.png,"0,1,2,5,6\n', "label.csv, line 2: unexpected end of data"),
        ("", "has no row under its first line"),
    ],
    ids=range(10),
)
def test_a_row_that_is_wrong_is_named_by_its_line(tmp_path, rows, message):
    with pytest.raises(UserError, match=message) as refusal:
        boxes_csv(split="train", root=write(tmp_path, rows))
    assert "label.csv" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("header", ["", "img_name,label,xmin,ymin,xmax\n", HEADER.strip() + ",label\n"])
def test_a_table_without_its_columns_is_refused(tmp_path, header):
    with pytest.raises(UserError, match="needs a first line with one column"):
        boxes_csv(split="train", root=write(tmp_path, "0.png,0,1,2,5,6\n", header=header))


def test_a_table_in_another_encoding_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"label.csv is not a text in UTF-8"):
        boxes_csv(split="train", root=write(tmp_path, "0.png,grün,1,2,5,6\n", encoding="latin-1"))


def test_what_is_not_there_is_said_with_what_to_put_where(tmp_path):
    with pytest.raises(UserError, match=r"no split 'val' on this machine: put label.csv and images/ into"):
        boxes_csv(split="val", root=write(tmp_path, "0.png,0,1,2,5,6\n"))
    write(tmp_path, "0.png,0,1,2,5,6\n", split="apples_train")
    with pytest.raises(UserError, match="apples_train and bananas_train: which is the split 'train'"):
        boxes_csv(split="train", root=tmp_path)


def test_a_random_table_is_read_as_the_csv_module_and_pillow_read_it(tmp_path):
    random = np.random.RandomState(0)
    corners = [(x, y, x + w, y + h) for x, y, w, h in zip(*random.randint(1, 4, (4, 50)))]
    rows = "".join(
        f"{random.randint(2)}.png,{random.choice(['a', 'b', 'c'])},{x1},{y1},{x2},{min(y2, 6)}\n" for x1, y1, x2, y2 in corners
    )
    root = write(tmp_path, rows)
    dataset = boxes_csv(split="train", root=root)
    with (root / "bananas_train" / "label.csv").open(newline="") as file:
        theirs = list(csv.DictReader(file))
    for i, (path, *_) in enumerate(dataset.entries):
        mine = [row for row in theirs if row["img_name"] == path.name]
        assert dataset[i]["boxes"].tolist() == [[float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax")] for row in mine]
        assert [dataset.labels[label] for label in dataset[i]["labels"]] == [row["label"] for row in mine]
        assert np.array_equal(dataset[i]["image"].permute(1, 2, 0).numpy(), np.array(Image.open(path)))


def test_a_corner_of_thousands_of_letters_is_refused_in_a_short_line(tmp_path):
    with pytest.raises(UserError, match="could not convert") as refused:
        boxes_csv(split="train", root=write(tmp_path, f"0.png,0,{'x' * 9999},1,2,3\n"))
    assert len(str(refused.value)) < 500
