"""The price of a house from 79 facts about it.

Both recipes train on four of five folds and are scored on the fifth: `--set train_data.fold=2 --set eval_data.fold=2` takes
another, and `--set train_data.fold=None` trains on every house, for a submission. `python -m benchmarks.house_prices` runs all
five folds, beside scikit-learn's ridge regression on the same features.
"""

from dataclasses import replace
from functools import partial

from groundup.data.house_prices import house_prices
from groundup.data.table_encoding import encoded_rows, table_facts
from groundup.engine.recipe import Recipe, RunSettings
from groundup.models.tabular.regressors import linear_regressor, mlp_regressor
from groundup.optim.adam import AdamW
from groundup.optim.groups import decay_matrices_only
from groundup.optim.schedules import cosine, one_cycle
from groundup.optim.sgd import SGD
from groundup.tasks.regression import Regression


def house_prices_linear() -> Recipe:
    """Ridge regression of the logarithm of house prices, found by gradient descent."""
    return Recipe(
        model=linear_regressor,
        train_data=partial(house_prices, split="train", fold=0),
        eval_data=partial(house_prices, split="validation", fold=0),
        facts=(partial(table_facts, categories=("MSSubClass",), min_count=5, logarithm=True),),  # its numbers name kinds of house
        collate=encoded_rows,
        task=Regression,
        optimizer=partial(SGD, lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.05),  # ridge's best alpha, 29, of five folds
        groups=decay_matrices_only,
        schedule=cosine,
        run=RunSettings(epochs=60, batch_size=64, seed=0, eval_every=180),
    )


def house_prices_mlp() -> Recipe:
    """A network with one hidden layer on the logarithm of house prices."""
    return replace(
        house_prices_linear(),
        model=partial(mlp_regressor, hidden_dims=(128,), dropout=0.3),
        optimizer=partial(AdamW, lr=1e-3, weight_decay=1.0),  # 285 features and 1,168 houses: it must be held back
        schedule=one_cycle,
        run=RunSettings(epochs=50, batch_size=64, seed=0, eval_every=90),
    )
