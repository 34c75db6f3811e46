"""The path through the lessons: parts, lessons and exercises in their order, read without importing any of them."""

import ast
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from groundup.errors import UserError, unknown
from groundup.learn.exercise import Exercise, lessons_folder


@dataclass(frozen=True)
class Lesson:
    """A lesson's folder, lessons/NN_part/NN_slug."""

    folder: Path

    @property
    def slug(self) -> str:
        return self.folder.name.partition("_")[2]

    @property
    def part(self) -> str:
        return self.folder.parent.name

    @property
    def title(self) -> str:
        """The first line of the lesson."""
        text = ast.get_docstring(ast.parse((self.folder / "lesson.py").read_text(encoding="utf-8"))) or ""
        return text.strip().partition("\n")[0]

    @property
    def has_exercise(self) -> bool:
        return (self.folder / "check.py").is_file()


def all_lessons() -> list[Lesson]:
    """Every lesson in the order of the path."""
    return [Lesson(file.parent) for file in sorted(lessons_folder().glob("[0-9]*/[0-9]*/lesson.py"))]


def find_lesson(slug: str) -> Lesson:
    """The lesson of an exercise, by its slug.

    Raises: UserError for a slug that no exercise has.
    """
    found = {lesson.slug: lesson for lesson in all_lessons()}
    if slug not in found:
        raise unknown("exercise", slug, (name for name, lesson in found.items() if lesson.has_exercise))
    if not found[slug].has_exercise:
        raise UserError(f"the lesson {slug} has no exercise: read it, and go on with the next (groundup learn list)")
    return found[slug]


def run_file(file: Path) -> ModuleType:
    """A file of a lesson as a module of its own."""
    name = "groundup_lesson_" + "_".join(file.with_suffix("").parts[-3:])
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_exercise(lesson: Lesson) -> Exercise:
    """The exercise that check.py makes."""
    return run_file(lesson.folder / "check.py").EXERCISE


def load_solution(lesson: Lesson, exercise: Exercise) -> object:
    """The package's own, or that of solution.py."""
    if exercise.solution is None:
        return getattr(run_file(lesson.folder / "solution.py"), exercise.name)
    module, _, name = exercise.solution.partition(":")
    return getattr(importlib.import_module(module), name)


def load_wrong_answers(lesson: Lesson) -> dict[str, object]:
    """What wrong.py defines, in its order; the docstring of each says what is wrong with it."""
    module = run_file(lesson.folder / "wrong.py")
    tree = ast.parse((lesson.folder / "wrong.py").read_text(encoding="utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node)]
    return {name: getattr(module, name) for name in names}
