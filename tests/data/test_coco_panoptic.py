"""COCO's panoptic segments: a miniature that is written here, the real ones beside the checkout, and bad files."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.coco_panoptic import coco_panoptic
from groundup.data.places import data_home
from groundup.errors import UserError

PIXELS = np.array([[[5, 0, 0], [5, 0, 0], [0, 1, 2]], [[0, 0, 0], [0, 1, 2], [0, 1, 2]]], dtype=np.uint8)
FAR = 0 + 256 * 1 + 65536 * 2


def segment(number, category, **rest):
    return {"id": number, "category_id": category, "iscrowd": 0, **rest}


def write(root, segments=None, pixels=PIXELS, **rest):
    segments = [segment(FAR, 200), segment(5, 1, iscrowd=1)] if segments is None else segments
    content = {
        "images": [{"id": 4, "file_name": "a.jpg", "width": 3, "height": 2}],
        "categories": [{"id": 200, "name": "sky", "isthing": 0}, {"id": 1, "name": "person", "isthing": 1}],
        "annotations": [{"image_id": 4, "file_name": "a.png", "segments_info": segments}],
        **rest,
    }
    masks = root / "annotations" / "panoptic_val2017"
    masks.mkdir(parents=True)
    (root / "val2017").mkdir()
    (root / "annotations" / "panoptic_val2017.json").write_text(json.dumps(content))
    Image.new("RGB", (3, 2)).save(root / "val2017" / "a.jpg")
    if pixels is not None:
        Image.fromarray(pixels).save(masks / "a.png")
    return root


def test_of_a_miniature_every_pixel_is_read(tmp_path):
    dataset = coco_panoptic(split="val", root=write(tmp_path))
    item = dataset[0]
    assert item["segments"].tolist() == [[1, 1, 0], [-1, 0, 0]]
    assert item["labels"].tolist() == [1, 0]
    assert item["mask"].tolist() == [[0, 0, 1], [255, 1, 1]]
    assert item["boxes"].tolist() == [[1, 0, 3, 2], [0, 0, 2, 1]]
    assert item["iscrowd"].tolist() == [False, True]
    assert dataset.facts["things"] == [True, False]
    assert dataset.facts["category_ids"] == [1, 200]


def test_a_picture_may_be_left_without_segments(tmp_path):
    item = coco_panoptic(split="val", root=write(tmp_path, [], np.zeros_like(PIXELS)))[0]
    assert item["mask"].unique().tolist() == [255]
    assert item["segments"].unique().tolist() == [-1]
    assert item["boxes"].shape == (0, 4)


@pytest.mark.parametrize(
    ("segments", "pixels", "rest", "message"),
    [
        ([segment(5, 1)], PIXELS, {}, f"a.png paints the segment {FAR}, which .* does not list"),
        ([segment(5, 1), segment(FAR, 200), segment(6, 1)], PIXELS, {}, "a.png lacks the segment 6"),
        ([segment(5, 7)], PIXELS, {}, r"segments_info\[0\] is of category 7"),
        ([segment(5, 1), segment(5, 1)], PIXELS, {}, r"segments_info\[1\] has the id 5"),
        ([segment(0, 1)], PIXELS, {}, r"segments_info\[0\] has the id 0"),
        (None, PIXELS[:, :2], {}, "a.png is a mask of 2x2, but its picture is 3x2"),
        (None, PIXELS[..., 0], {}, "has to be a PNG in colour"),
        (None, None, {}, "the mask .*a.png is not there"),
        (None, PIXELS, {"annotations": []}, r"picture 4 \(a.jpg\) has 0 annotations; it needs one"),
        (None, PIXELS, {"categories": [{"id": 1, "name": "person", "isthing": "no"}]}, "needs 0 or 1 as 'isthing'"),
        ("none", PIXELS, {}, "needs a list of objects under 'segments_info'"),
    ],
    ids=range(11),
)
def test_picture_and_list_that_disagree_are_refused_in_one_line(tmp_path, segments, pixels, rest, message):
    with pytest.raises(UserError, match=message) as refusal:
        coco_panoptic(split="val", root=write(tmp_path, segments, pixels, **rest))[0]
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("split", "segments"), [("train", 1110), ("val", 1078)])
def test_real_segments_have_the_area_and_the_box_that_coco_itself_counted(split, segments):
    root = data_home() / "coco_mini"
    if not root.is_dir():
        pytest.skip("the set coco_mini is not on this machine")
    ours = coco_panoptic(split=split, root=root)
    document = json.loads((root / "annotations" / f"panoptic_{split}2017.json").read_text())
    theirs = {entry["image_id"]: entry["segments_info"] for entry in document["annotations"]}
    assert len(ours) == len(theirs) == 100
    assert len(ours.labels) == 133
    assert sum(ours.facts["things"]) == 80
    count = 0
    for item in (ours[i] for i in range(100)):
        listed = theirs[int(item["image_id"])]
        count += len(listed)
        areas = torch.bincount(item["segments"].flatten() + 1, minlength=len(listed) + 1)[1:]
        assert areas.tolist() == [entry["area"] for entry in listed]
        assert [ours.facts["category_ids"][label] for label in item["labels"]] == [entry["category_id"] for entry in listed]
        for (x1, y1, x2, y2), entry in zip(item["boxes"].tolist(), listed, strict=True):
            assert [x1, y1, x2 - x1, y2 - y1] == entry["bbox"]
        void = item["mask"] == 255
        assert torch.equal(void, item["segments"] == -1)
        assert torch.equal(item["mask"][~void], item["labels"][item["segments"][~void]])
    assert count == segments
