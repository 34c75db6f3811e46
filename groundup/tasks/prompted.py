"""Scores what a generative model makes when it is asked for something by name: did it make that?"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Generator
from torch.nn import Module

from groundup.metrics.judge import Judge
from groundup.tasks.evaluation import Batches, Evaluation
from groundup.tasks.task import Task

SHOWN, FRAME = 12, 4  # pictures of each class shown at the end, and in each frame of the film


class JudgeAgrees:
    """Asks the task for each class in turn, `count` samples in all, and a classifier whether it sees that class in them.

    `judge_agrees` is the share that is called what was asked for, `judge_agrees_least` that of the class which fares worst. The
    evaluation data is not looked at. A task that has a `strip` shows as well how the first samples came about.
    """

    def __init__(self, *, judge: Judge, labels: Sequence[str], count: int = 500):
        self.judge, self.labels, self.each = judge, list(labels), max(1, count // len(labels))

    def __call__(self, model: Module, task: Task, batches: Batches, generator: Generator) -> Evaluation:
        made = [task.sample(model, self.each, generator, name) for name in self.labels]
        images = [prediction["image"] for prediction in made]
        agrees = [self.judge.logits(image).argmax(-1) == number for number, image in enumerate(images)]
        shares = [found.double().mean().item() for found in agrees]

        def rows(columns: int) -> dict[str, torch.Tensor]:
            return {"image": torch.cat([x[:columns] for x in images]), "right": torch.cat([x[:columns] for x in agrees])}

        few, fewer = min(SHOWN, self.each), min(FRAME, self.each)
        pictures = {"by_class": partial(task.picture, {}, rows(few), columns=few)}
        if hasattr(task, "strip"):
            first = {"way": torch.cat([prediction["way"][:1] for prediction in made])}
            pictures["denoising"] = partial(task.strip, first)
        return Evaluation(
            {"judge_agrees": sum(shares) / len(shares), "judge_agrees_least": min(shares)},
            pictures,
            {"by_class": partial(task.picture, {}, rows(fewer), columns=fewer)},
        )
