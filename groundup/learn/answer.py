"""A learner's file, from its text to the report: what cannot be read, parsed or imported is said in a line."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from groundup.learn.exercise import Exercise
from groundup.learn.grade import Report, grade, line_of, told
from groundup.learn.path import Lesson, load_exercise


class Unusable(Exception):
    """A file that gives no answer; the message says why."""


def grade_file(lesson: Lesson, file: Path) -> Report:
    """The report on the answer in a file."""
    exercise = load_exercise(lesson)
    try:
        return grade(lesson, exercise, answer_in(file, exercise), file)
    except Unusable as why:
        return Report(error=str(why))


def answer_in(file: Path, exercise: Exercise) -> object:
    """What the file defines under the exercise's name.

    Raises: Unusable where it cannot be run, or defines no such thing.
    """
    module = run(file)
    if hasattr(module, exercise.name):
        return getattr(module, exercise.name)
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    there = f"it defines {', '.join(map(repr, own))}" if own else "it defines nothing"
    raise Unusable(f"the file must define `{exercise.name}`; {there}")


def run(file: Path) -> ModuleType:
    """The file as a module.

    Raises: Unusable where it is missing, no text, does not parse or fails as it is run.
    """
    if not file.is_file():
        raise Unusable(f"there is no file {file}: was it renamed or deleted?")
    spec = importlib.util.spec_from_file_location("answer", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["answer"] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        if "codec" in error.msg or "null bytes" in error.msg or "UTF-8" in error.msg:
            raise Unusable("it is no text in UTF-8: save it again as such") from None
        code = (error.text or "").strip()
        shown = f": {code}" if code else ""
        raise Unusable(f"it does not parse: {error.msg}, line {error.lineno}{shown}") from None
    except KeyboardInterrupt:
        raise
    except (UnicodeDecodeError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError) or "null bytes" in str(error):
            raise Unusable("it is no text in UTF-8: save it again as such") from None
        raise Unusable(failure(error, file)) from None
    except ModuleNotFoundError as error:
        line = line_of(error, file)
        raise Unusable(f"line {line} imports {error.name!r}, which is not installed; torch and numpy are all you need") from None
    except BaseException as error:  # SystemExit as well
        raise Unusable(failure(error, file)) from None
    return module


def failure(error: BaseException, file: Path) -> str:
    line = line_of(error, file)
    return f"it fails as it is read{f', line {line}' if line else ''}: {type(error).__name__}: {told(error)}"
