"""What a recipe is said to reach was measured with the very values that it has."""

import json

import pytest

from groundup.recipes import catalog
from groundup.recipes.catalog import entries, is_stale, measured


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_no_published_figure_is_of_another_recipe(name):
    assert not is_stale(name), f"{name} has changed since it was measured: make results"


def test_every_figure_belongs_to_a_recipe_that_exists():
    assert set(measured()) <= {entry.name for entry in entries()}


def test_a_recipe_that_changed_is_stale_and_one_never_measured_is_not(tmp_path, monkeypatch):
    figures = {"lenet5_digits": {**measured()["lenet5_digits"], "hash": "0" * 16}}
    monkeypatch.setattr(catalog, "measured", lambda: json.loads(json.dumps(figures)))
    assert is_stale("lenet5_digits")
    assert not is_stale("dcgan_digits")
