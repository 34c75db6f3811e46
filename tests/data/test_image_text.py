"""Captioned pictures: every form of list gives the same pairs, nothing is lost without being counted."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.image_text import captioned_pictures
from groundup.data.places import data_home
from groundup.data.text import SPLITS, split_of
from groundup.errors import UserError

PAIRS = [("a.png", 'A "red", wet dog.'), ("b.png", "Ein Haus"), ("a.png", "A dog"), ("c d.png", "紅色的花")]
COCO = {
    "images": [{"id": n, "file_name": name} for n, name in enumerate(["a.png", "b.png", "c d.png", "unused.png"], start=5)],
    "annotations": [{"image_id": {"a": 5, "b": 6, "c": 7}[name[0]], "caption": text} for name, text in PAIRS],
}
LISTS = {
    "captions.json": json.dumps(COCO),
    "captions.jsonl": "\n".join(json.dumps({"image": name, "caption": text}) for name, text in PAIRS) + "\n\n",
    "metadata.jsonl": "\n".join(json.dumps({"file_name": name, "text": [text]}) for name, text in PAIRS),
    "captions.csv": 'image,caption\na.png,"A ""red"", wet dog."\nb.png,Ein Haus\na.png,A dog\nc d.png,紅色的花\n',
    "captions.txt": "caption\timage\n" + "".join(f"{text}\t{name}\n" for name, text in PAIRS),
    "results.csv": "image_name| comment_number| comment\n"
    + "".join(f"{name}| {n}| {text}\n" for n, (name, text) in enumerate(PAIRS)),
    "results_20130124.token": "".join(f"{name}#{n}\t{text}\r\n" for n, (name, text) in enumerate(PAIRS)),
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    for n, name in enumerate(("a.png", "b.png", "c d.png")):
        Image.fromarray(np.full((n + 2, n + 3, 3), 40 * n, dtype=np.uint8)).save(tmp_path / "images" / name)
    return tmp_path


def everything(folder, **options):
    return captioned_pictures(split="all", root=folder, **options)


@pytest.mark.parametrize("name", LISTS)
def test_each_form_of_list_gives_the_same_pictures_and_captions(folder, name):
    (folder / name).write_text(LISTS[name], encoding="utf-8", newline="")
    dataset = everything(folder)
    items = [dataset[i] for i in range(len(dataset))]
    assert [item["captions"] for item in items] == [['A "red", wet dog.', "A dog"], ["Ein Haus"], ["紅色的花"]]
    assert [item["source"] for item in items] == [str(folder / "images" / name) for name in ("a.png", "b.png", "c d.png")]
    for n, item in enumerate(items):
        assert torch.equal(item["image"], torch.full((3, n + 2, n + 3), 40 * n, dtype=torch.uint8))
    assert dataset.repairs == {}
    again = everything(folder / name)
    assert [again[i]["captions"] for i in range(len(again))] == [item["captions"] for item in items]


def test_the_list_and_the_pictures_may_lie_elsewhere_in_the_folder(folder):
    (folder / "lists").mkdir()
    (folder / "lists" / "mine.jsonl").write_text(LISTS["captions.jsonl"], encoding="utf-8")
    assert len(everything(folder, captions="lists/mine.jsonl", pictures="images")) == 3
    with pytest.raises(UserError, match="has no list of captions: name the file with captions="):
        everything(folder)


def test_empty_captions_are_dropped_and_counted(folder, capsys):
    (folder / "captions.csv").write_text("image,caption\na.png,A dog\na.png,\nb.png,  \nc d.png,x\n")
    dataset = everything(folder)
    assert [dataset[i]["captions"] for i in range(len(dataset))] == [["A dog"], ["x"]]
    assert dataset.repairs == {"empty captions dropped": 2, "pictures without a caption dropped": 1}
    assert "empty captions dropped: 2" in capsys.readouterr().err


def test_the_one_broken_row_of_flickr30k_is_mended(folder):
    (folder / "results.csv").write_text("image_name| comment_number| comment\na.png| 0| A dog\na.png| 4   A dog runs .\n")
    dataset = everything(folder)
    assert dataset[0]["captions"] == ["A dog", "A dog runs ."]
    assert dataset.repairs == {"rows without a delimiter behind the number mended": 1}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("captions.csv", "image,caption\nz.png,x\ny.png,x\n", "z.png is not there, and 1 more are missing"),
        ("captions.csv", "image,caption\na.png,x,y\n", "line 2: 3 cells where the header has 2: put the caption in quotes"),
        ("captions.csv", "image,caption\na.png\n", "line 2: 1 cell"),
        ("captions.csv", "a.png,x\n", "line 1 has the columns a.png, x: there has to be one image and one caption"),
        ("captions.csv", "", "line 1 has the columns"),
        ("captions.csv", "image,caption\n../a.png,x\n", "line 2 names the picture '../a.png': it has to be a path inside"),
        ("captions.csv", "image,caption\n/etc/a.png,x\n", "line 2 names the picture '/etc/a.png'"),
        ("captions.csv", "image,caption\n,x\n", "line 2 names the picture ''"),
        ("captions.csv", "image,caption\na.png,\n", "holds no caption"),
        ("results.csv", "image|comment\na.png|x|y\n", "line 2: 3 cells where the header has 2"),
        ("captions.jsonl", '{"image": "a.png", "caption": "x"}\n{"image"\n', "captions.jsonl, line 2 is no JSON"),
        ("captions.jsonl", '{"image": "a.png"}\n', "line 1 needs a text as 'image' and a text or a list of texts"),
        ("captions.jsonl", '{"image": 3, "caption": "x"}\n', "line 1 needs a text as 'image'"),
        ("captions.jsonl", "[1]\n", "line 1 has to be an object such as"),
        ("captions.jsonl", "[" * 10000, "line 1 is no JSON"),
        ("captions.json", '{"images": [],\n "annotations": }', "is no JSON: .* in line 2"),
        (
            "captions.json",
            '{"images": [], "annotations": [{"image_id": 1, "caption": "x"}]}',
            "annotations.0. is of the picture 1",
        ),
        (
            "captions.json",
            '{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}], "annotations": []}',
            "the id 1, as",
        ),
        ("results_20130124.token", "a.png A dog\n", "line 1 is not of the form NAME#NUMBER"),
    ],
)
def test_a_damaged_list_is_refused_with_file_and_entry(folder, name, content, message):
    (folder / name).write_text(content)
    with pytest.raises(UserError, match=message) as refusal:
        everything(folder)
    assert "\n" not in str(refusal.value)


def test_two_lists_are_refused_and_so_is_a_file_that_is_no_picture(folder):
    (folder / "captions.csv").write_text("image,caption\na.png,x\n")
    (folder / "captions.jsonl").write_text("")
    with pytest.raises(UserError, match=r"several lists of captions \(captions.jsonl, captions.csv\)"):
        everything(folder)
    (folder / "images" / "a.png").write_text("no picture")
    with pytest.raises(UserError, match=r"a.png cannot be read as a picture"):
        everything(folder, captions="captions.csv")[0]


def test_a_picture_is_in_one_split_with_all_its_captions(folder):
    names = [f"{n}.png" for n in range(200)]
    for name in names:
        (folder / "images" / name).touch()
    (folder / "captions.csv").write_text("image,caption\n" + "".join(f"{name},x\n{name},y\n" for name in names))
    parts = {split: captioned_pictures(split=split, root=folder).entries for split in SPLITS}
    for split, entries in parts.items():
        assert entries and all(split_of(path.name) == split and texts == ["x", "y"] for path, texts in entries)
    assert sum(map(len, parts.values())) == 200
    with pytest.raises(UserError, match="train, validation, test and all; got 'val'"):
        captioned_pictures(split="val", root=folder)
    (folder / "captions.csv").write_text("image,caption\na.png,x\n")
    empty = next(split for split in SPLITS if split != split_of("a.png"))
    with pytest.raises(UserError, match=f"lists 1 pictures, and none falls into the split {empty}"):
        captioned_pictures(split=empty, root=folder)


@pytest.mark.parametrize(("split", "pictures", "captions"), [("train", 80, 400), ("val", 255, 1276)])
def test_the_captions_of_coco_are_counted_as_the_readme_counts_them(split, pictures, captions):
    root = data_home() / "coco_mini"
    if not root.is_dir():
        pytest.skip("coco_mini is not on this machine")
    dataset = everything(root, captions=f"annotations/captions_{split}2017.json", pictures=f"{split}2017")
    assert (len(dataset), sum(len(texts) for _, texts in dataset.entries)) == (pictures, captions)
    document = json.loads((root / "annotations" / f"captions_{split}2017.json").read_text())
    names = {image["id"]: image["file_name"] for image in document["images"]}
    theirs = sorted((names[entry["image_id"]], entry["caption"].strip()) for entry in document["annotations"])
    assert sorted((path.name, text) for path, texts in dataset.entries for text in texts) == theirs
    assert dataset[0]["image"].dtype == torch.uint8 and max(dataset[0]["image"].shape[1:]) == 400


def test_a_header_of_thousands_of_letters_is_refused_in_a_short_line(tmp_path):
    (tmp_path / "captions.csv").write_text("x" * 99_999 + ",y\na.jpg,A dog.\n")
    with pytest.raises(UserError, match="there has to be one image and one caption") as refused:
        everything(tmp_path)
    assert len(str(refused.value)) < 600
