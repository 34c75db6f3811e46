"""What is scored, and how."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import torch
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


Batches = Callable[[], Iterator[Batch]]  # prepared batches of the evaluation data, from their beginning


class Evaluator(Protocol):
    """Scores a model in evaluation mode; all its randomness comes from the generator."""

    def __call__(self, model: Module, task: Task, batches: Batches, generator: Generator) -> Evaluation: ...


class Score:
    """Predict every batch and feed the task's metrics: the numbers are of the very function that a user calls."""

    def __call__(self, model: Module, task: Task, batches: Batches, generator: Generator) -> Evaluation:
        metrics, shown = task.metrics(), None
        for batch in batches():
            prediction = task.predict(model, batch)
            shown = shown or (batch, prediction)
            for metric in metrics.values():
                metric.update(prediction, batch)
        pictures = {name: metric.picture for name, metric in metrics.items() if hasattr(metric, "picture")}
        if shown is not None and hasattr(task, "picture"):
            pictures["samples"] = partial(task.picture, *shown)
        values: dict[str, float] = {}
        for name, metric in metrics.items():
            found = metric.compute() if hasattr(metric, "compute") else {}
            values |= found if isinstance(found, Mapping) else {name: found}
        return Evaluation(values, pictures)


def evaluate(evaluators: list[Evaluator], model: Module, task: Task, batches: Batches, *, seed: int = 0) -> Evaluation:
    """All evaluators in their order. The modes of the model's parts and the global random state are left as they were."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    result = Evaluation()
    try:
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(seed)
            for evaluator in evaluators:
                result |= evaluator(model, task, batches, Generator().manual_seed(seed))
    finally:
        for module, training in modes:
            module.training = training
    return result
