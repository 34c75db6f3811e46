"""What `groundup new` writes works as it is."""

import importlib.util
import subprocess
import sys

import pytest

from groundup.cli import new
from groundup.models import card


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package folder of its own to write into."""
    for folder in ("models/classification", "cases/classification"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(new, "PACKAGE", tmp_path)
    return tmp_path


def load(path, name, monkeypatch):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_a_new_model_is_proven_by_its_new_case_and_has_a_card(groundup, package, monkeypatch):
    assert groundup("new", "model", "tiny_net").status == 0
    model = package / "models" / "classification" / "tiny_net.py"
    load(model, "groundup.models.classification.tiny_net", monkeypatch)
    case = load(package / "cases" / "classification" / "tiny_net.py", "groundup.cases.classification.tiny_net", monkeypatch)
    assert case.CASES[0].run().passed
    monkeypatch.setattr(card, "MODELS", package / "models")
    assert card.read_card(model).sizes == {"tiny_net": "its only size"}


def test_nothing_is_overwritten(groundup, package):
    groundup("new", "model", "tiny_net")
    answer = groundup("new", "model", "tiny_net")
    assert answer.status == 2 and "exists; choose another name" in answer.err
    assert groundup("new", "model", "lenet5").status == 2


def test_a_new_project_trains_and_is_asked_without_groundup(groundup, tmp_path):
    folder = tmp_path / "mine"
    assert groundup("new", "project", folder).status == 0
    assert {path.name for path in folder.iterdir()} == {"dataset.py", "model.py", "train.py", "test.py", "README.md"}
    assert not any("groundup" in path.read_text() for path in folder.iterdir())

    def run(*arguments):
        start = f"import runpy, sys; sys.path.insert(0, {str(folder)!r}); sys.argv = {list(arguments)!r}; "
        command = [sys.executable, "-I", "-c", f"{start}runpy.run_path({arguments[0]!r}, run_name='__main__')"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True)

    trained = run("train.py", "--epochs", "1", "--size", "32")
    assert "best" in trained.stdout, trained.stderr
    asked = run("test.py", "example_data/test/circle/000.png", "--data", "example_data/test")
    assert "right" in asked.stdout and "circle" in asked.stdout.splitlines()[-1], asked.stderr
    assert "exists and is not empty" in groundup("new", "project", folder).err
    assert "a project needs a folder" in groundup("new", "project", " ").err


def test_a_project_says_what_its_data_must_look_like(groundup, tmp_path):
    groundup("new", "project", tmp_path / "mine")
    (tmp_path / "empty" / "train").mkdir(parents=True)
    command = [sys.executable, "train.py", "--data", str(tmp_path / "empty")]
    answer = subprocess.run(command, cwd=tmp_path / "mine", capture_output=True, text=True)
    assert answer.returncode == 1 and "holds no class folders: it must look like" in answer.stderr
