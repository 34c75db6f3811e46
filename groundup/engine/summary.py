"""A run in short, read from its folder: what was asked, how far it came, what it reached and what with."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import torch

from groundup.engine.checkpoint import folder_of, pointed, read_group
from groundup.engine.recipe import build
from groundup.engine.run import Run
from groundup.errors import UserError

Rows = list[dict]  # of a metrics.jsonl
Figures = dict[str, dict[str, float]]  # part ("eval", "validation") -> metric -> value


@dataclass(frozen=True)
class Summary:
    """`recipe` and `environment` are as they stand in the folder, `rows` are those of metrics.jsonl, `facts` the plain ones.

    `step` is that of the last checkpoint, `best` that of the best; `total` and `minutes` are None before the first checkpoint,
    `parameters` is None where the model is of a file of the user's own that was not given.
    """

    folder: Path
    recipe: dict
    environment: dict
    weights: str | None
    facts: dict
    rows: Rows
    step: int | None
    best: int | None
    total: int | None
    minutes: float | None
    parameters: int | None

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    def figures(self, step: int | None = None) -> Figures:
        """What each part was last found to be, up to a step."""
        found: Figures = {}
        for row in self.rows:
            if step is None or row["step"] <= step:
                found |= {part: dict(values) for part, values in row.items() if isinstance(values, Mapping)}
        return found

    def training(self) -> dict[str, float]:
        """The last means of what training logged."""
        found: dict[str, float] = {}
        for row in self.rows:
            found |= {name: value for name, value in row.items() if not isinstance(value, Mapping) and name != "step"}
        return found


def summarize(run: Run, code: ModuleType | None = None) -> Summary:
    """Read a run's folder.

    Raises: UserError for a recipe.json or a metrics.jsonl that is damaged.
    """
    recipe = run.recipe_document()
    if not isinstance(recipe, dict):
        raise UserError(f"{run.folder / 'recipe.json'} is damaged: it holds no recipe")
    last = pointed(run.checkpoints, "last")
    state = state_of(run, last)
    return Summary(
        folder=run.folder,
        recipe=recipe,
        environment=as_dict(run.environment()),
        weights=read_json(run.folder / "weights.json").get("source"),
        facts=plain_facts(run.folder / "facts"),
        rows=read_metrics(run.folder / "metrics.jsonl"),
        step=last,
        best=pointed(run.checkpoints, "best"),
        total=state.get("total"),
        minutes=state["seconds"] / 60 if "seconds" in state else None,
        parameters=count_parameters(run, code),
    )


def read_metrics(path: Path) -> Rows:
    """The rows of a metrics.jsonl; none where there is no file. A last line that is being written is passed over.

    Raises: UserError for a line that is no row.
    """
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is damaged: {error}") from error
    rows, lines = [], text.split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            if number == len(lines):
                break
            raise UserError(f"{path} is damaged: line {number} is no JSON ({line[:40]!r})") from error
        if not is_row(row):
            raise UserError(f"{path} is damaged: line {number} is no step with its numbers ({line[:40]!r})")
        rows.append(row)
    return rows


def is_row(row: object) -> bool:
    """Whether this is {"step": 3, NAME: number, PART: {NAME: number}}."""
    if not isinstance(row, dict) or not isinstance(row.get("step"), int):
        return False
    values = [inner for value in row.values() for inner in (value.values() if isinstance(value, dict) else [value])]
    return all(isinstance(value, int | float) for value in values)


def state_of(run: Run, step: int | None) -> dict:
    """The plain values of a checkpoint; empty where there is none that is sound."""
    try:
        return {} if step is None else as_dict(json.loads(read_group(folder_of(run.checkpoints, step), "state.json")))
    except ValueError:
        return {}


def plain_facts(folder: Path) -> dict:
    """What was learnt of the data, as far as it is plain values."""
    documents = {path.stem: read_json(path) for path in sorted(folder.glob("*.json"))}
    return {name: found["plain"] for name, found in documents.items() if "plain" in found and "class" not in found}


def count_parameters(run: Run, code: ModuleType | None) -> int | None:
    """How many weights the model learns; None where it cannot be built here."""
    try:
        recipe = run.recipe(code)
        facts = run.facts(recipe, code)
        with torch.device("meta"):  # shapes without the numbers
            model = build(recipe.model, facts)
    except (UserError, RuntimeError):
        return None
    return sum(parameter.numel() for parameter in model.parameters())


def read_json(path: Path) -> dict:
    """The object in a file; empty where there is none."""
    try:
        return as_dict(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return {}


def as_dict(value: object) -> dict:
    return value if isinstance(value, dict) else {}


def shown(value: float) -> str:
    """A figure with four digits that count: 0.9926, 20680, 1.5e-07."""
    if not isinstance(value, float) or not math.isfinite(value):
        return str(value)
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
