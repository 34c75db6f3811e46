"""`lenet5_folder` from the command line: train, evaluate and predict on folders as people have them."""

import json
import random
import sys

import pytest
import torch
from PIL import Image, ImageDraw

from groundup.cli.main import main
from groundup.data.image_folder import image_folder
from groundup.data.places import data_home
from groundup.data.submission import read_predictions, write_submission

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)


def run(monkeypatch, capsys, *arguments):
    """The exit status and what was printed."""
    monkeypatch.setattr(sys, "argv", ["groundup", *map(str, arguments)])
    try:
        main()
        status = 0
    except SystemExit as stop:
        status = stop.code or 0
    return status, capsys.readouterr()


def photograph(path, is_sun, chance):
    """A picture as a phone writes it: some megapixels scaled down, held any way round, with EXIF that says so."""
    size = chance.choice(((400, 300), (320, 180), (300, 300), (384, 216)))
    picture = Image.new("RGB", size, (20, 30, 90) if is_sun else (200, 180, 160))
    ImageDraw.Draw(picture).ellipse((60, 30, 260, 170), fill=(250, 220, 40) if is_sun else (40, 20, 30))
    turn = chance.choice((1, 3, 6, 8))
    picture = (
        picture.transpose({3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[turn])
        if turn > 1
        else picture
    )
    exif = Image.Exif()
    exif[0x0112] = turn
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, exif=exif, quality=88)


@pytest.fixture(scope="module")
def phone(tmp_path_factory):
    """Ten pictures in two folders."""
    folder, chance = tmp_path_factory.mktemp("phone"), random.Random(3)
    for i in range(10):
        photograph(folder / ("sun" if i % 2 else "stone") / f"IMG_{i:04d}.JPG", bool(i % 2), chance)
    return folder


def test_pictures_held_any_way_round_look_alike_after_reading(phone):
    dataset = image_folder(split="train", root=phone, image_shape=(3, 32, 32), in_memory=True)
    suns = torch.stack([item["image"].float() for item in dataset if dataset.labels[item["label"]] == "sun"])
    top, bottom = suns[:, 0, 4:14, 6:20].mean(), suns[:, 0, 28:].mean()  # the ellipse is in the upper part of every picture
    assert top > bottom + 100


def test_ten_pictures_of_a_phone_are_trained_on_evaluated_and_predicted(phone, tmp_path, monkeypatch, capsys):
    out = tmp_path / "run"
    status, said = run(monkeypatch, capsys, "train", "lenet5_folder", "--data", phone, "--out", out, "--epochs", 15)
    assert status == 0, said.err
    status, said = run(monkeypatch, capsys, "eval", out, "--json")
    assert status == 0 and json.loads(said.out)["metrics"]["accuracy"] == 1.0
    (phone / "sun" / "IMG_9999.HEIC").write_bytes(HEIC)
    status, said = run(monkeypatch, capsys, "predict", out, "--input", phone / "sun", "--output", tmp_path / "said")
    (phone / "sun" / "IMG_9999.HEIC").unlink()
    assert status == 1 and "IMG_9999.HEIC is a HEIC picture, which is not read here: save it as JPEG" in said.err
    answers = read_predictions(tmp_path / "said" / "predictions.csv")
    assert len(answers) == 5 and set(answers.values()) == {"sun"}
    sample = tmp_path / "sample.csv"
    sample.write_text("id,label\nIMG_0003,?\nIMG_0001,?\n")
    write_submission(answers, sample=sample, out=tmp_path / "submission.csv")
    assert (tmp_path / "submission.csv").read_text() == "id,label\nIMG_0003,sun\nIMG_0001,sun\n"


def test_grey_is_one_setting_and_evaluation_follows_it(phone, tmp_path, monkeypatch, capsys):
    out = tmp_path / "run"
    grey = ("--set", "train_data.image_shape=(1,32,32)")
    assert run(monkeypatch, capsys, "train", "lenet5_folder", "--data", phone, "--out", out, "--epochs", 1, *grey)[0] == 0
    assert run(monkeypatch, capsys, "eval", out)[0] == 0
    assert json.loads((out / "facts" / "image_shape.json").read_text())["plain"] == [1, 32, 32]


def test_evaluating_on_a_class_that_was_not_trained_is_refused(phone, tmp_path, monkeypatch, capsys):
    out = tmp_path / "run"
    assert run(monkeypatch, capsys, "train", "lenet5_folder", "--data", phone, "--out", out, "--epochs", 1)[0] == 0
    for name in ("moon", "sun"):
        for i in range(3):
            photograph(tmp_path / "other" / name / f"{i}.jpg", True, random.Random(i))
    status, said = run(monkeypatch, capsys, "eval", out, "--data", tmp_path / "other")
    assert status == 2 and "is of class 'moon', which is none of the classes stone, sun" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("IMG_1.HEIC", HEIC, "IMG_1.HEIC is a HEIC picture"), ("b.jpg", b"", "b.jpg is empty"), (None, b"", "--data")],
)
def test_what_cannot_be_trained_on_is_said_in_one_line_and_leaves_no_run(tmp_path, monkeypatch, capsys, name, content, message):
    monkeypatch.chdir(tmp_path)
    data = ()
    if name is not None:
        for label in ("a", "b"):
            for i in range(9):
                photograph(tmp_path / "data" / label / f"{i}.jpg", True, random.Random(i))
        (tmp_path / "data" / "a" / name).write_bytes(content)
        data = ("--data", tmp_path / "data")
    status, said = run(monkeypatch, capsys, "train", "lenet5_folder", *data)
    assert status == 2 and message in said.err and len(said.err.strip().splitlines()) == 1
    assert not list(tmp_path.glob("runs/*"))


@pytest.mark.parametrize(("name", "labels"), [("hymenoptera_data", {"ants", "bees"}), ("hotdog", {"hotdog", "not-hotdog"})])
def test_real_folders_are_trained_on(tmp_path, monkeypatch, capsys, name, labels):
    root = data_home() / name
    if not root.is_dir():
        pytest.skip(f"{name} is not on this machine")
    out = tmp_path / "run"
    options = ("--data", root, "--out", out, "--epochs", 1, "--batch-size", 16)
    assert run(monkeypatch, capsys, "train", "lenet5_folder", *options)[0] == 0
    status, said = run(monkeypatch, capsys, "eval", out, "--json")
    assert status == 0 and json.loads(said.out)["metrics"]["accuracy"] > 0.3
    folder = next((root / "train").iterdir())
    assert run(monkeypatch, capsys, "predict", out, "--input", folder, "--output", tmp_path / "said")[0] == 0
    answers = read_predictions(tmp_path / "said" / "predictions.csv")
    assert len(answers) == len(list(folder.iterdir())) and set(answers.values()) <= labels
