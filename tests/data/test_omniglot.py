"""Omniglot from its zips: equal to torchvision's reader, counts as published, and nothing damaged gets through."""

import io
import zipfile
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.images import picture_facts
from groundup.data.omniglot import omniglot, omniglot_one_shot
from groundup.data.places import data_home
from groundup.errors import UserError

REAL = data_home() / "omniglot"
beside = pytest.mark.skipif(not REAL.is_dir(), reason="omniglot is not beside the checkout")
CHARACTERS = ("Greek/character01", "Greek/character02", "Latin/character01")


def png(seed, size=105):
    """A drawing as the authors store it: one bit a pixel, ink 0 on paper 1."""
    ink = np.random.default_rng(seed).random((size, size)) < 0.1
    file = io.BytesIO()
    Image.fromarray(~ink).save(file, "PNG")
    return file.getvalue()


def drawings():
    """A miniature: three characters, each drawn by three people."""
    names = [f"images_background/{c}/{4 + k:04d}_{d:02d}.png" for k, c in enumerate(CHARACTERS) for d in (1, 2, 20)]
    return {name: png(seed) for seed, name in enumerate(names)}


def write(folder, files, name="images_background.zip"):
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        for entry, content in files.items():
            archive.writestr(entry, content)
    return folder


def check_against_torchvision(folder, archive, ours):
    """Every picture and class as torchvision reads them from the unpacked archive; torchvision leaves the ink dark."""
    import torchvision

    class Unchecked(torchvision.datasets.Omniglot):
        def _check_integrity(self):
            return True

        def _get_target_folder(self):
            return archive.stem

    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder / "omniglot-py")
    theirs = Unchecked(folder)
    expected = {}
    for index, (file, character) in enumerate(theirs._flat_character_images):
        picture, _ = theirs[index]
        expected[theirs._characters[character], file] = 255 - np.asarray(picture)
    assert len(ours) == len(expected) > 0
    for (character, file), index in zip(sorted(expected), range(len(ours)), strict=True):
        item = ours[index]
        assert ours.labels[item["label"]] == character
        assert ours.alphabets[item["alphabet"]] == character.partition("/")[0]
        assert item["drawer"] == int(file[-6:-4]) - 1
        assert np.array_equal(item["image"][0].numpy(), expected[character, file])


def test_a_miniature_is_read_as_torchvision_reads_it(tmp_path):
    root = write(tmp_path / "ours", drawings())
    ours = omniglot(split="background", root=root)
    check_against_torchvision(tmp_path / "theirs", root / "images_background.zip", ours)
    assert picture_facts(ours) == {"labels": [*CHARACTERS], "num_classes": 3, "image_shape": [1, 105, 105], "in_channels": 1}
    assert (ours.columns["image"].dtype, ours.columns["label"].dtype) == (torch.uint8, torch.int64)


@beside
@pytest.mark.parametrize(
    ("split", "alphabets", "characters", "count"),
    [
        ("background_small1", ["Balinese", "Early_Aramaic", "Greek", "Korean", "Latin"], 136, 2720),
        ("background_small2", ["Greek", "Japanese_(katakana)", "Latin", "Sanskrit", "Tagalog"], 156, 3120),
    ],
)
def test_the_small_sets_have_the_published_counts(tmp_path, split, alphabets, characters, count):
    dataset = omniglot(split=split, root=REAL)
    assert (len(dataset), len(dataset.labels), dataset.alphabets) == (count, characters, alphabets)
    assert dataset.columns["label"].bincount().tolist() == [20] * characters
    assert dataset.columns["drawer"].bincount().tolist() == [characters] * 20
    assert dataset.columns["image"].float().mean() < 0.2 * 255  # ink is bright, and there is little of it
    check_against_torchvision(tmp_path, REAL / f"images_{split}.zip", dataset)


def test_smaller_pictures_are_averages(tmp_path):
    root = write(tmp_path, drawings())
    whole, small = (omniglot(split="background", root=root, size=size).columns["image"].float() for size in (105, 35))
    means = torch.nn.functional.avg_pool2d(whole, 3)
    assert (small - means).abs().max() <= 1
    with pytest.raises(UserError, match="give a size from 1 to 105 pixels; got 106"):
        omniglot(split="background", root=root, size=106)


@beside
def test_each_one_shot_run_asks_for_every_one_of_its_characters_once():
    lessons, tests = (omniglot_one_shot(split=split, root=REAL) for split in ("training", "test"))
    for dataset in (lessons, tests):
        assert len(dataset) == 400
        pairs = Counter(zip(dataset.columns["run"].tolist(), dataset.columns["label"].tolist(), strict=True))
        assert pairs == {(run, label): 1 for run in range(20) for label in range(20)}
    with zipfile.ZipFile(REAL / "one_shot_classification_all_runs.zip") as archive:
        for line in archive.read("run07/class_labels.txt").decode().splitlines():
            test, lesson = line.split()
            item = tests[6 * 20 + int(test[-6:-4]) - 1]
            assert (item["run"], item["label"]) == (6, int(lesson[-6:-4]) - 1)
            theirs = Image.open(io.BytesIO(archive.read(test))).convert("L")
            assert np.array_equal(item["image"][0].numpy(), 255 - np.asarray(theirs))


RUN = {
    "run01/class_labels.txt": b"".join(
        b"run01/test/item%02d.png run01/training/class%02d.png\n" % pair for pair in ((1, 2), (2, 1))
    ),
    **{f"run01/{part}{n:02d}.png": png(n) for part in ("test/item", "training/class") for n in (1, 2)},
}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"run01/test/item01.png\n", r"run01/class_labels\.txt, line 1: .* is not a test picture and its training picture"),
        (b"run01/test/item01.png run01/training/class02.png\n", r"run01/test/item02\.png: no class_labels\.txt says"),
        (RUN["run01/class_labels.txt"].replace(b"class01", b"class09"), r"run01/test/item02\.png: no class_labels\.txt says"),
    ],
)
def test_a_one_shot_run_whose_answers_do_not_fit_is_refused(tmp_path, content, message):
    name = "one_shot_classification_all_runs.zip"
    assert omniglot_one_shot(split="test", root=write(tmp_path, RUN, name)).columns["label"].tolist() == [1, 0]
    with pytest.raises(UserError, match=message):
        omniglot_one_shot(split="test", root=write(tmp_path, {**RUN, "run01/class_labels.txt": content}, name))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("images_background/Greek/character01/0004_03.png", png(1)[:60], "0004_03.png cannot be read as a picture"),
        ("images_background/Greek/character01/0004_03.png", b"", "0004_03.png cannot be read as a picture"),
        ("images_background/Greek/character01/0004_03.png", png(1, size=104), "104x104 pixels, not 105x105"),
        ("images_background/Greek/character01/0004_03.png", b"x" * 70_000, "70000 bytes are too many"),
        ("images_background/Greek/character01/cat.png", png(1), "cat.png: its name does not say which character this is"),
        ("images_background/Greek/character01/0004_21.png", png(1), "0004_21.png: its name does not say"),
        ("images_background/Greek/0004_03.png", png(1), "its name does not say"),
    ],
)
def test_a_damaged_drawing_is_named_in_one_line(tmp_path, name, content, message):
    with pytest.raises(UserError, match=message) as refusal:
        omniglot(split="background", root=write(tmp_path, {**drawings(), name: content}))
    assert "\n" not in str(refusal.value)


def test_what_file_managers_leave_behind_is_passed_over(tmp_path):
    left = {"__MACOSX/images_background/._x.png": b"", "images_background/.DS_Store": b"", "images_background/": b""}
    assert len(omniglot(split="background", root=write(tmp_path, {**left, **drawings()}))) == 9


def test_an_archive_that_is_damaged_empty_or_not_there_is_refused(tmp_path):
    path = write(tmp_path, drawings()) / "images_background.zip"
    whole = path.read_bytes()
    place = whole.index(b"IDAT") + 40
    for content, message in (
        (whole[:-100], "is damaged"),
        (b"", "is damaged"),
        (whole[:place] + b"\xff" * 9 + whole[place + 9 :], r"0004_01\.png is damaged .*Bad CRC-32"),
    ):
        path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            omniglot(split="background", root=tmp_path)
    write(tmp_path, {})
    with pytest.raises(UserError, match="holds no picture"):
        omniglot(split="background", root=tmp_path)
    with pytest.raises(UserError, match=r"lacks images_evaluation\.zip"):
        omniglot(split="evaluation", root=tmp_path)
    with pytest.raises(UserError, match=r"omniglot has the splits background, evaluation, .*; got 'train'"):
        omniglot(split="train", root=tmp_path)
    with pytest.raises(UserError, match="training and test; got 'train'"):
        omniglot_one_shot(split="train", root=tmp_path)


def test_a_training_picture_that_is_lost_shifts_no_label_of_the_others(tmp_path):
    name = "one_shot_classification_all_runs.zip"
    whole = {**RUN, "run01/class_labels.txt": b"run01/test/item01.png run01/training/class02.png\n"}
    del whole["run01/test/item02.png"], whole["run01/training/class01.png"]
    root = write(tmp_path, whole, name)
    assert omniglot_one_shot(split="training", root=root).columns["label"].tolist() == [1]
    assert omniglot_one_shot(split="test", root=root).columns["label"].tolist() == [1]


def test_a_name_of_two_lines_is_refused_in_one(tmp_path):
    with pytest.raises(UserError, match="its name does not say") as refused:
        omniglot(split="background", root=write(tmp_path, {"images_background/Greek/character01\n/0001_01.png": png(0)}))
    assert str(refused.value).isprintable()
