"""Boxes in the XML of Pascal VOC: a miniature that is written here, the sets beside the checkout, and bad files."""

from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.places import data_home
from groundup.data.voc import VOC_CLASSES, names_in_split, voc_detection
from groundup.errors import UserError

ANNOTATION = """<annotation><source><database>{database}</database></source>
<size><width>{width}</width><height>6</height><depth>3</depth></size>{objects}</annotation>"""
OBJECT = """<object><name>{name}</name><difficult>{difficult}</difficult>
<bndbox><ymin>{ymin}</ymin><xmin>{xmin}</xmin><xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox>
<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part></object>"""


def thing(name, xmin, ymin, xmax, ymax, difficult=0):
    return OBJECT.format(name=name, xmin=xmin, ymin=ymin, xmax=xmax, ymax=ymax, difficult=difficult)


def write(root, *annotations, database="mine", width=8, names=None):
    """A set whose pictures are named a, b, c ..., with these objects, all of them in the split train."""
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    stems = "abcdef"[: len(annotations)]
    for stem, objects in zip(stems, annotations, strict=True):
        text = objects if "<annotation" in objects else ANNOTATION.format(objects=objects, database=database, width=width)
        (root / "Annotations" / f"{stem}.xml").write_text(text)
        Image.new("RGB", (8, 6)).save(root / "JPEGImages" / f"{stem}.jpg")
    (root / "ImageSets/Main/train.txt").write_text(names if names is not None else "\n".join(stems) + "\n")
    return root


def test_of_a_miniature_everything_is_read(tmp_path):
    root = write(tmp_path, thing("wheel", 1, 2, 5, 6) + thing("door", 0, 0, 2.5, 3, difficult=1), "")
    dataset = voc_detection(split="train", root=root)
    assert dataset.labels == ["door", "wheel"]
    item = dataset[0]
    assert item["boxes"].tolist() == [[1, 2, 5, 6], [0, 0, 2.5, 3]]
    assert item["labels"].tolist() == [1, 0]
    assert item["difficult"].tolist() == [False, True]
    assert item["image"].shape == (3, 6, 8)
    assert {key: tuple(dataset[1][key].shape) for key in ("boxes", "labels", "difficult")} == dict(
        boxes=(0, 4), labels=(0,), difficult=(0,)
    )


def test_voc_itself_counts_pixels_from_one_and_ends_a_box_with_its_last(tmp_path):
    objects = thing("dog", 1, 1, 8, 6) + thing("cat", 3, 3, 3, 3)
    mine = voc_detection(split="train", root=write(tmp_path / "mine", thing("dog", 1, 1, 8, 6)))
    official = voc_detection(split="train", root=write(tmp_path / "voc", objects, database="The VOC2007 Database"))
    told = voc_detection(split="train", root=write(tmp_path / "told", objects), first_pixel=1)
    assert mine[0]["boxes"].tolist() == [[1, 1, 8, 6]]
    assert official[0]["boxes"].tolist() == told[0]["boxes"].tolist() == [[0, 0, 8, 6], [2, 2, 3, 3]]
    assert official.labels == list(VOC_CLASSES)  # no other name occurs
    with pytest.raises(UserError, match="first_pixel is 0 or 1"):
        voc_detection(split="train", root=tmp_path / "voc", first_pixel=2)


def test_a_label_means_the_same_in_every_split(tmp_path):
    root = write(tmp_path, thing("wheel", 1, 2, 5, 6), thing("door", 0, 0, 2, 3))
    (root / "ImageSets/Main/val.txt").write_text("a\n")
    val = voc_detection(split="val", root=root)
    assert len(val) == 1
    assert val.labels == voc_detection(split="all", root=root).labels == ["door", "wheel"]
    assert val[0]["labels"].tolist() == [1]


def test_class_names_of_ones_own_fix_the_labels(tmp_path):
    root = write(tmp_path, thing("wheel", 1, 2, 5, 6))
    (root / "class_names.txt").write_text("_background_\nwheel\ndoor\n")
    assert voc_detection(split="train", root=root).labels == ["wheel", "door"]
    (root / "class_names.txt").write_text("door\n")
    with pytest.raises(UserError, match=r"a.xml: object 1 is a 'wheel', which is none of the classes 'door'"):
        voc_detection(split="train", root=root)
    (root / "class_names.txt").write_text("door\ndoor\n")
    with pytest.raises(UserError, match="name each class once"):
        voc_detection(split="train", root=root)


def test_the_official_folders_are_found_below_the_one_named(tmp_path):
    write(tmp_path / "VOCdevkit" / "VOC2007", thing("dog", 1, 1, 3, 3))
    assert len(voc_detection(split="train", root=tmp_path)) == 1
    write(tmp_path / "VOCdevkit" / "VOC2012", thing("dog", 1, 1, 3, 3))
    with pytest.raises(UserError, match="VOC2007 and VOC2012: name one"):
        voc_detection(split="train", root=tmp_path)


def test_boxes_are_repaired_where_that_is_safe_and_counted(tmp_path, capsys):
    boxes = ((-1, 0, 3, 9), (4, 4, 4, 5), (5, 5, 2, 6), (9, 1, 12, 3), (1, 1, 2, 2))
    dataset = voc_detection(split="train", root=write(tmp_path, "".join(thing("dog", *box) for box in boxes)))
    assert dataset[0]["boxes"].tolist() == [[0, 0, 3, 6], [1, 1, 2, 2]]
    assert sorted(dataset.repairs.values()) == [1, 1, 1, 1]
    assert capsys.readouterr().err.count("\n") == 1


def test_a_file_without_a_size_takes_that_of_its_picture(tmp_path):
    text = f"<annotation>{thing('dog', 1, 1, 99, 99)}</annotation>"
    assert voc_detection(split="train", root=write(tmp_path, text))[0]["boxes"].tolist() == [[1, 1, 8, 6]]


ENTITIES = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><annotation>&c;</annotation>'


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ("<annotation>\n<object></annotation>", "a.xml is no XML: mismatched tag in line 2, column 11"),
        ("<annotation", "a.xml is no XML"),
        ("<annotation/><x/>", "junk after document element in line 1"),
        (ENTITIES, "a.xml defines a document type"),
        ('<?xml version="1.0" encoding="x"?><annotation/>', "a.xml is no XML"),
        ("<html><annotation/></html>", "has to hold an <annotation>; it holds a <html>"),
        (thing("", 1, 1, 2, 2), "an <object> lacks its <name>"),
        (thing("dog", 1, 1, 2, ""), "object 1: an <bndbox> lacks its <ymax>"),
        (thing("dog", 1, 1, 2, "two"), "object 1: <ymax> has to be a number of pixels; got 'two'"),
        (thing("dog", 1, 1, "nan", 2), "<xmax> has to be a number"),
        (thing("dog", 1, 1, "1e300", 2), "<xmax> has to be a number"),
        (thing("dog", 1, 1, 2, 2) + "<object><name>cat</name></object>", r"object 2 \(cat\) lacks its <bndbox>"),
        (thing("dog", 1, 1, 2, 2, difficult="very"), "<difficult> is 0 or 1; got 'very'"),
    ],
    ids=range(13),
)
def test_an_annotation_that_is_wrong_is_answered_in_one_line(tmp_path, objects, message):
    with pytest.raises(UserError, match=message) as refusal:
        voc_detection(split="train", root=write(tmp_path, objects))
    assert "a.xml" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("a\na\n", "train.txt lists a more than once"),
        ("a -1\n", "train.txt, line 1: 'a -1' is not the name of one picture"),
        ("../a\n", "is not the name of one picture"),
        ("a\nb\nc\n", "the annotation .*b.xml is not there, and 1 more are missing"),
        ("", "holds no picture"),
    ],
)
def test_a_list_that_is_wrong_is_refused(tmp_path, names, message):
    with pytest.raises(UserError, match=message):
        voc_detection(split="train", root=write(tmp_path, "", names=names))


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="lacks Annotations"):
        voc_detection(split="train", root=tmp_path)
    root = write(tmp_path, "")
    with pytest.raises(UserError, match="lists no split 'val'; there are train, all"):
        voc_detection(split="val", root=root)
    (root / "JPEGImages" / "a.jpg").unlink()
    with pytest.raises(UserError, match=r"the picture .*a.jpg is not there"):
        voc_detection(split="train", root=root)


def test_a_picture_of_another_size_than_annotated_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"a.jpg is 8x6, but its annotation says 80x6"):
        voc_detection(split="train", root=write(tmp_path, "", width=80))[0]


@pytest.fixture
def bccd():
    if not (data_home() / "bccd_voc").is_dir():
        pytest.skip("the set bccd_voc is not on this machine")
    return data_home() / "bccd_voc"


def test_every_real_blood_cell_is_read(bccd):
    dataset = voc_detection(split="all", root=bccd, first_pixel=1)
    cells = Counter(dataset.labels[label] for entry in dataset.entries for label in entry.labels)
    assert cells == {"RBC": 4155, "WBC": 372, "Platelets": 361}
    assert dataset.repairs == {}
    splits = ("train", "val", "trainval", "test")
    sizes = {split: len(names_in_split(bccd, "Main", split, "Annotations", ".xml")) for split in splits}
    assert sizes == {"train": 205, "val": 87, "trainval": 292, "test": 72}


def test_counted_from_zero_two_of_them_have_no_area_and_that_is_told(bccd, capsys):
    dataset = voc_detection(split="all", root=bccd)
    assert sum(len(entry.labels) for entry in dataset.entries) == 4155 + 372 + 361 - 2
    assert dataset.repairs == {"boxes without area dropped": 2}
    assert "boxes without area dropped: 2" in capsys.readouterr().err


@pytest.mark.parametrize("split", ["val", "test"])
def test_real_boxes_equal_those_that_torchvision_reads(bccd, tmp_path, split):
    from torchvision.datasets import VOCDetection

    (tmp_path / "VOCdevkit").mkdir()
    (tmp_path / "VOCdevkit" / "VOC2007").symlink_to(bccd)
    theirs = VOCDetection(str(tmp_path), year="2007", image_set=split)
    ours = voc_detection(split=split, root=tmp_path, first_pixel=1)
    assert len(ours) == len(theirs)
    for i, (picture, target) in enumerate(theirs):
        item, objects = ours[i], target["annotation"]["object"]
        boxes = [[float(entry["bndbox"][corner]) for corner in ("xmin", "ymin", "xmax", "ymax")] for entry in objects]
        assert torch.equal(item["boxes"], torch.tensor(boxes) - torch.tensor([1, 1, 0, 0]))
        assert [ours.labels[label] for label in item["labels"]] == [entry["name"] for entry in objects]
        assert item["difficult"].tolist() == [entry["difficult"] == "1" for entry in objects]
        assert np.array_equal(item["image"].permute(1, 2, 0).numpy(), np.array(picture))


def test_a_file_where_the_folder_of_pictures_belongs_is_named(tmp_path):
    root = write(tmp_path, thing("wheel", 1, 2, 5, 6))
    (root / "JPEGImages").rename(root / "away")
    (root / "JPEGImages").write_text("")
    with pytest.raises(UserError, match="JPEGImages cannot be read as a folder: Not a directory"):
        voc_detection(split="train", root=root)


def test_a_list_that_cannot_be_read_is_empty_or_has_no_names_is_named(tmp_path):
    root = write(tmp_path, thing("wheel", 1, 2, 5, 6))
    listed = root / "ImageSets" / "Main" / "train.txt"
    for content, message in (
        (b"\n", r"train\.txt holds no picture"),
        (b"caf\xe9\n", r"train\.txt is not a text in UTF-8"),
        (b"x" * 9999, r"train\.txt, line 1: .* is not the name of one picture"),
    ):
        listed.write_bytes(content)
        with pytest.raises(UserError, match=message) as refused:
            voc_detection(split="train", root=root)
        assert len(str(refused.value)) < 500
    listed.unlink()
    listed.symlink_to(root / "nowhere")
    with pytest.raises(UserError, match=r"train\.txt cannot be read: No such file"):
        voc_detection(split="train", root=root)


def test_names_of_classes_that_are_there_and_cannot_be_read_are_not_missing(tmp_path):
    root = write(tmp_path, thing("wheel", 1, 2, 5, 6))
    (root / "class_names.txt").mkdir()
    with pytest.raises(UserError, match=r"class_names\.txt cannot be read: Is a directory"):
        voc_detection(split="train", root=root)
