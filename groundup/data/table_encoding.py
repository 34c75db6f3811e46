"""Numbers and categories of a table as the features of a network.

All that is learnt here is learnt from the training rows alone and kept with the run, so a row is encoded in prediction just as
it was in training. A number is standardised; a missing one stands at the mean, and a feature of its own says that it was
missing. A category becomes a one among zeros.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Self

import numpy as np
import torch
from torch import Tensor

from groundup.data.tabular import Table, parsed
from groundup.errors import UserError, unknown

MOST_CATEGORIES = 100  # a column of words with more different ones is taken for text

Items = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers: (value - mean) / std, 0 where it is missing; and, if any was in training, 1 where it is."""

    name: str
    mean: float
    std: float
    indicator: bool

    @classmethod
    def fit(cls, name: str, values: Sequence[str | None]) -> Self:
        known = np.array([parsed(value) for value in values if value is not None])
        with np.errstate(over="ignore", invalid="ignore"):
            mean, std = known.mean(), known.std()
        if not np.isfinite(std):
            raise UserError(f"column {name!r} holds numbers as large as {np.abs(known).max():.0e}: give it in another unit")
        # a column that never changes has a deviation of rounding errors, and dividing by it would make them features
        constant = std <= 1e-12 * abs(mean)
        return cls(name, float(mean), 1.0 if constant else float(std), len(known) < len(values))

    @property
    def features(self) -> list[str]:
        return [self.name, f"{self.name} missing"] if self.indicator else [self.name]

    def fill(self, features: Tensor, items: Items) -> None:
        values = [self.mean if item["cells"][self.name] is None else self.value(item) for item in items]
        features[:, 0] = (torch.tensor(values, dtype=torch.float64) - self.mean) / self.std
        if self.indicator:
            features[:, 1] = torch.tensor([item["cells"][self.name] is None for item in items])

    def value(self, item: Mapping[str, object]) -> float:
        text = item["cells"][self.name]
        value = parsed(text)
        if value is None:
            raise UserError(f"{item['source']}: {self.name} is {text[:40]!r} where training had numbers: mend the cell")
        return value


@dataclass(frozen=True)
class CategoryColumn:
    """A column of categories: a feature each for those that training had often enough, and for "missing" and "other".

    "Other" are those that were rarer, and those met later for the first time: what the rare ones had in common is the best
    guess for the new. "Missing" and "other" are features only where training had such rows: a feature that is never one
    in training would carry a weight that nothing was learnt for. Without "other", a new category is all zeros.
    """

    name: str
    categories: tuple[str, ...]
    missing: bool
    other: bool

    @classmethod
    def fit(cls, name: str, values: Sequence[str | None], min_count: int) -> Self:
        counts = Counter(values)
        often = {value for value, count in counts.items() if count >= min_count}
        return cls(name, tuple(sorted(often - {None})), None in often, len(often) < len(counts))

    @property
    def features(self) -> list[str]:
        ends = ["missing"] * self.missing + ["other"] * self.other
        return [f"{self.name} = {value}" for value in self.categories] + [f"{self.name} {end}" for end in ends]

    @cached_property
    def positions(self) -> dict[str | None, int]:
        """The feature of each category; and of None, which stands for a missing one."""
        return {value: position for position, value in enumerate((*self.categories, *[None] * self.missing))}

    def fill(self, features: Tensor, items: Items) -> None:
        nowhere = features.shape[1] - 1 if self.other else -1
        found = [self.positions.get(item["cells"][self.name], nowhere) for item in items]
        rows = [row for row, position in enumerate(found) if position >= 0]
        features[rows, [found[row] for row in rows]] = 1


@dataclass(frozen=True)
class Target:
    """The column to predict, or with `logarithm` its natural logarithm, brought to mean 0 and deviation 1."""

    name: str
    logarithm: bool
    mean: float
    std: float

    @classmethod
    def fit(cls, dataset: Table, logarithm: bool) -> Self:
        for row, value in zip(dataset.rows, dataset.targets, strict=True):
            if logarithm and value <= 0:
                raise UserError(f"{dataset.place(row)}: {dataset.target} is {value:g}, which has no logarithm: mend it")
        values = np.log(dataset.targets) if logarithm else np.array(dataset.targets)
        return cls(dataset.target, logarithm, float(values.mean()), float(values.std()) or 1.0)

    def scaled(self, values: Tensor) -> Tensor:
        return ((values.log() if self.logarithm else values) - self.mean) / self.std

    def restored(self, scaled: Tensor) -> Tensor:
        values = scaled * self.std + self.mean
        return values.exp() if self.logarithm else values


class TableEncoding:
    """The columns that a model uses, and its target. It is a Fact: `table_facts` fits it."""

    def __init__(self, columns: Sequence[NumberColumn | CategoryColumn], target: Target, id_column: str | None = None):
        self.columns, self.target, self.id_column = list(columns), target, id_column
        self.features = [feature for column in self.columns for feature in column.features]

    def encode(self, items: Items) -> Tensor:
        """Shapes: -> (rows, features) float64.

        Raises: UserError for a word in a column of numbers, with its file and line.
        """
        encoded = torch.zeros(len(items), len(self.features), dtype=torch.float64)
        for column, part in zip(self.columns, encoded.split([len(c.features) for c in self.columns], dim=1), strict=True):
            column.fill(part, items)
        return encoded

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        columns = [asdict(column) | {"kind": type(column).__name__} for column in self.columns]
        return {"columns": columns, "target": asdict(self.target), "id_column": self.id_column}, {}

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self:
        columns = []
        for entry in plain["columns"]:
            values = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
            columns.append({"NumberColumn": NumberColumn, "CategoryColumn": CategoryColumn}[values.pop("kind")](**values))
        return cls(columns, Target(**plain["target"]), plain["id_column"])


def table_facts(
    dataset: Table, *, categories: Sequence[str] = (), min_count: int = 1, logarithm: bool = False
) -> dict[str, object]:
    """What the training rows say of the columns: `encoding`, and `in_features`, how many features it makes.

    A column whose every cell is a number is one of numbers, unless named in `categories`. Of a column of words those that
    occur `min_count` times become features. With `logarithm`, the target's logarithm is what is learnt.
    Raises: UserError for a column that mixes words and numbers, is text, or is empty; for a target without a logarithm.
    """
    if dataset.target is None:
        raise UserError(f"{dataset.path} names no target: there is nothing to learn")
    for name in categories:
        if name not in dataset.columns:
            raise unknown(f"column of {dataset.path} for `categories`", name, dataset.columns)
    if not dataset.columns:
        raise UserError(f"{dataset.path} has no column to predict {dataset.target} from: ignore fewer")
    columns = [fit_column(dataset, name, name in categories, min_count) for name in dataset.columns]
    encoding = TableEncoding(columns, Target.fit(dataset, logarithm), dataset.id_column)
    return {"encoding": encoding, "in_features": len(encoding.features)}


def fit_column(dataset: Table, name: str, is_category: bool, min_count: int) -> NumberColumn | CategoryColumn:
    """What kind of column it is, and what is learnt of it."""
    values = [dataset.cell(row, name) for row in dataset.rows]
    known = [value for value in values if value is not None]
    advice = f"leave the column out with `ignore`, or make it one of categories with categories=({name!r},)"
    if not known:
        raise UserError(f"{dataset.path}: column {name!r} is empty in every row: leave it out with `ignore`")
    numbers = sum(parsed(value) is not None for value in known)
    if not is_category and numbers == len(known):
        return NumberColumn.fit(name, values)
    if not is_category and numbers:
        rare = numbers * 2 < len(known)  # the rarer kind is the likelier mistake
        odd = next(value for value in known if (parsed(value) is not None) == rare)
        row = dataset.rows[values.index(odd)]
        kinds = "a number among words" if rare else "no number among numbers"
        raise UserError(f"{dataset.place(row)}: {name} is {odd[:40]!r}, {kinds}: mend the cell, or {advice}")
    different = len(set(known))
    if not is_category and different > MOST_CATEGORIES:
        raise UserError(f"{dataset.path}: column {name!r} has {different} different values, which is text: {advice}")
    return CategoryColumn.fit(name, values, min_count)


def encoded_rows(items: Items, *, encoding: TableEncoding) -> dict[str, object]:
    """Items of a Table as a batch: the collate of a recipe.

    Shapes: features (batch, features); target (batch,), and a list of ids, where the items have them.
    """
    dtype = torch.get_default_dtype()
    batch = {"features": encoding.encode(items).to(dtype)}
    batch |= {name: [item[name] for item in items] for name in ("source", "id") if name in items[0]}
    if "target" in items[0]:
        batch["target"] = torch.tensor([item["target"] for item in items], dtype=dtype)
    return batch
