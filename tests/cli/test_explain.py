"""`groundup explain` as a person meets it."""

import json
import re
import shutil

import pytest
from PIL import Image

from groundup.data.images import digits
from groundup.errors import UserError
from groundup.explain.subject import check_task
from groundup.tasks.regression import Regression


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two digits as files."""
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(2):
        Image.fromarray(digits(split="test")[index]["image"][0].numpy()).save(folder / f"{index}.png")
    return folder


def test_of_a_picture_it_draws_filters_features_and_grad_cam_a_line_each(groundup, trained, pictures, tmp_path):
    answer = groundup("explain", trained, "--input", pictures / "0.png", "--output", tmp_path / "out")
    assert answer.status == 0 and not answer.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"filters.png", "features.png", "grad_cam.png"}
    lines = answer.out.splitlines()
    assert len(lines) == 4 and "attention_rollout.png not made: the model has no attention" in lines[3]
    for path in (tmp_path / "out").iterdir():
        assert Image.open(path).size > (100, 100)


def test_without_a_picture_it_draws_the_mistakes_and_the_calibration_into_the_run(groundup, trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    answer = groundup("explain", run)
    assert answer.status == 0
    assert {path.name for path in (run / "explained").iterdir()} == {"filters.png", "mistakes.png", "calibration.png"}
    metrics = json.loads(groundup("eval", run, "--json").out)["metrics"]
    assert f"{metrics['accuracy']:.4f} right" in answer.out
    wrong = round((1 - metrics["accuracy"]) * 360)
    assert f"24 of {wrong} mistakes among 360 pictures" in answer.out
    assert groundup("explain", run).status == 0  # over files of its own


def test_with_data_of_ones_own_it_draws_both(groundup, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for colour in ("red", "blue"):
        folder = tmp_path / "data" / colour
        folder.mkdir(parents=True)
        for index in range(10):
            Image.new("RGB", (20 + index, 24), colour).save(folder / f"{index}.png")
    settings = ("--data", "data", "--set", "run.epochs=1", "--out", "mine")
    assert groundup("train", "lenet5_folder", *settings).status == 0
    answer = groundup("explain", "mine", "--data", "data", "--input", "data/red/3.png")
    assert answer.status == 0
    made = {path.stem for path in (tmp_path / "mine" / "explained").iterdir()}
    assert {"filters", "features", "grad_cam", "calibration"} <= made
    assert "mistakes.png" in answer.out


def test_each_picture_of_a_folder_has_a_row_and_a_broken_one_is_named(groundup, trained, pictures, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(pictures, folder)
    one = groundup("explain", trained, "--input", folder / "0.png", "--output", tmp_path / "one")
    (folder / "2.png").write_bytes(b"no picture")
    two = groundup("explain", trained, "--input", folder, "--output", tmp_path / "two")
    assert (one.status, two.status) == (0, 1)
    assert "2.png cannot be read as a picture" in two.err and len(two.err.splitlines()) == 1
    heights = [Image.open(tmp_path / name / "grad_cam.png").height for name in ("one", "two")]
    assert heights[1] > 1.5 * heights[0]
    assert "and so in 1 more" in two.out


def test_another_class_can_be_looked_for(groundup, trained, pictures, tmp_path):
    shown = {}
    for number in range(3):
        answer = groundup("explain", trained, "--input", pictures / "0.png", "--of", number, "--output", tmp_path)
        assert re.search(rf"what speaks for {number}, \d+\.\d%, in 0\.png", answer.out)
        shown[number] = (tmp_path / "grad_cam.png").read_bytes()
    assert len(set(shown.values())) == 3


def test_a_file_that_is_not_its_own_is_not_overwritten(groundup, trained, pictures, tmp_path):
    for content in (b"notes", None):
        if content is None:
            Image.new("RGB", (9, 9)).save(tmp_path / "features.png")
        else:
            (tmp_path / "features.png").write_bytes(content)
        before = (tmp_path / "features.png").read_bytes()
        answer = groundup("explain", trained, "--input", pictures, "--output", tmp_path)
        assert answer.status == 2 and "was not made by explain, and is not overwritten" in answer.err
        assert [path.name for path in tmp_path.iterdir()] == ["features.png"]
        assert (tmp_path / "features.png").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["RUN", "--input", "nowhere.png"], "there is no such file, folder or match"),
        (["RUN", "--of", "3"], "--of says which class to look for in a picture"),
        (["RUN", "--input", "PICTURE", "--of", "eleven"], "no class of this run is called 'eleven'"),
        (["RUN", "--input", "PICTURE", "--output", "PICTURE"], "is a file; give a folder"),
        (["RUN", "--data", "/"], "embedded and takes no --data"),
        (["RUN", "--checkpoint", "7"], "has no checkpoint '7'"),
        (["nowhere"], "nowhere is not a run"),
    ],
)
def test_a_mistake_is_answered_in_one_line_and_leaves_nothing_behind(
    groundup, trained, pictures, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    places = {"RUN": trained, "PICTURE": pictures / "0.png"}
    answer = groundup("explain", *(places.get(word, word) for word in arguments))
    assert answer.status == 2 and message in answer.err and len(answer.err.splitlines()) == 1
    assert not list(tmp_path.iterdir()) and not (trained / "explained").exists()


def test_a_run_of_another_task_is_refused_by_its_name():
    with pytest.raises(UserError, match="explain is for runs of Classification; this is one of Regression"):
        check_task(Regression.__new__(Regression))
