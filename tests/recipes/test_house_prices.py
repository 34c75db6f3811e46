"""The recipes of house prices keep their word, and what `groundup predict` writes is Kaggle's submission."""

import csv
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from groundup.cli.predict import table
from groundup.data.house_prices import FILES, house_prices
from groundup.data.places import data_home
from groundup.data.table_encoding import encoded_rows
from groundup.engine.run import Run
from groundup.engine.trainer import Trainer
from groundup.recipes.tabular.house_prices import house_prices_linear, house_prices_mlp


def trained(recipe, folder):
    if not (data_home() / "house_prices").is_dir():
        pytest.skip("house_prices is not on this machine")
    run = Run(folder)
    recipe = replace(recipe, run=replace(recipe.run, eval_every=10**6, device="cpu"))
    run.begin(recipe)
    Trainer(recipe, run, quiet=True).fit()
    return run.restore()


def half_as_long(recipe):
    return replace(recipe, run=replace(recipe.run, epochs=recipe.run.epochs // 2))


def ridge_of(restored):
    """The error of scikit-learn's ridge regression on the same rows and features."""
    parts = [house_prices(split=split, fold=0) for split in ("train", "validation")]
    train, held_out = (encoded_rows([p[i] for i in range(len(p))], encoding=restored.facts["encoding"]) for p in parts)
    alpha = len(parts[0]) * house_prices_linear().optimizer.keywords["weight_decay"] / 2
    model = Ridge(alpha=alpha).fit(train["features"].double().numpy(), np.log(train["target"].double().numpy()))
    return np.sqrt(np.mean((model.predict(held_out["features"].double().numpy()) - np.log(held_out["target"].numpy())) ** 2))


def test_the_linear_recipe_comes_to_scikit_learns_ridge_within_five_thousandths(tmp_path):
    restored = trained(half_as_long(house_prices_linear()), tmp_path)
    assert restored.evaluate().values["log_rmse"] == pytest.approx(ridge_of(restored), abs=0.005)


def test_the_network_is_no_worse_than_ridge_and_its_predictions_are_a_submission(tmp_path):
    restored = trained(half_as_long(house_prices_mlp()), tmp_path)
    assert restored.evaluate().values["log_rmse"] <= ridge_of(restored) + 0.01
    path = next(path for name in FILES["test"] if (path := data_home() / "house_prices" / name).exists())
    rows = restored.task.write(restored.predict(restored.task.read(path))[1], tmp_path)
    found = list(csv.DictReader(table(rows).splitlines()))
    assert [row["Id"] for row in found] == [str(number) for number in range(1461, 2920)]
    assert list(found[0]) == ["Id", "SalePrice"]
    prices = np.array([float(row["SalePrice"]) for row in found])
    assert 150_000 < np.median(prices) < 175_000 and prices.min() > 20_000


def test_a_recipe_that_is_resumed_finds_its_encoding_again(tmp_path):
    short = replace(house_prices_mlp(), run=replace(house_prices_mlp().run, epochs=None, steps=3))
    first = trained(short, tmp_path)
    again = Run(tmp_path).restore()
    assert again.facts["encoding"].columns == first.facts["encoding"].columns
    every = partial(house_prices, split="train", fold=None)()
    assert again.predict([every[0]])[1]["value"].item() == first.predict([every[0]])[1]["value"].item()
