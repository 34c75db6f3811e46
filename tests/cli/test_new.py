"""What `groundup new` writes works as it is."""

import importlib.util
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
