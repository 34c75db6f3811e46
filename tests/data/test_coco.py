"""COCO's objects, keypoints and captions: a miniature that is written here, the real ones beside the checkout, and bad files."""

import json
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.annotated import annotation_facts
from groundup.data.coco import coco_captions, coco_instances, coco_keypoints, without_crowds
from groundup.data.places import data_home
from groundup.data.rle import counts_to_text
from groundup.errors import UserError

SPLITS = ("train", "val")
SQUARE = [[2.0, 1.0, 6.0, 1.0, 6.0, 4.0, 2.0, 4.0]]


def box_of(category, bbox, **rest):
    return {
        "category_id": category,
        "bbox": bbox,
        "segmentation": [list(SQUARE[0])],
        "area": bbox[2] * bbox[3],
        "iscrowd": 0,
        **rest,
    }


def document():
    """Two pictures and three classes whose ids leave gaps; the second picture has no object."""
    return {
        "images": [
            {"id": 7, "file_name": "a.png", "width": 8, "height": 6},
            {"id": 3, "file_name": "b.png", "width": 4, "height": 5},
        ],
        "categories": [{"id": 90, "name": "zebra"}, {"id": 2, "name": "ant"}, {"id": 11, "name": "bee"}],
        "annotations": [
            {"id": 1, "image_id": 7, **box_of(11, [2, 1, 4, 3])},
            {"id": 2, "image_id": 7, **box_of(90, [0, 0, 2, 6], iscrowd=1, segmentation={"size": [6, 8], "counts": [0, 12, 36]})},
            {
                "id": 3,
                "image_id": 7,
                **box_of(2, [1.5, 2, 1, 1], segmentation={"size": [6, 8], "counts": counts_to_text([47, 1])}),
            },
        ],
    }


def write(root, content=None, *, kind="instances", split="val", pictures=True):
    """A set in COCO's own folders; `content` is the document, or the text of the file."""
    content = document() if content is None else content
    (root / "annotations").mkdir(parents=True, exist_ok=True)
    (root / f"{split}2017").mkdir(exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (root / "annotations" / f"{kind}_{split}2017.json").write_text(text)
    for name, size, colour in (("a.png", (8, 6), (255, 0, 9)), ("b.png", (4, 5), (1, 2, 3))) if pictures else ():
        Image.new("RGB", size, colour).save(root / f"{split}2017" / name)
    return root


@pytest.fixture
def coco_mini():
    if not (data_home() / "coco_mini").is_dir():
        pytest.skip("the set coco_mini is not on this machine")
    return data_home() / "coco_mini"


def test_of_a_miniature_everything_is_read(tmp_path, capsys):
    dataset = coco_instances(split="val", root=write(tmp_path))
    assert len(dataset) == 2
    item = dataset[0]
    assert item["image"].shape == (3, 6, 8)
    assert item["image"][:, 0, 0].tolist() == [255, 0, 9]
    assert item["image_id"] == 7
    assert item["boxes"].tolist() == [[2, 1, 6, 4], [0, 0, 2, 6], [1.5, 2, 2.5, 3]]
    assert item["labels"].tolist() == [1, 2, 0]
    assert item["iscrowd"].tolist() == [False, True, False]
    assert item["area"].tolist() == [12, 12, 1]
    assert [mask.sum().item() for mask in item["masks"]] == [12, 12, 1]
    assert item["masks"][0, 1:4, 2:6].all()
    assert item["masks"][1, :, :2].all()
    assert item["masks"][2, 5, 7]
    assert dataset.repairs == {}
    assert capsys.readouterr().err == ""


def test_gaps_in_the_ids_of_categories_leave_none_in_the_labels(tmp_path):
    facts = annotation_facts(coco_instances(split="val", root=write(tmp_path)))
    assert facts == {"labels": ["ant", "bee", "zebra"], "category_ids": [2, 11, 90], "num_classes": 3, "in_channels": 3}


def test_a_picture_without_objects_has_none(tmp_path):
    item = coco_instances(split="val", root=write(tmp_path))[1]
    shapes = {key: tuple(found.shape) for key, found in item.items()}
    assert shapes == dict(image=(3, 5, 4), boxes=(0, 4), labels=(0,), iscrowd=(0,), area=(0,), image_id=(), masks=(0, 5, 4))
    assert item["labels"].dtype == torch.int64
    assert item["masks"].dtype == item["iscrowd"].dtype == torch.bool


def test_crowds_are_told_apart_and_left_out_where_a_model_is_trained(tmp_path):
    item = without_crowds(coco_instances(split="val", root=write(tmp_path))[0])
    assert item["labels"].tolist() == [1, 0]
    assert {len(item[key]) for key in ("boxes", "masks", "area", "iscrowd")} == {2}
    assert item["image"].shape == (3, 6, 8)


def test_boxes_alone_need_no_segmentation(tmp_path):
    content = document()
    content["annotations"][0]["segmentation"] = []
    root = write(tmp_path, content)
    assert "masks" not in coco_instances(split="val", root=root, masks=False)[0]
    with pytest.raises(UserError, match=r"annotations\[0\] \(id 1\) has no segmentation .* masks=False"):
        coco_instances(split="val", root=root)


def test_a_set_exported_by_a_labelling_service_is_read_too(tmp_path):
    write(tmp_path)
    (tmp_path / "val2017").rename(tmp_path / "valid")
    (tmp_path / "annotations" / "instances_val2017.json").rename(tmp_path / "valid" / "_annotations.coco.json")
    assert len(coco_instances(split="valid", root=tmp_path)) == 2


def test_a_dataset_can_be_sent_to_a_worker(tmp_path):
    dataset = pickle.loads(pickle.dumps(coco_instances(split="val", root=write(tmp_path))))
    assert dataset[0]["labels"].tolist() == [1, 2, 0]


def test_boxes_are_repaired_where_that_is_safe_and_every_repair_is_counted_and_told(tmp_path, capsys):
    content = document()
    boxes = ([-1, 0, 3, 2], [6, 4, 9, 9], [1, 1, 0, 2], [3, 3, -1, 1], [8, 0, 2, 2], [1, 1, 1, 1], [-3, -3, 2, 2])
    content["annotations"] = [{"id": i, "image_id": 7, **box_of(2, list(box))} for i, box in enumerate(boxes)]
    content["annotations"] += [content["annotations"][5], {"id": 99, "image_id": 12345, **box_of(2, [0, 0, 1, 1])}]
    dataset = coco_instances(split="val", root=write(tmp_path, content))
    assert dataset[0]["boxes"].tolist() == [[0, 0, 2, 2], [6, 4, 8, 6], [1, 1, 2, 2]]
    assert len(dataset[0]["masks"]) == 3
    assert dataset.repairs == {
        "repeated annotations dropped": 1,
        "annotations of unknown pictures dropped": 1,
        "boxes clipped to their picture": 2,
        "boxes without area dropped": 1,
        "inverted boxes dropped": 1,
        "boxes outside their picture dropped": 2,
    }
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "inverted boxes dropped: 1" in told


def changed(*path_and_value):
    """The document with one value changed, where that path leads."""
    content = document()
    *path, last, value = path_and_value
    target = content
    for step in path:
        target = target[step]
    target[last] = value
    return content


BAD = {
    '{"images": [1,\n 2,]}': r"no JSON: .* in line 2, column",
    "": "no JSON: Expecting value in line 1, column 1",
    "[" * 100_000: "no JSON that can be read",
    '{"images": ' + "9" * 5000 + "}": "no JSON that can be read",
    "[1, 2]": "has to hold an object with images and annotations",
    '{"annotations": []}': "needs a list of objects under 'images'; got None",
    '{"images": [3]}': "needs a list of objects under 'images'",
    '{"images": []}': "needs a list of objects under 'categories'",
}
WRONG = [
    (("images", 0, "id", "7"), r"images\[0\] needs a whole number as 'id'; got '7'"),
    (("images", 1, "id", 7), r"images\[1\] \(b.png\) has the id 7 of a.png"),
    (("images", 0, "width", 0), r"images\[0\] \(a.png\) is said to be 0x6"),
    (("images", 0, "width", 10**12), "no picture is"),
    (("images", 0, "file_name", "gone.png"), "gone.png is not there: put it there"),
    (("images", 0, "file_name", "../../secret.png"), "leaves the folder"),
    (("images", 0, "file_name", "/etc/secret.png"), "leaves the folder"),
    (("images", 0, "file_name", None), r"images\[0\] needs a text as 'file_name'"),
    (("categories", 1, "id", 90), r"categories\[1\] \(ant\) has the id 90 of zebra"),
    (("annotations", 0, "category_id", 1), r"annotations\[0\] \(id 1\) is of category 1, which is not among"),
    (("annotations", 0, "category_id", True), "needs a whole number as 'category_id'"),
    (("annotations", 1, "id", 1), r"annotations\[1\] \(id 1\) has the id of another annotation"),
    (("annotations", 0, "bbox", [1, 2, 3]), r"annotations\[0\] \(id 1\): bbox has to be 4 numbers; got \[1, 2, 3\]"),
    (("annotations", 0, "bbox", [1, 2, 3, float("nan")]), "nan among them is none"),
    (("annotations", 0, "bbox", [1, 2, 3, float("inf")]), "inf among them is none"),
    (("annotations", 0, "bbox", [1, 2, 3, 10**400]), "out of any picture"),
    (("annotations", 0, "bbox", "1 2 3 4"), "bbox has to be 4 numbers"),
    (("annotations", 0, "iscrowd", 2), "needs 0 or 1 as 'iscrowd'"),
    (("annotations", 0, "iscrowd", []), "needs 0 or 1 as 'iscrowd'"),
    (("annotations", 0, "area", "large"), "area has to be 1 numbers"),
    (("annotations", 0, "segmentation", [[1, 2, 3, 4]]), r"segmentation\[0\] needs x and y of three points"),
    (("annotations", 0, "segmentation", [[1, 2, 3, 4, 5, 6, 7]]), "got 7 numbers"),
    (("annotations", 0, "segmentation", None), "has no segmentation"),
    (("annotations", 1, "segmentation", {"size": [8, 6], "counts": [48]}), r"has the size \[8, 6\], the picture \[6, 8\]"),
    (("annotations", 1, "segmentation", {"size": [6, 8], "counts": [1.5]}), "needs a list of whole numbers"),
    (("annotations", 1, "segmentation", {"size": [6, 8], "counts": "~"}), "annotations\\[1\\] .*character 0"),
    (("annotations", []), None),
]


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_file_that_is_none_is_answered_in_one_line_that_names_it(tmp_path, text):
    with pytest.raises(UserError, match=BAD[text]) as refusal:
        coco_instances(split="val", root=write(tmp_path, text))
    assert "instances_val2017.json" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("change", "message"), WRONG, ids=range(len(WRONG)))
def test_an_entry_that_is_wrong_is_named(tmp_path, change, message):
    root = write(tmp_path, changed(*change))
    if message is None:  # a picture may have no objects
        assert len(coco_instances(split="val", root=root)[0]["labels"]) == 0
        return
    with pytest.raises(UserError, match=message) as refusal:
        coco_instances(split="val", root=root)
    assert "instances_val2017.json" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_runs_that_do_not_fill_the_picture_are_refused_when_they_are_read(tmp_path):
    dataset = coco_instances(split="val", root=write(tmp_path, changed("annotations", 1, "segmentation", "counts", [12, 35])))
    with pytest.raises(UserError, match=r"annotations\[1\] \(id 2\): segmentation: the runs fill 47 pixels"):
        dataset[0]


def test_annotations_that_are_all_of_other_pictures_are_refused(tmp_path):
    content = document()
    for entry in content["annotations"]:
        entry["image_id"] += 1000
    with pytest.raises(UserError, match="no annotation is of a picture in images"):
        coco_instances(split="val", root=write(tmp_path, content))


def test_a_picture_of_another_size_than_annotated_is_refused_and_one_annotated_upright_is_turned(tmp_path):
    root = write(tmp_path)
    picture = Image.new("RGB", (6, 8))
    picture.putpixel((0, 0), (9, 9, 9))
    picture.save(root / "val2017" / "a.png")
    dataset = coco_instances(split="val", root=root)
    with pytest.raises(UserError, match=r"a.png is 6x8, but its annotation says 8x6"):
        dataset[0]
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the right way up is a quarter turn to the right
    picture.save(root / "val2017" / "a.png", exif=exif)
    assert dataset[0]["image"][:, 0, 7].tolist() == [9, 9, 9]


def test_a_picture_that_is_cut_off_is_refused(tmp_path):
    root = write(tmp_path)
    path = root / "val2017" / "a.png"
    path.write_bytes(path.read_bytes()[:45])
    with pytest.raises(UserError, match=r"a.png cannot be read as a picture"):
        coco_instances(split="val", root=root)[0]


def test_a_label_means_the_same_in_every_split(tmp_path):
    """The validation part of a set of one's own may lack a class: its labels must not move up."""
    write(tmp_path, split="train")
    lacking = document()
    del lacking["categories"][1], lacking["annotations"][2]
    dataset = coco_instances(split="val", root=write(tmp_path, lacking))
    assert dataset.labels == ["ant", "bee", "zebra"]
    assert dataset[0]["labels"].tolist() == [1, 2]
    for key, name in ((2, "wasp"), (5, "ant")):
        other = document()
        other["categories"][1] = {"id": key, "name": name}
        del other["annotations"][2]
        with pytest.raises(UserError, match=f"the category {key} is '{name}', but in instances_train2017.json"):
            coco_instances(split="val", root=write(tmp_path, other))


def test_what_is_not_there_is_said_with_what_to_put_where(tmp_path):
    with pytest.raises(UserError, match=r"Put annotations/instances_val2017.json and the pictures in val2017/"):
        coco_instances(split="val", root=tmp_path)
    write(tmp_path)
    with pytest.raises(UserError, match="no instances for the split 'test'; there are val2017"):
        coco_instances(split="test", root=tmp_path)
    write(tmp_path, split="train")
    (tmp_path / "annotations" / "instances_train2014.json").write_text("{}")
    with pytest.raises(UserError, match="instances of train2014 and train2017"):
        coco_instances(split="train", root=tmp_path)
    assert len(coco_instances(split="train2017", root=tmp_path)) == 2


KEYPOINTS = {"id": 1, "name": "person", "keypoints": ["nose", "left_eye", "right_eye"], "skeleton": [[1, 2], [1, 3]]}


def people(points=(1, 2, 2, 3, 1, 1, 0, 0, 0), **category):
    entry = {"id": 1, "image_id": 7, **box_of(1, [0, 0, 4, 4]), "keypoints": list(points)}
    return {**document(), "categories": [{**KEYPOINTS, **category}], "annotations": [entry]}


def test_keypoints_come_with_their_names_bones_and_mirror_images(tmp_path):
    dataset = coco_keypoints(split="val", root=write(tmp_path, people(), kind="person_keypoints"))
    assert dataset[0]["keypoints"].tolist() == [[[1, 2, 2], [3, 1, 1], [0, 0, 0]]]
    assert dataset[1]["keypoints"].shape == (0, 3, 3)
    assert dataset.facts["keypoint_names"] == KEYPOINTS["keypoints"]
    assert dataset.facts["skeleton"] == [[0, 1], [0, 2]]
    assert dataset.facts["flip_pairs"] == [[1, 2]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (people((1, 2, 2)), r"annotations\[0\] \(id 1\): keypoints has to be 9 numbers"),
        (people((1, 2, 3, 0, 0, 0, 0, 0, 0)), "0, 1 or 2 each"),
        (people(skeleton=[[1, 4]]), "skeleton joins points that are not among its 3"),
        (people(skeleton=7), "needs pairs of points"),
        (people(keypoints=None), "needs the names of its points"),
        (document(), "keypoints are read of one category; there are 3"),
    ],
    ids=range(6),
)
def test_keypoints_that_cannot_be_are_refused(tmp_path, content, message):
    with pytest.raises(UserError, match=message):
        coco_keypoints(split="val", root=write(tmp_path, content, kind="person_keypoints"))


def test_empty_captions_are_dropped_and_counted_and_with_them_a_picture_left_without(tmp_path, capsys):
    texts = [(7, " A red page.\n"), (7, "  "), (3, ""), (7, "Red.")]
    annotations = [{"id": i, "image_id": image, "caption": text} for i, (image, text) in enumerate(texts)]
    content = {"images": document()["images"], "annotations": annotations}
    dataset = coco_captions(split="val", root=write(tmp_path, content, kind="captions"))
    assert [item["captions"] for item in (dataset[i] for i in range(len(dataset)))] == [["A red page.", "Red."]]
    assert dataset.repairs == {"empty captions dropped": 2, "pictures without a caption dropped": 1}
    assert "empty captions dropped: 2" in capsys.readouterr().err


@pytest.mark.parametrize(("split", "count", "objects", "crowds"), [("train", 160, 1444, 14), ("val", 158, 1424, 16)])
def test_real_objects_equal_those_that_pycocotools_and_torchvision_read(coco_mini, split, count, objects, crowds):
    ours = coco_instances(split=split, root=coco_mini)
    assert len(ours) == count
    assert len(ours.labels) == 80
    items = {int(item["image_id"]): item for item in (ours[i] for i in range(count))}
    assert sum(len(item["labels"]) for item in items.values()) == objects
    assert sum(int(item["iscrowd"].sum()) for item in items.values()) == crowds
    pytest.importorskip("pycocotools")
    from torchvision.datasets import CocoDetection

    theirs = CocoDetection(str(coco_mini / f"{split}2017"), str(coco_mini / "annotations" / f"instances_{split}2017.json"))
    assert sorted(items) == theirs.ids
    for key, (picture, target) in zip(theirs.ids, theirs):
        item = items[key]
        assert np.array_equal(item["image"].permute(1, 2, 0).numpy(), np.array(picture))
        assert [ours.facts["category_ids"][label] for label in item["labels"]] == [entry["category_id"] for entry in target]
        assert [ours.labels[label] for label in item["labels"]] == [theirs.coco.cats[e["category_id"]]["name"] for e in target]
        assert item["iscrowd"].tolist() == [bool(entry["iscrowd"]) for entry in target]
        assert item["area"].tolist() == pytest.approx([entry["area"] for entry in target], rel=1e-6)
        for box, mask, entry in zip(item["boxes"], item["masks"], target, strict=True):
            x, y, width, height = entry["bbox"]
            inside = [max(x, 0), max(y, 0), min(x + width, picture.width), min(y + height, picture.height)]
            assert box.tolist() == torch.tensor(inside).tolist()
            assert np.array_equal(mask.numpy(), theirs.coco.annToMask(entry))


@pytest.mark.parametrize(("split", "count", "persons", "with_persons"), [("train", 80, 172, 36), ("val", 79, 118, 39)])
def test_real_keypoints_equal_those_that_pycocotools_reads(coco_mini, split, count, persons, with_persons):
    ours = coco_keypoints(split=split, root=coco_mini)
    items = [ours[i] for i in range(len(ours))]
    assert len(items) == count
    assert sum(len(item["keypoints"]) for item in items) == persons
    assert sum(len(item["keypoints"]) > 0 for item in items) == with_persons
    assert len(ours.facts["flip_pairs"]) == 8
    coco = pytest.importorskip("pycocotools.coco").COCO(coco_mini / "annotations" / f"person_keypoints_{split}2017.json")
    for item in items:
        theirs = coco.imgToAnns[int(item["image_id"])]
        assert item["keypoints"].reshape(-1, 51).tolist() == [pytest.approx(entry["keypoints"]) for entry in theirs]
        assert (item["keypoints"][..., 2] > 0).sum(dim=1).tolist() == [entry["num_keypoints"] for entry in theirs]


@pytest.mark.parametrize(("split", "count", "captions"), [("train", 80, 400), ("val", 255, 1276)])
def test_real_captions_equal_those_that_torchvision_reads(coco_mini, split, count, captions):
    ours = coco_captions(split=split, root=coco_mini)
    found = {picture.id: texts for picture, texts in ours.entries}
    assert len(ours) == count
    assert sum(map(len, found.values())) == captions
    pytest.importorskip("pycocotools")
    from torchvision.datasets import CocoCaptions

    theirs = CocoCaptions(str(coco_mini / f"{split}2017"), str(coco_mini / "annotations" / f"captions_{split}2017.json"))
    assert found == {key: [text.strip() for text in theirs._load_target(key)] for key in theirs.ids}


def test_a_picture_of_too_many_pixels_is_refused_and_nothing_warns(tmp_path, recwarn, monkeypatch):
    dataset = coco_instances(split="val", root=write(tmp_path))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    with pytest.raises(UserError, match=r"a\.png cannot be read as a picture: .*48 pixels"):
        dataset[0]
    assert not recwarn.list


@pytest.mark.parametrize("name", ["x" * 9999 + ".png", "two\nlines.png"])
def test_a_picture_with_a_name_that_no_file_has_is_refused_in_one_short_line(tmp_path, name):
    content = document()
    content["images"][0]["file_name"] = name
    with pytest.raises(UserError, match="is not there") as refused:
        coco_instances(split="val", root=write(tmp_path, content))
    assert len(str(refused.value)) < 800 and str(refused.value).isprintable()
