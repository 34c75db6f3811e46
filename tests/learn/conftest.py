"""A lesson made for the tests: small, with a solution of its own."""

import pytest

from groundup.learn.path import Lesson

CHECK = '''"""What an answer to `double` must do."""
import torch
from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(title="Doubling", name="double", hints=("a", "bb", "ccc"))


@EXERCISE.claim("a vector")
def vector(double):
    return {"value": double(torch.arange(6.0).view(2, 3)), "twice": double(torch.tensor([1, 2]))}


@EXERCISE.claim("its gradient")
def gradient(double):
    x = torch.ones(3, requires_grad=True)
    double(x).sum().backward()
    return {"gradient of x": x.grad}


@EXERCISE.claim("no text is doubled")
def text(double):
    return raised(lambda: double("a"), TypeError)
'''
SOLUTION = '''"""The answer."""


def double(x):
    if isinstance(x, str):
        raise TypeError("no text")
    return 2 * x
'''
WRONG = '''"""What people write."""
from solution_of_double import double


def square(x):
    """That is the square."""
    return x if isinstance(x, str) else x * x


def cut(x):
    """The gradient is cut off."""
    return double(x.detach() if hasattr(x, "detach") else x)
'''


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    folder = tmp_path / "lessons" / "01_first" / "02_double"
    folder.mkdir(parents=True)
    (folder / "lesson.py").write_text('"""\nDoubling\n========\n"""\n')
    (folder / "exercise.py").write_text('"""Doubling."""\n\n\ndef double(x):\n    raise NotImplementedError\n')
    (folder / "check.py").write_text(CHECK)
    (folder / "solution.py").write_text(SOLUTION)
    (folder / "solution_of_double.py").write_text(SOLUTION)
    (folder / "wrong.py").write_text(WRONG)
    monkeypatch.syspath_prepend(str(folder))
    return Lesson(folder)


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "mine.py"
        file.write_text(text)
        return file

    return write
