"""Folders of one's own: which pictures, which classes, which split; what cannot be right is refused by name."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from groundup.data.class_folders import HELD_OUT, name_hash
from groundup.data.decode import read_picture
from groundup.data.image_folder import image_folder
from groundup.data.images import picture_facts
from groundup.data.places import data_home
from groundup.errors import UserError

SIDE = 12


def colour_of(name):
    """A colour of its own for each name, so that every pixel tells which file it came from."""
    return tuple(random.Random(name).randrange(256) for _ in range(3))


def put(path, colour=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = options.pop("kind", None)
    Image.new("RGB", (SIDE, SIDE), colour or colour_of(path.name)).save(path, kind, **options)
    return path


def classes(root, count=4, names=("cat", "dog")):
    """So many pictures in a folder for each class."""
    for name in names:
        for i in range(count):
            put(root / name / f"{name}{i}.png")
    return root


def loaded(root, split, **options):
    return image_folder(split=split, root=root, image_shape=(3, SIDE, SIDE), **options)


def named(dataset):
    """The names of a data set's files with the names of their classes."""
    return {Path(file).name: dataset.labels[label] for file, label in zip(dataset.files, dataset.label.tolist(), strict=True)}


def refused(root, message, split="train", **options):
    with pytest.raises(UserError, match=message) as refusal:
        loaded(root, split, **options)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("in_memory", [False, True])
@pytest.mark.parametrize("held_out", ["val", "valid", "validation", "test"])
def test_splits_are_folders_and_every_picture_bears_the_label_of_its_folder(tmp_path, held_out, in_memory):
    classes(tmp_path / "train", names=("dog", "cat", "Ape"))
    classes(tmp_path / held_out, names=("dog", "cat"))
    train, test = (loaded(tmp_path, split, in_memory=in_memory) for split in ("train", "test"))
    assert (len(train), len(test)) == (12, 8)
    for dataset in (train, test):
        assert dataset.labels == ["Ape", "cat", "dog"] and dataset.repairs == {}
        for item in dataset:
            name = dataset.labels[item["label"]]
            colours = [colour_of(f"{name}{i}.png") for i in range(4)]
            assert item["image"].dtype == torch.uint8 and item["image"].shape == (3, SIDE, SIDE)
            assert tuple(item["image"][:, 3, 3].tolist()) in colours
    if held_out != "test":
        assert named(loaded(tmp_path, "validation")) == named(loaded(tmp_path, "test"))


def test_with_val_and_test_each_split_has_its_own_folder_and_a_test_without_classes_counts_as_none(tmp_path):
    for split in ("train", "val", "test"):
        classes(tmp_path / split, names=("cat", "dog"), count={"train": 4, "val": 3, "test": 2}[split])
    assert [len(loaded(tmp_path, split)) for split in ("train", "validation", "test")] == [8, 6, 4]
    shutil.rmtree(tmp_path / "test")
    put(tmp_path / "test" / "unlabelled.png")
    assert len(loaded(tmp_path, "test")) == 6


def test_facts_of_the_training_split_number_the_classes_of_another_folder(tmp_path):
    classes(tmp_path / "a", names=("bee", "cat", "dog"))
    facts = picture_facts(loaded(tmp_path / "a", "train"))
    assert facts == {"labels": ["bee", "cat", "dog"], "num_classes": 3, "image_shape": [3, SIDE, SIDE], "in_channels": 3}
    classes(tmp_path / "b" / "test", names=("cat", "dog"))
    dataset = loaded(tmp_path / "b", "test", labels=facts["labels"])
    assert set(dataset.label.tolist()) == {1, 2}
    classes(tmp_path / "b" / "test", names=("wasp",))
    refused(
        tmp_path / "b",
        r"wasp0.png is of class 'wasp', which is none of the classes bee, cat, dog",
        "test",
        labels=["bee", "cat", "dog"],
    )
    refused(tmp_path / "b", "has no train split; it has test", labels=["cat", "dog"])
    refused(tmp_path / "b", "has no train split to tell the classes by", "test")


def test_without_splits_a_fifth_of_each_class_is_held_out(tmp_path):
    root = classes(tmp_path, count=150, names=("a", "b", "c"))
    train, test = loaded(root, "train"), loaded(root, "test")
    assert not set(train.files) & set(test.files) and len(train) + len(test) == 450
    for label in range(3):
        assert (test.label == label).sum() / 150 == pytest.approx(1 / HELD_OUT, abs=0.09)
    assert named(loaded(root, "test", seed=1)) != named(test)
    assert all(name_hash(f"{label}/{name}", 0) % HELD_OUT == 0 for name, label in named(test).items())


def test_no_picture_changes_sides_when_others_are_added_or_the_folder_moves(tmp_path):
    root = classes(tmp_path / "here", count=30)
    before = named(loaded(root, "test"))
    assert len(before) > 4
    classes(root, count=45)
    root = root.rename(tmp_path / "there")
    after = named(loaded(root, "test"))
    assert before.items() <= after.items()
    assert all(int(name[3:-4]) >= 30 for name in after.keys() - before.keys())


def test_both_sides_have_a_picture_of_every_class_however_few_there_are(tmp_path):
    for count in (2, 3):
        for seed in range(12):
            root = tmp_path / str(count)
            classes(root, count=count)
            train, test = loaded(root, "train", seed=seed), loaded(root, "test", seed=seed)
            assert set(train.label.tolist()) == set(test.label.tolist()) == {0, 1}
            assert len(train) + len(test) == 2 * count


def test_a_train_folder_alone_is_cut_as_any_other(tmp_path):
    classes(tmp_path / "train", count=10)
    assert len(loaded(tmp_path, "train")) + len(loaded(tmp_path, "test")) == 20
    refused(tmp_path, "has no validation split; it has train, test", "validation")


def test_what_is_left_out_or_put_right_is_counted_and_told_once(tmp_path, capsys):
    classes(tmp_path)
    put(tmp_path / "beside.png")
    (tmp_path / "README.md").write_text("not a class")
    (tmp_path / "cat" / "notes.txt").write_text("of no interest")
    (tmp_path / "cat" / ".DS_Store").write_text("")
    (tmp_path / "cat" / "._cat0.png").write_text("what macOS leaves on a stick")
    (tmp_path / ".git" / "objects").mkdir(parents=True)
    put(tmp_path / "dog" / "deeper" / "down" / "dog9.JPG", kind="PNG")
    frame = Image.new("RGB", (SIDE, SIDE))
    other = Image.new("RGB", (SIDE, SIDE), "white")
    for name in ("a.gif", "a.webp", "a.png", "a.tiff"):
        frame.save(tmp_path / "dog" / name, save_all=True, append_images=[other])
    frame.save(tmp_path / "dog" / "still.gif")
    train, test = loaded(tmp_path, "train"), loaded(tmp_path, "test")
    whole = {key: train.repairs.get(key, 0) + test.repairs.get(key, 0) for key in {**train.repairs, **test.repairs}}
    assert whole == {
        "pictures beside the class folders left out": 2,  # both splits look at all that lies there
        "files that are no pictures left out": 2,
        "wrongly named pictures read by their content": 1,
        "pictures of several frames read by their first": 4,
    }
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and lines[0].startswith(f"{tmp_path} (train): 1 pictures beside the class folders left out; 1 files")
    files = named(train) | named(test)
    assert files["dog9.JPG"] == "dog" and "beside.png" not in files and "._cat0.png" not in files


def test_folders_beside_the_splits_are_counted(tmp_path):
    classes(tmp_path / "train")
    classes(tmp_path / "test")
    classes(tmp_path, names=("bird",))
    assert loaded(tmp_path, "train").repairs == {"folders beside the splits left out": 1}


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
MISTAKES = {
    "nothing": (lambda root: None, "has no folders of classes: make one for each, such as"),
    "flat": (lambda root: put(root / "a.png"), "has no folders of classes"),
    "flat splits": (lambda root: [put(root / s / "a.png") for s in ("train", "test")], "has no folders of classes"),
    "one class": (lambda root: classes(root, names=("cat",)), "has one class, 'cat': a classifier needs two or more"),
    "empty class": (lambda root: (classes(root) / "empty").mkdir(), "empty holds no picture: put some there, or take"),
    "single": (lambda root: put(classes(root) / "bird" / "b.png"), "class 'bird' has one picture, .*b.png: a second is needed"),
    "other words": (
        lambda root: [classes(root / split) for split in ("Training", "Testing")],
        "Testing and Training hold folders of the same names, as splits do: call the splits train, val and test",
    ),
    "new class": (
        lambda root: [classes(root / "train"), classes(root / "test", names=("cat", "eel"))],
        "eel0.png is of class 'eel', which is none of the classes cat, dog",
    ),
    "heic": (
        lambda root: [write(classes(root) / "cat" / f"IMG_{i}.HEIC", HEIC) for i in range(30)],
        r"IMG_\d+.HEIC \(and \d+ more\) is a HEIC picture, which is not read here: save it as JPEG",
    ),
    "hidden heic": (lambda root: write(classes(root, 30) / "cat" / "cat4.png", HEIC), "cat4.png is a HEIC picture"),
    "empty file": (lambda root: write(classes(root) / "cat" / "cat1.png", b""), "cat1.png is empty: copy it again"),
    "a web page": (lambda root: write(classes(root) / "dog" / "dog1.png", b"<html>"), "dog1.png cannot be read as a picture"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_folder_that_cannot_be_right_is_refused_in_one_line(tmp_path, mistake):
    make, message = MISTAKES[mistake]
    make(tmp_path)
    with pytest.raises(UserError, match=message) as refusal:  # in whichever split the fault lies
        [loaded(tmp_path, split) for split in ("train", "test")]
    assert "\n" not in str(refusal.value)


def test_a_truncated_picture_is_named_when_it_is_read(tmp_path):
    classes(tmp_path, count=10)
    path = tmp_path / "cat" / "cat0.png"
    path.write_bytes(path.read_bytes()[:-30])
    datasets = [loaded(tmp_path, split) for split in ("train", "test")]
    with pytest.raises(UserError, match=r"cat0\.png cannot be read as a picture"):
        [item for dataset in datasets for item in dataset]
    with pytest.raises(UserError, match=r"cat0\.png cannot be read as a picture"):
        [loaded(tmp_path, split, in_memory=True) for split in ("train", "test")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(split="valid"), "the splits train, validation, test; got 'valid'"),
        (dict(split="train", crop="middle"), "crop is one of random_resized, random, or None; got 'middle'"),
        (dict(split="train", image_shape=(4, 8, 8)), r"image_shape is \(1 or 3, height, width\); got \(4, 8, 8\)"),
        (dict(split="train"), "name their folder with --data"),
        (dict(split="train", root="nowhere/at/all"), "there is no folder nowhere/at/all"),
        (dict(split="train", root=".", crop="random", in_memory=True), "give one of the two"),
    ],
)
def test_arguments_that_cannot_be_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        image_folder(**options)


def test_names_are_one_however_a_system_composes_their_letters(tmp_path):
    classes(tmp_path / "nfc", names=("K\u00e4fer", "Wanze"), count=20)
    classes(tmp_path / "nfd", names=("Ka\u0308fer", "Wanze"), count=20)
    nfc, nfd = loaded(tmp_path / "nfc", "train"), loaded(tmp_path / "nfd", "train")
    assert nfc.labels == nfd.labels == ["K\u00e4fer", "Wanze"]
    beetles = [{Path(f).name[-6:] for f in dataset.files if "Wanze" not in f} for dataset in (nfc, nfd)]
    assert len(beetles[0]) > 10


def test_links_that_form_a_ring_are_not_followed(tmp_path):
    classes(tmp_path)
    (tmp_path / "cat" / "up").symlink_to(tmp_path)
    assert len(loaded(tmp_path, "train")) + len(loaded(tmp_path, "test")) == 8


def test_damaged_pictures_keep_their_label_or_are_named(tmp_path):
    chance = random.Random(0)
    classes(tmp_path, count=40)
    for path in sorted(tmp_path.glob("*/*.png")):
        data = bytearray(path.read_bytes())
        if chance.random() < 0.5:
            data[chance.randrange(8, len(data))] ^= 1 << chance.randrange(8)
            path.write_bytes(data)
    read = named_ones = 0
    for split in ("train", "test"):
        dataset = loaded(tmp_path, split)
        for index, file in enumerate(dataset.files):
            try:
                assert dataset.labels[dataset[index]["label"]] == Path(file).parent.name
                read += 1
            except UserError as error:
                named_ones += file in str(error)
    assert read + named_ones == 80 and named_ones > 5


@pytest.mark.parametrize(("name", "counts"), [("hymenoptera_data", (244, 153)), ("hotdog", (596, 150))])
def test_real_sets_are_read_as_torchvision_reads_them(name, counts):
    if not (data_home() / name).is_dir():
        pytest.skip(f"{name} is not on this machine")
    ImageFolder = pytest.importorskip("torchvision.datasets").ImageFolder
    held_out = "val" if name == "hymenoptera_data" else "test"
    for split, folder, count in zip(("train", "test"), ("train", held_out), counts, strict=True):
        ours, theirs = image_folder(split=split, root=data_home() / name), ImageFolder(data_home() / name / folder)
        assert ours.labels == theirs.classes and len(ours) == count and ours.repairs == {}
        assert list(zip(ours.files, ours.label.tolist(), strict=True)) == theirs.samples
        for index in range(0, count, 7):
            picture = theirs[index][0]
            image = read_picture(ours.files[index], (3, picture.height, picture.width))
            assert (image.int() - torch.from_numpy(np.array(picture)).permute(2, 0, 1).int()).abs().max() <= 1


@pytest.mark.parametrize("target", [".", "..", "cat", "cat/deeper"])
def test_a_class_folder_that_leads_to_other_classes_is_refused_since_its_pictures_had_two_labels(tmp_path, target):
    root = classes(tmp_path / "set")
    put(root / "cat" / "deeper" / "cat9.png")
    (root / "ring").symlink_to(root / target, target_is_directory=True)
    with pytest.raises(UserError, match=r"ring is a link to .*: the pictures there would be of two classes"):
        loaded(root, "train")


def test_a_class_folder_may_be_a_link_to_another_place(tmp_path):
    root = classes(tmp_path / "set")
    put(tmp_path / "elsewhere" / "bird0.png")
    put(tmp_path / "elsewhere" / "bird1.png")
    (root / "bird").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert loaded(root, "train").labels == ["bird", "cat", "dog"]
