"""A Run is a folder: what was asked (recipe.json), whose weights it began from, where it did (weights.json), what was learnt of
the data (facts/), what happened (metrics.jsonl, tensorboard/, pictures/), what came of it (checkpoints/), and all of it on one
page (report.html). Every verb but `train` and `import` takes one.
"""

import json
import platform
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy
import torch
from filelock import FileLock, Timeout
from torch.nn import Module
from torch.utils.data import Dataset

import groundup
from groundup.data.class_names import numbered_as
from groundup.engine.batches import Collate, collate_items, in_order
from groundup.engine.checkpoint import folder_of, load_checkpoint, pointed, steps_in, write_atomic
from groundup.engine.evaluator import evaluate
from groundup.engine.facts import fit_facts, load_facts, save_facts
from groundup.engine.precision import Numerics, decide, processor
from groundup.engine.recipe import Part, Recipe, bind, build, from_json, override, parameters_of, to_json
from groundup.errors import UserError, unknown
from groundup.tasks.evaluation import Evaluation
from groundup.tasks.task import Batch, Item, Task
from groundup.weights.layout import faults_of, written


@dataclass(frozen=True)
class Run:
    """The folder of a run."""

    folder: Path

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Raises: UserError where the folder is no run."""
        if not (folder / "recipe.json").is_file():
            made = sorted(path.parent for path in Path("runs").glob("*/recipe.json"))
            here = f"runs here: {', '.join(map(str, made))}" if made else "groundup train RECIPE makes one"
            raise UserError(f"{folder} is not a run (it has no recipe.json); {here}")
        return cls(folder)

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    def recipe_document(self) -> dict:
        try:
            return json.loads((self.folder / "recipe.json").read_bytes())
        except (OSError, json.JSONDecodeError) as error:
            raise UserError(f"{self.folder / 'recipe.json'} is damaged: {error}") from error

    def recipe(self, code: ModuleType | None = None) -> Recipe:
        return from_json(self.recipe_document(), code)

    def environment(self) -> dict:
        """What the run was begun with: versions, processor, numerics; empty where it was never begun."""
        try:
            return json.loads((self.folder / "environment.json").read_bytes())
        except (OSError, json.JSONDecodeError):
            return {}

    def begin(self, recipe: Recipe) -> None:
        """Write the recipe into a new folder.

        Raises: UserError where another run stands there.
        """
        if (self.folder / "recipe.json").exists():
            changes = changed(self.recipe_document(), json.loads(json.dumps(to_json(recipe))))
            if changes:
                raise UserError(f"{self.folder} is a run of another recipe: {'; '.join(changes)}. Resume it with its own values")
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self.folder / "recipe.json", json.dumps(to_json(recipe), indent=1).encode())

    def record(self, numerics: Numerics) -> list[str]:
        """Write what the run computes with; where it was begun with other versions, say which."""
        now = {
            "versions": versions(),
            "world_size": 1,
            "processor": processor(),
            "numerics": numerics.record(),
            "command": shlex.join(["groundup", *sys.argv[1:]]),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        before = self.environment()
        if not before:
            write_atomic(self.folder / "environment.json", json.dumps(now, indent=1).encode())
            return []
        if before.get("world_size", 1) != 1:
            raise UserError(f"{self.folder} was trained by {before['world_size']} processes; resume it with as many, not with 1")
        keys = ("versions", "processor")
        return changed({key: before.get(key) for key in keys}, {key: now[key] for key in keys})

    def begins_from(self, source: str | None) -> bool:
        """Whether weights from elsewhere are still to be read: the run is to begin from them, and has no checkpoint yet.

        Raises: UserError where the run began from others.
        """
        try:
            recorded = json.loads((self.folder / "weights.json").read_bytes())["source"]
        except (OSError, ValueError, KeyError):
            recorded = None
        begun = recorded is not None or (self.folder / "recipe.json").exists()
        saved = pointed(self.checkpoints, "last") is not None
        if begun and source != recorded and (source or not saved):
            wanted = f"add --weights {recorded}" if recorded else "leave out --weights"
            raise UserError(f"{self.folder} was begun from {recorded or 'the weights that its seed draws'}: {wanted}")
        return source is not None and not saved

    def record_weights(self, source: str, **origin: object) -> None:
        """Write what the run's first weights came from."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self.folder / "weights.json", json.dumps({"source": source, **origin}, indent=1).encode())

    def facts(self, recipe: Recipe, code: ModuleType | None = None, *, train_data: object = None) -> dict[str, object]:
        """The facts of this run; fitted and saved first, where they are not and the training data is at hand.

        Raises: UserError for a run whose facts were never finished.
        """
        found = load_facts(self.folder / "facts", code)
        if found is None and train_data is not None:
            found = fit_facts(recipe.facts, train_data)
            save_facts(found, self.folder / "facts")
        if found is None:
            raise UserError(f"{self.folder} was stopped before its facts were saved: groundup train ... --resume begins it again")
        return found

    def step_of(self, checkpoint: str) -> int:
        """The step of "last", "best" or a step's own number.

        Raises: UserError naming the checkpoints that there are.
        """
        steps = steps_in(self.checkpoints)
        step = int(checkpoint) if checkpoint.isdigit() else pointed(self.checkpoints, checkpoint)
        if step not in steps:
            named = [name for name in ("last", "best") if pointed(self.checkpoints, name) in steps]
            there = ", ".join([*named, *map(str, steps)]) or "none yet"
            raise UserError(f"{self.folder} has no checkpoint {checkpoint!r}; there is {there}")
        return step

    def numerics(self, recipe: Recipe, model: Module) -> Numerics:
        """What the run computes with: as recorded, on the device that its recipe asks for now."""
        fresh = decide(recipe.run, model)
        recorded = self.environment().get("numerics")
        if recorded is None or recorded["device"].partition(":")[0] != fresh.device.partition(":")[0]:
            return fresh
        return Numerics(**recorded | {"device": fresh.device})

    def restore(
        self,
        checkpoint: str = "last",
        *,
        device: str = "auto",
        code: ModuleType | None = None,
        data: Path | None = None,
        changes: Sequence[str] = (),
    ) -> "Restored":
        """The trained model of a checkpoint with all that is needed to use it.

        `changes` are written as `task.name=value`: how a trained model is asked, such as how many beams search.
        Raises: UserError for a missing or damaged checkpoint, a device that is not here, a model of another shape, a change of
        what training fixed.
        """
        recipe = with_data(self.recipe(code), data)
        for change in changes:
            recipe = asked(recipe, change)
        recipe = replace(recipe, run=replace(recipe.run, device=device if device != "auto" else recipe.run.device))
        step = self.step_of(checkpoint)
        facts = self.facts(recipe, code)
        model = build(recipe.model, facts)
        numerics = self.numerics(recipe, model)
        numerics.apply()
        tensors, state = load_checkpoint(self.checkpoints, step)
        weights = tensors.get("ema", tensors["model"])
        load_weights(model, weights, folder_of(self.checkpoints, step))
        return Restored(
            recipe=recipe,
            facts=facts,
            model=numerics.place(model).eval().requires_grad_(False),
            task=build(recipe.task, facts),
            collate=bind(recipe.collate, facts),
            prepare=bind(recipe.prepare, facts) or dict,
            numerics=numerics,
            step=step,
            state=state,
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process; the system lets go of it when the process ends, however it ends.

        Raises: UserError while another process holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / ".lock", timeout=0):
                yield
        except Timeout:
            raise UserError(f"another process is training {self.folder}: wait for it, or give another --out") from None


@dataclass(frozen=True)
class Restored:
    """A trained model with its task, its facts and its preparation."""

    recipe: Recipe
    facts: dict[str, object]
    model: Module
    task: Task
    collate: Collate | None
    prepare: Part
    numerics: Numerics
    step: int
    state: dict

    def prepared(self, batch: Batch) -> Batch:
        return self.numerics.cast_batch(self.prepare(self.numerics.place_batch(batch)))

    def predict(self, items: Sequence[Item]) -> tuple[Batch, Batch]:
        """The prepared batch of these items and what the model says of it."""
        batch = self.prepared((self.collate or collate_items)(items))
        with torch.no_grad(), self.numerics.autocast():
            return batch, self.task.predict(self.model, batch)

    def evaluate(self, batch_size: int | None = None) -> Evaluation:
        """The recipe's evaluators on its evaluation data."""
        dataset = numbered_as(build(self.recipe.eval_data, self.facts), self.facts.get("labels"))
        size = batch_size or self.recipe.run.batch_size

        def batches(other: Dataset | None = None) -> Iterator[Batch]:
            return map(self.prepared, in_order(dataset if other is None else other, self.collate, size))

        with self.numerics.autocast():
            evaluators = [build(part, self.facts) for part in self.recipe.evaluators]
            return evaluate(evaluators, self.model, self.task, batches, seed=self.recipe.run.seed)


def load_weights(model: Module, weights: dict, place: Path) -> None:
    """Raises: UserError listing what is missing, unexpected or of another shape; nothing is loaded in part."""
    faults = faults_of(weights, model.state_dict())
    if any(faults.values()):
        raise UserError(f"the weights in {place} are of another model: {'; '.join(written(faults))}")
    model.load_state_dict(weights)


def with_data(recipe: Recipe, data: Path | None) -> Recipe:
    """The recipe on the user's own data: every data set function that takes a `root` gets this path.

    Raises: UserError where the recipe's data is embedded, or the path is not there.
    """
    if data is None:
        return recipe
    if not data.exists():
        raise UserError(f"--data {data}: there is no such file or folder")
    parts = {name: getattr(recipe, name) for name in ("train_data", "validation_data", "eval_data")}
    rooted = {name: with_root(part, data) for name, part in parts.items() if part is not None}
    changed_parts = {name: part for name, part in rooted.items() if part is not parts[name]}
    if not changed_parts:
        raise UserError("this recipe's data is embedded and takes no --data")
    return replace(recipe, **changed_parts)


def asked(recipe: Recipe, change: str) -> Recipe:
    """The recipe of a trained run with one `task.name=value` replaced.

    Raises: UserError for what training fixed, naming what can be set.
    """
    task = recipe.task.func if isinstance(recipe.task, partial) else recipe.task
    can = [f"task.{name}" for name in getattr(task, "ASKED", ())]
    path = change.partition("=")[0]
    if path.startswith("task.") and path.removeprefix("task.") not in parameters_of(task):
        raise unknown(f"setting of {task.__name__}", path, can)
    if path not in can:
        known = f"what can be set is {', '.join(can)}" if can else f"nothing can be set of {task.__name__}"
        raise UserError(f"{path} was fixed when the run was trained; {known}")
    return override(recipe, change)


def with_root(part: Part, root: Path) -> Part:
    """The data set with this root, or that of the data set within it; the same object where neither takes one."""
    function, given = (part.func, part.keywords) if isinstance(part, partial) else (part, {})
    if "root" in parameters_of(function):
        return partial(part, root=str(root.resolve()))
    inner = given.get("dataset")
    return part if inner is None or with_root(inner, root) is inner else partial(part, dataset=with_root(inner, root))


def versions() -> dict[str, str]:
    return {
        "groundup": groundup.__version__,
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }


def changed(before: object, after: object, where: str = "") -> list[str]:
    """What differs between two nests of plain values, a line each."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            line
            for key in {**before, **after}
            for line in changed(before.get(key), after.get(key), f"{where}.{key}".removeprefix(".").replace(".with.", "."))
        ]
    return [] if before == after else [f"{where} was {before!r}, now {after!r}"]
