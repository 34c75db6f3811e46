"""What an evaluation gives, and what gives one: evaluators that know what predictions mean stand beside the tasks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from PIL.Image import Image
from torch import Generator
from torch.nn import Module

from groundup.tasks.task import Batch, Task


@dataclass(frozen=True)
class Evaluation:
    """Numbers and pictures by name; `frames` are pictures of which a film over the course of training is made.

    Pictures are drawn only when called: an evaluation in mid-training often shows none.
    """

    values: dict[str, float] = field(default_factory=dict)
    pictures: dict[str, Callable[[], Image]] = field(default_factory=dict)
    frames: dict[str, Callable[[], Image]] = field(default_factory=dict)

    def __or__(self, other: "Evaluation") -> "Evaluation":
        return Evaluation(self.values | other.values, self.pictures | other.pictures, self.frames | other.frames)


Batches = Callable[..., Iterator[Batch]]  # prepared batches of the evaluation data from their beginning, or of a data set given


class Evaluator(Protocol):
    """Scores a model in evaluation mode; all its randomness comes from the generator."""

    def __call__(self, model: Module, task: Task, batches: Batches, generator: Generator) -> Evaluation: ...
