"""Pascal VOC's masks of classes and objects: a miniature that is written here, the real ones, and bad ones."""

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.palette import voc_colours
from groundup.data.places import data_home
from groundup.data.voc import VOC_CLASSES
from groundup.data.voc_masks import voc_instances, voc_segmentation
from groundup.errors import UserError

CLASSES = np.array([[0, 15, 15, 255], [2, 2, 255, 15]], dtype=np.uint8)
OBJECTS = np.array([[0, 1, 1, 255], [3, 3, 255, 4]], dtype=np.uint8)


def write(root, classes=CLASSES, objects=OBJECTS):
    for folder in ("JPEGImages", "SegmentationClass", "SegmentationObject", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    Image.new("RGB", (4, 2)).save(root / "JPEGImages" / "a.jpg")
    for folder, pixels in (("SegmentationClass", classes), ("SegmentationObject", objects)):
        picture = Image.fromarray(pixels, mode="P")
        picture.putpalette([number for colour in voc_colours() for number in colour])
        picture.save(root / folder / "a.png")
    (root / "ImageSets/Segmentation/train.txt").write_text("a\n")
    return root


def test_of_a_miniature_the_class_of_every_pixel_is_read(tmp_path):
    dataset = voc_segmentation(split="train", root=write(tmp_path))
    assert dataset[0]["mask"].tolist() == CLASSES.tolist()
    assert dataset[0]["mask"].dtype == torch.int64
    assert dataset.facts == {"labels": ["background", *VOC_CLASSES], "ignore_index": 255}
    assert dataset.labels[15] == "person"


def test_of_a_miniature_every_object_is_read_with_its_class(tmp_path):
    dataset = voc_instances(split="train", root=write(tmp_path))
    item = dataset[0]
    assert [dataset.labels[label] for label in item["labels"]] == ["person", "bicycle", "person"]
    assert item["boxes"].tolist() == [[1, 0, 3, 1], [0, 1, 2, 2], [3, 1, 4, 2]]
    assert item["masks"].sum(dim=(1, 2)).tolist() == [2, 2, 1]


def test_a_picture_may_be_all_background(tmp_path):
    nothing = np.zeros_like(CLASSES)
    item = voc_instances(split="train", root=write(tmp_path, nothing, nothing))[0]
    assert {key: tuple(item[key].shape) for key in ("masks", "boxes", "labels")} == dict(
        masks=(0, 2, 4), boxes=(0, 4), labels=(0,)
    )


@pytest.mark.parametrize(
    ("classes", "objects", "message"),
    [
        (CLASSES + (CLASSES == 2) * np.uint8(30), OBJECTS, "row 1, column 0 is of class 32, but the classes are 0 to 20"),
        (CLASSES[:, :3], OBJECTS, "is a mask of 3x2, but its picture is 4x2"),
        (CLASSES, OBJECTS[:1], "is a mask of 4x1, but its picture is 4x2"),
        (CLASSES, np.where(OBJECTS == 3, 1, OBJECTS).astype(np.uint8), r"object 1 covers pixels of the classes \[2, 15\]"),
        (CLASSES, np.where(OBJECTS == 0, 9, OBJECTS).astype(np.uint8), r"object 9 covers pixels of the classes \[0\]"),
    ],
    ids=range(5),
)
def test_masks_that_do_not_fit_are_refused_by_name(tmp_path, classes, objects, message):
    with pytest.raises(UserError, match=message) as refusal:
        voc_instances(split="train", root=write(tmp_path, classes, objects))[0]
    assert "a.png" in str(refusal.value)


def test_a_mask_that_is_missing_is_named(tmp_path):
    root = write(tmp_path)
    (root / "SegmentationObject" / "a.png").unlink()
    assert len(voc_segmentation(split="train", root=root)) == 1
    with pytest.raises(UserError, match=r"the mask .*a.png is not there"):
        voc_instances(split="train", root=root)


@pytest.fixture
def voc():
    if not (data_home() / "voc_seg_tiny").is_dir():
        pytest.skip("the set voc_seg_tiny is not on this machine")
    return data_home() / "voc_seg_tiny"


def test_the_real_masks_hold_what_their_readme_says(voc):
    dataset = voc_segmentation(split="all", root=voc)
    assert [dataset[i]["mask"].unique().tolist() for i in range(3)] == [[0, 5, 15, 255], [0, 9, 15, 18, 255], [0, 6, 7]]
    assert [tuple(dataset[i]["mask"].shape) for i in range(3)] == [(338, 500), (375, 500), (375, 500)]
    objects = voc_instances(split="all", root=voc)
    assert [len(objects[i]["labels"]) for i in range(3)] == [3, 6, 3]
    assert [objects.labels[label] for label in objects[2]["labels"]] == ["bus", "bus", "car"]
    assert sorted(objects.labels[label] for label in objects[0]["labels"]) == ["bottle", "person", "person"]


def test_real_masks_equal_those_that_torchvision_reads(voc, tmp_path):
    from torchvision.datasets import VOCSegmentation

    folder = tmp_path / "VOCdevkit" / "VOC2012"
    folder.mkdir(parents=True)
    for path in voc.iterdir():
        (folder / path.name).symlink_to(path)
    names = sorted(path.stem for path in (voc / "JPEGImages").iterdir())
    (folder / "ImageSets/Segmentation").mkdir(parents=True)
    (folder / "ImageSets/Segmentation/train.txt").write_text("\n".join(names))
    theirs = VOCSegmentation(str(tmp_path), year="2012", image_set="train")
    ours = voc_segmentation(split="train", root=tmp_path)
    for i, (picture, mask) in enumerate(theirs):
        assert np.array_equal(ours[i]["image"].permute(1, 2, 0).numpy(), np.array(picture))
        assert np.array_equal(ours[i]["mask"].numpy(), np.array(mask))
