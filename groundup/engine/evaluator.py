"""What is scored unless a recipe says more, and when."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Generator
from torch.nn import Module
from torch.utils.data import Dataset

from groundup.tasks.evaluation import Batches, Evaluation, Evaluator
from groundup.tasks.task import Task


class Score:
    """Predict every batch and feed the task's metrics: the numbers are of the very function that a user calls.

    With `dataset`, that is scored in place of the evaluation data, and with `task`, what another task makes of the model; the
    names of numbers and pictures then begin with `prefix`.
    """

    def __init__(self, *, dataset: Dataset | None = None, task: Task | None = None, prefix: str = ""):
        self.dataset, self.task, self.prefix = dataset, task, prefix

    def __call__(self, model: Module, task: Task, batches: Batches, generator: Generator) -> Evaluation:
        task = task if self.task is None else self.task
        metrics, shown = task.metrics(), None
        for batch in batches() if self.dataset is None else batches(self.dataset):
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
        values, pictures = ({self.prefix + name: found for name, found in part.items()} for part in (values, pictures))
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
