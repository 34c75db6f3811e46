"""Five folds of the house prices: groundup's recipes beside scikit-learn's ridge regression on the same features.

    python -m benchmarks.house_prices [--seeds N]

The figure is the root mean squared error of the logarithm of the price, of each fold and
their mean. About three minutes of one core for three seeds.
"""

import argparse
import statistics
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

from groundup.data.house_prices import house_prices
from groundup.data.table_encoding import TableEncoding, encoded_rows
from groundup.engine.run import Run
from groundup.engine.trainer import Trainer
from groundup.recipes.catalog import load_recipe

FOLDS = 5
ALPHAS = (3, 10, 20, 30, 50, 100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds, from 0 up")
    seeds = range(parser.parse_args().seeds)
    encodings = []
    for name in ("house_prices_linear", "house_prices_mlp"):
        for seed in seeds:
            found = [train(name, fold, seed) for fold in range(FOLDS)]
            encodings = [encoding for _, encoding in found]
            show(f"{name}, seed {seed}", [error for error, _ in found])
    decay = load_recipe("house_prices_linear")[0].optimizer.keywords["weight_decay"]
    alphas = {f"alpha {alpha}": alpha for alpha in ALPHAS} | {"the recipe's weight decay": None}
    for words, alpha in alphas.items():
        show(f"ridge, {words}", [ridge(fold, encodings[fold], alpha, decay) for fold in range(FOLDS)])


def train(name: str, fold: int, seed: int) -> tuple[float, TableEncoding]:
    """The error of a recipe on a fold, and the encoding of the other folds' rows."""
    recipe, _ = load_recipe(name)
    recipe = replace(
        recipe,
        train_data=partial(house_prices, split="train", fold=fold, folds=FOLDS),
        eval_data=partial(house_prices, split="validation", fold=fold, folds=FOLDS),
        run=replace(recipe.run, seed=seed, eval_every=recipe.run.epochs * 10_000, device="cpu"),
    )
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        run.begin(recipe)
        Trainer(recipe, run, quiet=True).fit()
        restored = run.restore()
        return restored.evaluate().values["log_rmse"], restored.facts["encoding"]


def ridge(fold: int, encoding: TableEncoding, alpha: float | None, decay: float) -> float:
    """The error of scikit-learn's ridge regression; its alpha, or the one that this weight decay stands for."""
    parts = [house_prices(split=split, fold=fold, folds=FOLDS) for split in ("train", "validation")]
    train, held_out = (encoded_rows([part[i] for i in range(len(part))], encoding=encoding) for part in parts)
    model = Ridge(alpha=len(parts[0]) * decay / 2 if alpha is None else alpha)
    model.fit(train["features"].double().numpy(), np.log(train["target"].double().numpy()))
    error = model.predict(held_out["features"].double().numpy()) - np.log(held_out["target"].double().numpy())
    return float(np.sqrt(np.mean(error**2)))


def show(name: str, errors: list[float]) -> None:
    print(f"{name:40} {statistics.fmean(errors):.4f}   {'  '.join(f'{error:.4f}' for error in errors)}", flush=True)


if __name__ == "__main__":
    main()
