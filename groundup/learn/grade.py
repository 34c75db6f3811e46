"""Whether an answer is right: every claim with the answer and with the solution, and what the difference points to."""

import functools
import inspect
import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import Module

from groundup.learn.difference import TOLERANCE, difference, kept, leaves
from groundup.learn.exercise import Claim, Exercise
from groundup.learn.path import Lesson, load_solution, load_wrong_answers
from groundup.parity.compare import tensors_in
from groundup.parity.diverge import diverge
from groundup.parity.relations import factor, relation

IMPORTS = {  # what people forget most often
    **{"torch": "import torch", "nn": "from torch import nn", "F": "import torch.nn.functional as F"},
    **{"Tensor": "from torch import Tensor", "Module": "from torch.nn import Module"},
    **{"Parameter": "from torch.nn import Parameter", "np": "import numpy as np", "math": "import math"},
}


class ChangedInput(Exception):
    """An answer wrote over what it was given."""


@dataclass(frozen=True)
class Failed:
    """A claim that ended in an error: which, what it said, and the line of the learner's file."""

    kind: str
    message: str
    line: int | None


@dataclass(frozen=True)
class Finding:
    """What became of one claim; `message` is empty where it holds."""

    title: str
    held: bool
    message: str = ""


@dataclass(frozen=True)
class Report:
    """What a learner is told: the claims one by one, why, and which known mistake it is (`mistake`, a name of wrong.py)."""

    findings: list[Finding] = field(default_factory=list)
    why: str = ""
    mistake: str | None = None
    error: str = ""  # the file as a whole could not be used
    printed: str = ""

    @property
    def passed(self) -> bool:
        return not self.error and bool(self.findings) and all(finding.held for finding in self.findings)


def grade(lesson: Lesson, exercise: Exercise, answer: object, file: Path | None = None) -> Report:
    """Hold an answer to all claims; `file` is where it stands, so that errors can name a line of it."""
    solution = load_solution(lesson, exercise)
    if kind := wrong_kind(answer, solution, exercise.name):
        return Report(error=kind)
    expected = outcomes(exercise, solution)
    broken = [claim.title for claim, outcome in zip(exercise.claims, expected, strict=True) if isinstance(outcome, Failed)]
    if broken:
        raise RuntimeError(f"{lesson.slug}: the solution itself fails in {broken}: {expected}")
    mine = outcomes(exercise, answer, file)
    findings = [found(claim, ours, theirs) for claim, ours, theirs in zip(exercise.claims, mine, expected, strict=True)]
    if all(finding.held for finding in findings):
        return Report(findings)
    for name, wrong in load_wrong_answers(lesson).items():
        if all(map(alike, mine, outcomes(exercise, wrong))):
            return Report(findings, " ".join(inspect.getdoc(wrong).split()), name)
    return Report(findings, reason(exercise, answer, solution, mine, expected))


def wrong_kind(answer: object, solution: object, name: str) -> str:
    """What is said of an answer that is a class where a function is asked for, or the like."""
    if inspect.isclass(solution) and not inspect.isclass(answer):
        return f"`{name}` must be a class; it is {describe(answer)}"
    if not callable(answer):
        return f"`{name}` must be a function; it is {describe(answer)}"
    if not inspect.isclass(solution) and inspect.isclass(answer):
        return f"`{name}` must be a function; it is a class"
    if inspect.isclass(solution) and issubclass(solution, Module) and not issubclass(answer, Module):
        return f"`{name}` must be a torch module: write `class {name}(Module):`, with `from torch.nn import Module` above"
    return ""


def describe(value: object) -> str:
    return "a function" if inspect.isfunction(value) else f"{value!r}"[:60] + f", of type {type(value).__name__}"


def outcomes(exercise: Exercise, answer: object, file: Path | None = None) -> list[object]:
    """What comes of each claim: its result, or a Failed."""
    answer = answer if exercise.changes_inputs else guarded(answer)
    return [outcome(claim, answer, number, file) for number, claim in enumerate(exercise.claims)]


def outcome(claim: Claim, answer: object, seed: int, file: Path | None) -> object:
    """One claim, in float64 and after the same seeds for whoever answers."""
    dtype, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        torch.set_default_dtype(torch.float64)
        try:
            return kept(claim.run(answer))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit as well: the answer is a stranger's code
            return Failed(type(error).__name__, told(error), line_of(error, file))
        finally:
            torch.set_default_dtype(dtype)
            torch.set_grad_enabled(gradients)


def guarded(answer: object) -> object:
    """The same function, or Module class with such a forward, but an error where it writes over a tensor that it is given."""
    if inspect.isclass(answer) and issubclass(answer, Module):
        return type(answer.__name__, (answer,), {"forward": unchanged(answer.forward), "__module__": answer.__module__})
    return answer if inspect.isclass(answer) else unchanged(answer)


def unchanged(function: Callable) -> Callable:
    @functools.wraps(function)
    def call(*args, **kwargs):
        given = [value for value in tensors_in([*args, *kwargs.values()]) if type(value) is Tensor]
        before = [value.detach().clone() for value in given]
        result = function(*args, **kwargs)
        for value, copy in zip(given, before, strict=True):
            if value.shape != copy.shape or not torch.equal(value.detach().nan_to_num(), copy.nan_to_num()):
                raise ChangedInput("it writes over the tensor that it is given; work on a new one (x = x + 1, not x += 1)")
        return result

    return call


def told(error: BaseException) -> str:
    """An error in a line, with what mends it where that is known."""
    text = " ".join(str(error).split())
    if isinstance(error, NameError) and error.name in IMPORTS:
        return f"`{error.name}` is not known: write `{IMPORTS[error.name]}` at the top of the file"
    if isinstance(error, RecursionError):
        return "it calls itself without end"
    if isinstance(error, SystemExit):
        return "it ends the program (exit); a function ends with return"
    if isinstance(error, EOFError):
        return "it waits for input, which nobody gives here: take what you need from the arguments"
    return text[:300]


def line_of(error: BaseException, file: Path | None) -> int | None:
    """The line of the learner's file that the error came out of, if it did."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if file and Path(frame.filename) == file]
    return frames[-1].lineno if frames else None


def found(claim: Claim, mine: object, expected: object) -> Finding:
    """The claim's verdict in words."""
    if isinstance(mine, Failed):
        where = f", line {mine.line}" if mine.line else ""
        if mine.kind == "NotImplementedError":
            return Finding(claim.title, False, f"not written yet{where}")
        if mine.kind == "ChangedInput":
            return Finding(claim.title, False, mine.message)
        return Finding(claim.title, False, f"{mine.kind}{where}: {mine.message}")
    message = difference(mine, expected)
    return Finding(claim.title, message is None, message or "")


def alike(mine: object, other: object) -> bool:
    """Whether two outcomes of a claim are the same, or end in an error of the same kind."""
    if isinstance(mine, Failed) or isinstance(other, Failed):
        return isinstance(mine, Failed) and isinstance(other, Failed) and mine.kind == other.kind
    return difference(mine, other) is None


def reason(exercise: Exercise, answer: object, solution: object, mine: list, expected: list) -> str:
    """Why an answer that makes no known mistake is wrong, as far as its results tell."""
    if any(isinstance(outcome, Failed) for outcome in mine):
        return ""
    if exercise.build is not None and (text := divergence(exercise, answer, solution)):
        return text
    for ours, theirs in zip(mine, expected, strict=True):
        if difference(ours, theirs) and (text := related(ours, theirs)):
            return text
    return ""


def divergence(exercise: Exercise, answer: object, solution: object) -> str:
    """Where the learner's module parts from the solution's, with the same weights and input."""
    try:
        module, inputs = exercise.build(answer)
        result = diverge(module, exercise.build(solution)[0], inputs)
    except Exception:  # it is a stranger's module: what cannot be followed is told by its results alone
        return ""
    return "" if result.agrees else result.cause or result.message


def related(mine: object, expected: object) -> str:
    """What the first wrong tensor is to the expected one: a multiple, another order, one step too far."""
    ours = dict(leaves(mine))
    for place, value in leaves(expected):
        other = ours.get(place)
        tensors = isinstance(value, Tensor) and isinstance(other, Tensor) and value.is_floating_point()
        if tensors and other.is_floating_point() and value.numel() > 1 and difference(other, value):
            other, value = other.double(), value.double()
            c = factor(other, value, TOLERANCE)
            if c is not None:
                return f"your result is the expected one times {c:.6g}"
            text = relation(other, value, [], [], TOLERANCE) or ""
            return text.replace("the reference's", "the expected one").replace("mine", "your result")
    return ""
