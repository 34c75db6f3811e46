"""CamVid: masks of numbers and of colours, written here; the real ones beside the checkout; bad ones."""

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.camvid import CLASSES, camvid
from groundup.data.places import data_home
from groundup.errors import UserError

NUMBERS = np.array([[0, 1, 2], [10, 11, 8]], dtype=np.uint8)
WANTED = [[0, 1, 2], [10, 255, 8]]
COLOURS = np.array([*CLASSES.values(), (0, 0, 0)], dtype=np.uint8)


def write(root, mask=NUMBERS, *, masks_in="trainannot", name="a.png"):
    (root / "train").mkdir(parents=True)
    (root / masks_in).mkdir()
    Image.new("RGB", (3, 2)).save(root / "train" / "a.jpg")
    Image.fromarray(mask).save(root / masks_in / name)
    return root


def test_numbers_and_colours_give_the_same_mask(tmp_path):
    numbers = camvid(split="train", root=write(tmp_path / "numbers"))
    colours = camvid(split="train", root=write(tmp_path / "colours", COLOURS[NUMBERS], masks_in="train_labels", name="a_L.png"))
    assert numbers[0]["mask"].tolist() == colours[0]["mask"].tolist() == WANTED
    assert numbers[0]["image"].shape == (3, 2, 3)
    assert numbers.labels[10] == "Bicyclist"
    assert numbers.facts["ignore_index"] == 255


def test_a_table_of_colours_of_ones_own_fixes_the_classes(tmp_path):
    root = write(tmp_path, np.array([[(9, 9, 9), (1, 2, 3), (0, 0, 0)]] * 2, dtype=np.uint8))
    (root / "label_colors.txt").write_text("1 2 3\tlane mark\n0 0 0\t\tVoid\n9 9 9\tmoss\n")
    dataset = camvid(split="train", root=root)
    assert dataset.labels == ["lane mark", "moss"]
    assert dataset[0]["mask"].tolist() == [[1, 0, 255]] * 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("1 2 3 a\n1 2 b\n", "label_colors.txt, line 2: '1 2 b' is not red, green, blue"),
        ("1 2 300 a\n", "line 1: '1 2 300 a' is not red"),
        ("1 2 3 a\n1 2 3 b\n", "line 2: '1 2 3 b' repeats"),
        ("1 2 3 a\n\n4 5 6 a\n", "line 3: '4 5 6 a' repeats"),
        ("", "names no class"),
    ],
)
def test_a_table_of_colours_that_is_wrong_is_refused_by_its_line(tmp_path, table, message):
    root = write(tmp_path)
    (root / "label_colors.txt").write_text(table)
    with pytest.raises(UserError, match=message):
        camvid(split="train", root=root)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (NUMBERS + 1, "row 1, column 1 is of class 12, but the classes are 0 to 10, and 11 for none"),
        (NUMBERS[:, :2], "is a mask of 2x2, but its picture is 3x2"),
        (COLOURS[NUMBERS] + np.uint8(1), r"colour \(129, 129, 129\) in row 0, column 0"),
    ],
    ids=range(3),
)
def test_a_mask_that_does_not_fit_is_refused_by_name(tmp_path, mask, message):
    with pytest.raises(UserError, match=message) as refusal:
        camvid(split="train", root=write(tmp_path, mask))[0]
    assert "a.png" in str(refusal.value)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="lacks val"):
        camvid(split="val", root=write(tmp_path))
    (tmp_path / "trainannot" / "a.png").unlink()
    with pytest.raises(UserError, match=r"the mask .*a.png is not there"):
        camvid(split="train", root=tmp_path)


README = {  # the shares of the classes 0 to 10, and of none, in the set's README
    "train": (120, [0.1676, 0.2296, 0.0097, 0.3198, 0.0442, 0.0975, 0.0112, 0.012, 0.0583, 0.007, 0.0028, 0.0402]),
    "val": (60, [0.0911, 0.2583, 0.0056, 0.2909, 0.0872, 0.1634, 0.0088, 0.031, 0.0176, 0.0065, 0.0222, 0.0174]),
    "test": (60, [0.1698, 0.2439, 0.0114, 0.2596, 0.0926, 0.1165, 0.0106, 0.0109, 0.0411, 0.0054, 0.002, 0.0363]),
}


@pytest.mark.parametrize("split", README)
def test_real_masks_have_the_shares_of_classes_that_their_readme_says_and_the_pixels_of_pillow(split):
    root = data_home() / "camvid_small"
    if not root.is_dir():
        pytest.skip("the set camvid_small is not on this machine")
    dataset = camvid(split=split, root=root)
    count, shares = README[split]
    assert len(dataset) == count
    total = torch.zeros(256, dtype=torch.int64)
    for (picture, mask, *_), item in zip(dataset.entries, (dataset[i] for i in range(count)), strict=True):
        total += torch.bincount(item["mask"].flatten(), minlength=256)
        assert picture.stem == mask.stem
        theirs = np.array(Image.open(mask))
        assert np.array_equal(item["mask"].numpy(), np.where(theirs == 11, 255, theirs))
        assert np.array_equal(item["image"].permute(1, 2, 0).numpy(), np.array(Image.open(picture)))
    found = total / total.sum()
    assert [*found[:11].tolist(), found[255].item()] == pytest.approx(shares, abs=6e-5)


@pytest.mark.parametrize("name", ["train", "trainannot"])
def test_a_file_where_a_folder_belongs_is_named(tmp_path, name):
    root = write(tmp_path)
    (root / name).rename(root / "away")
    (root / name).write_text("")
    with pytest.raises(UserError, match=f"{name} cannot be read as a folder: Not a directory"):
        camvid(split="train", root=root)


def test_a_table_of_colours_that_is_there_and_cannot_be_read_is_no_missing_table(tmp_path):
    root = write(tmp_path)
    (root / "label_colors.txt").symlink_to(root / "nowhere")
    with pytest.raises(UserError, match=r"label_colors\.txt cannot be read: No such file"):
        camvid(split="train", root=root)
    (root / "label_colors.txt").unlink()
    (root / "label_colors.txt").write_bytes(b"1 2 3 caf\xe9\n")
    with pytest.raises(UserError, match=r"label_colors\.txt is not a text in UTF-8"):
        camvid(split="train", root=root)


def test_an_empty_folder_of_pictures_and_an_endless_line_are_named(tmp_path):
    root = write(tmp_path)
    (root / "label_colors.txt").write_text("1 2 x" + "3" * 9999)
    with pytest.raises(UserError, match=r"line 1: .* is not red, green, blue") as refused:
        camvid(split="train", root=root)
    assert len(str(refused.value)) < 500
    (root / "label_colors.txt").unlink()
    (root / "train" / "a.jpg").unlink()
    with pytest.raises(UserError, match="train holds no picture"):
        camvid(split="train", root=root)
