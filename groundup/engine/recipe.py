"""A Recipe says what is trained, on what and how. It is data: written to JSON, read back, hashed, compared.

Every part is a function or class, or a `functools.partial` of one with keyword arguments; partials nest and are built depth
first, each receiving the Facts that its signature names.
"""

import dataclasses
import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType

from groundup.engine.evaluator import Score
from groundup.engine.names import name_of, parse_value, resolve
from groundup.errors import UserError, unknown
from groundup.optim.schedules import constant
from groundup.tasks.step import Supervised

PRECISIONS = ("auto", "float64", "float32", "bfloat16", "float16")

Part = Callable  # a function, a class, or a partial of one


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How long and in which manner a run trains.

    A step is one update of the weights, from `accumulate_steps` batches of `batch_size` items. An epoch is as many steps as
    whole batches come out of the training set; every epoch has an order of its own.

    `device` "auto" takes CUDA, then MPS, then the CPU. `precision` "auto" is decided by `engine/precision.py`.
    `channels_last` None chooses it for large convolutional models. `num_threads` None leaves PyTorch's number. `ema_decay`
    keeps an average of the weights, which is then what is evaluated. A state is saved every `save_seconds`, every
    `save_steps`, at the end and at a signal; `keep` more than the last and the best stay on disk. `eval_every` is in steps;
    None means after each epoch, or only at the end where `steps` was given.

    Raises: UserError for values outside their range.
    """

    epochs: int | None = None
    steps: int | None = None
    batch_size: int = 32
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    num_threads: int | None = None
    num_workers: int = 0
    accumulate_steps: int = 1
    clip_norm: float | None = None
    ema_decay: float | None = None
    channels_last: bool | None = None
    save_seconds: float = 60.0
    save_steps: int | None = None
    keep: int = 1
    eval_every: int | None = None
    log_every: int = 20

    def __post_init__(self):
        if (self.epochs is None) == (self.steps is None):
            raise UserError(f"give epochs or steps, one of the two; got epochs={self.epochs} and steps={self.steps}")
        for name in ("epochs", "steps", "batch_size", "accumulate_steps", "log_every", "num_threads", "save_steps", "eval_every"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise UserError(f"{name} must be a whole number of at least 1; got {value!r}")
        for name in ("num_workers", "keep", "seed"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
                raise UserError(f"{name} must be a whole number of at least 0; got {value!r}")
        for name in ("clip_norm", "save_seconds"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int | float) or not 0 < value < float("inf")):
                raise UserError(f"{name} must be a number above 0; got {value!r}")
        if self.ema_decay is not None and not (isinstance(self.ema_decay, float) and 0 < self.ema_decay < 1):
            raise UserError(f"ema_decay must lie between 0 and 1; got {self.ema_decay!r}")
        if self.precision not in PRECISIONS:
            raise UserError(f"precision must be one of {', '.join(PRECISIONS)}; got {self.precision!r}")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that makes a run what it is.

    model            -> Module
    train_data       -> Dataset of dicts; `eval_data` is what `groundup eval` scores
    validation_data  -> a part of the training split by which `checkpoints/best` is chosen; `best` says how: "max accuracy"
    task             -> Task, what a batch means
    optimizer        of (parameters); or {child: optimizer} for a model whose children are trained by one each
    groups           of (model) -> parameter groups for the optimiser; by default all parameters in one
    schedule         of (step, total) -> factor of the optimiser's rate
    facts            of (train_data) -> dict of Facts, each fitted once, in this order
    collate          of (items) -> batch
    augment          of (batch, generator) -> batch; in training alone
    prepare          of (batch) -> batch; in training, evaluation, prediction and serving alike
    step             of (task, update) -> Step
    evaluators       -> Evaluators
    """

    model: Part
    train_data: Part
    eval_data: Part
    task: Part
    optimizer: Part | Mapping[str, Part]
    validation_data: Part | None = None
    best: str | None = None
    groups: Part | None = None
    schedule: Part = constant
    facts: tuple[Part, ...] = ()
    collate: Part | None = None
    augment: Part | None = None
    prepare: Part | None = None
    step: Part = Supervised
    evaluators: tuple[Part, ...] = (Score,)
    run: RunSettings = field(default_factory=lambda: RunSettings(epochs=1))

    def __post_init__(self):
        if (self.best is None) != (self.validation_data is None):
            raise UserError(
                "`best` names the metric of the validation data by which a checkpoint is chosen: give both or neither"
            )
        if self.best is not None and self.best.split()[0] not in ("min", "max"):
            raise UserError(f'`best` is "min METRIC" or "max METRIC"; got {self.best!r}')


def bind(part: Part | None, facts: Mapping[str, object]) -> Callable | None:
    """The part with its nested partials built and with the facts that its signature names, ready to be called.

    A nested partial that waits for positional arguments, as a schedule does for (step, total), is bound and handed on unbuilt.
    """
    if part is None:
        return None
    function, given = (part.func, dict(part.keywords)) if isinstance(part, partial) else (part, {})
    for name, value in given.items():
        if isinstance(value, partial):
            bound = bind(value, facts)
            given[name] = bound if waits(bound) else build(value, facts)
    wanted = parameters_of(function)
    unknown_names = given.keys() - wanted if not accepts_any(function) else set()
    if unknown_names:
        raise unknown(f"argument of {function.__name__}", min(unknown_names), wanted)
    given = {name: facts[name] for name in wanted if name in facts} | given
    return partial(function, **given) if given else function


def waits(function: Callable) -> bool:
    """Whether a call needs positional arguments."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return any(p.kind in kinds and p.default is inspect.Parameter.empty for p in parameters)


def build(part: Part, facts: Mapping[str, object]) -> object:
    """Call the bound part.

    Raises: UserError with the part's name where it refuses its arguments, and where it reads files that were not named.
    """
    bound = bind(part, facts)
    root = inspect.signature(bound).parameters.get("root")
    if root is not None and root.default is inspect.Parameter.empty:
        raise UserError(f"{label(part)} reads data of your own: name it with --data PATH")
    try:
        return bound()
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"{label(part)}: {error}") from error


def label(part: Part) -> str:
    """The bare name of a part's function."""
    return (part.func if isinstance(part, partial) else part).__name__


def parameters_of(function: Callable) -> set[str]:
    return {
        p.name for p in inspect.signature(function).parameters.values() if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
    }


def accepts_any(function: Callable) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


def to_json(value: object) -> object:
    """A recipe, or a part of one, as plain JSON values.

    Raises: UserError for what has no name or no plain form.
    """
    if isinstance(value, Recipe | RunSettings):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, partial):
        if value.args:
            raise UserError(f"give {value.func.__name__} its arguments by name: partial({value.func.__name__}, name=value)")
        return {"call": name_of(value.func), "with": {name: to_json(v) for name, v in sorted(value.keywords.items())}}
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, tuple | list):
        return [to_json(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): to_json(part) for name, part in value.items()}
    if callable(value):
        return {"call": name_of(value)}
    raise UserError(f"a recipe holds numbers, texts, lists, dicts and functions; not {value!r}")


def from_json(document: Mapping, code: ModuleType | None = None) -> Recipe:
    """The recipe that `to_json` wrote. Names resolve inside groundup, or in the user's file `code`.

    Raises: UserError for a field or a name that this version does not have.
    """

    def value_of(part: object) -> object:
        if isinstance(part, list):
            return tuple(map(value_of, part))
        if not isinstance(part, Mapping):
            return part
        if "call" not in part:
            return {name: value_of(v) for name, v in part.items()}
        function = resolve(part["call"], code)
        return partial(function, **{n: value_of(v) for n, v in part["with"].items()}) if "with" in part else function

    fields = {f.name for f in dataclasses.fields(Recipe)}
    if document.keys() != fields:
        raise UserError(
            f"this recipe.json is of another version of groundup: it {differences(document.keys(), fields)} of a Recipe's fields"
        )
    settings = {f.name for f in dataclasses.fields(RunSettings)}
    if document["run"].keys() != settings:
        raise UserError(
            f"this recipe.json is of another version of groundup: it {differences(document['run'].keys(), settings)} "
            f"of the run settings"
        )
    values = {name: value_of(part) for name, part in document.items() if name != "run"}
    return Recipe(**values, run=RunSettings(**document["run"]))


def differences(came: set[str], known: set[str]) -> str:
    """What differs between two sets of names, in words."""
    words = []
    if known - came:
        words.append(f"lacks {', '.join(sorted(known - came))}")
    if came - known:
        words.append(f"has {', '.join(sorted(came - known))} beyond those")
    return " and ".join(words)


def recipe_hash(recipe: Recipe) -> str:
    """A hash of all that the recipe says: the same recipe has the same one on every machine."""
    return hashlib.sha256(json.dumps(to_json(recipe), sort_keys=True).encode()).hexdigest()[:16]


def override(recipe: Recipe, assignment: str) -> Recipe:
    """The recipe with one value replaced, written as `part.name=value`, such as `run.epochs=3` or `optimizer.lr=0.01`.

    Raises: UserError for a part or a name that is not there, with the nearest.
    """
    path, equals, text = assignment.partition("=")
    part, _, rest = path.partition(".")
    fields = {f.name for f in dataclasses.fields(Recipe)}
    if not equals or not rest:
        raise UserError(f"--set takes part.name=value, such as run.epochs=3; got {assignment!r}")
    if part not in fields:
        raise unknown("part of a recipe", part, fields)
    value = parse_value(text)
    if part == "run":
        if rest not in {f.name for f in dataclasses.fields(RunSettings)}:
            raise unknown("run setting", rest, (f.name for f in dataclasses.fields(RunSettings)))
        other = {"epochs": "steps", "steps": "epochs"}.get(rest)  # the one replaces the other
        settings = {rest: value} | ({other: None} if other else {})
        return dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, **settings))
    return dataclasses.replace(recipe, **{part: with_argument(getattr(recipe, part), part, rest, value)})


def with_argument(part: object, where: str, path: str, value: object) -> object:
    """The part with the argument at a dotted path replaced."""
    name, _, rest = path.partition(".")
    if isinstance(part, Mapping):
        if name not in part:
            raise unknown(f"part of {where}", name, part)
        if not rest:
            raise UserError(f"{where}.{name} has arguments of its own: write {where}.{name}.NAME=value")
        return {**part, name: with_argument(part[name], f"{where}.{name}", rest, value)}
    if not callable(part):
        raise UserError(f"{where} has no arguments to set; it is {part!r}")
    function, given = (part.func, part.keywords) if isinstance(part, partial) else (part, {})
    known = parameters_of(function)
    if name not in known and not accepts_any(function):
        raise unknown(f"argument of {where} ({function.__name__})", name, known)
    if rest:
        value = with_argument(given.get(name), f"{where}.{name}", rest, value)
    return partial(function, **{**given, name: value})
