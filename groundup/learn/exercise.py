"""An exercise: what the learner writes, what it must do, and the hints on the way.

A lesson's folder may hold `exercise.py`, the file with holes that a learner gets; `check.py`, which makes an `EXERCISE` and its
claims; and `wrong.py`, answers that are wrong in a way that people are, each with a docstring that says what went wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from groundup.errors import UserError


@dataclass(frozen=True)
class Claim:
    """One thing that an answer must do: `run` puts it to use and returns what came of it, any nest of tensors and numbers."""

    title: str
    run: Callable[[object], object]


@dataclass
class Exercise:
    """What is asked for under `name`, a function or a class, and how it is told whether an answer is right.

    Each claim is run with the learner's answer and with the solution, and the two results are compared. The solution is the
    package's own source, `"groundup.ops.softmax:softmax_tensors"`, or stands in `solution.py` beside the check. `hints` are
    three, each saying more. `build(answer)` gives, for an answer that is a Module class, (a module, its inputs): where a claim
    fails, the module is followed submodule by submodule beside the solution's. `changes_inputs` says that to write over
    its inputs is what the answer is for.
    """

    title: str
    name: str
    hints: tuple[str, str, str]
    solution: str | None = None
    build: Callable[[object], tuple[object, object]] | None = None
    changes_inputs: bool = False
    claims: list[Claim] = field(default_factory=list)
    sample: Callable[[object, int], object] | None = None

    def claim(self, title: str) -> Callable:
        """A decorator for `function(answer) -> result`, under the title that the learner reads."""

        def keep(function: Callable[[object], object]) -> Callable[[object], object]:
            self.claims.append(Claim(title, function))
            return function

        return keep

    def drawn(self, function: Callable[[object, int], object]) -> Callable[[object, int], object]:
        """A decorator for `function(answer, seed) -> result`: uses at random, by which the claims themselves are tested."""
        self.sample = function
        return function


def raised(function: Callable[[], object], *kinds: type[Exception]) -> str:
    """The name of the error that refuses a call, if it is one of these kinds; "no error" where nothing does."""
    try:
        function()
    except kinds as error:
        return type(error).__name__
    return "no error"


def lessons_folder() -> Path:
    """Where the lessons stand: beside the package, in the repository.

    Raises: UserError where the package was installed without it.
    """
    folder = Path(__file__).parents[2] / "lessons"
    if not folder.is_dir():
        raise UserError(
            "the lessons come with the repository, and this groundup was installed without it: "
            "clone it and install it by `pip install --editable .`"
        )
    return folder
