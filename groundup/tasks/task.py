"""What a batch means."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from PIL.Image import Image
from torch import Generator, Tensor
from torch.nn import Module

from groundup.errors import UserError

Batch = Mapping[str, object]
Item = dict[str, object]


class Metric(Protocol):
    """Scores predictions, a batch at a time: with `compute()`, with `picture() -> Image`, or with both.

    `compute` gives a number, or several that come of one computation as {name: number}.
    """

    def update(self, prediction: Batch, batch: Batch) -> None: ...


class Task(Protocol):
    """The verbs that a task may have; it has those that make sense for it, and knows no optimiser, device or distribution.

    loss        what training lowers, and what to log beside it
    inputs      what the model's forward takes of a prepared batch
    predict     what the model says of a prepared batch; `Score` and `groundup predict` read this very dict
    metrics     fresh metrics of predictions, by name
    read        the items of a user's file, in the form of the data set's items
    write       files of a prediction, and a row of a table for each item
    sample      `count` new things from the model, in the form of a prediction
    picture     a prediction as a person would want to see it
    example_batch   a batch of `n` items as they come from the data set, without any data

    ASKED names the arguments of its constructor that say how a trained model is asked, such as how many beams search:
    `groundup predict RUN --set task.num_beams=8`. All others were fixed by training.

    Two numbers help `groundup check`, where a task knows them: `chance_loss`, the loss of guessing, and `least_loss`, the
    loss below which none can come.
    """

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]: ...

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]: ...

    def predict(self, model: Module, batch: Batch) -> dict[str, object]: ...

    def metrics(self) -> dict[str, Metric]: ...

    def read(self, path: Path) -> list[Item]: ...

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]: ...

    def sample(self, model: Module, count: int, generator: Generator, prompt: str | None = None) -> dict[str, object]: ...

    def picture(self, batch: Batch, prediction: Batch) -> Image: ...

    def example_batch(self, n: int) -> Batch: ...


VERBS = tuple(name for name in vars(Task) if not name.startswith("_"))


def verbs(task: Task) -> list[str]:
    """The verbs that a task has."""
    return [name for name in VERBS if hasattr(task, name)]


def require(task: Task, *names: str) -> None:
    """Raises: UserError where the task lacks one of these verbs, naming those that it has."""
    lacking: Sequence[str] = [name for name in names if not hasattr(task, name)]
    if lacking:
        raise UserError(f"{type(task).__name__} has no {' or '.join(lacking)}; it has {', '.join(verbs(task))}")
