"""Scores what a generative model makes by a classifier that knows the real thing."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Generator
from torch.nn import Module

from groundup.metrics.feature_distance import frechet_distance, kernel_distance
from groundup.metrics.judge import Judge, draw_shares
from groundup.tasks.evaluation import Batches, Evaluation
from groundup.tasks.task import Task

GRID, ROW = 100, 10  # pictures shown at the end, and in each frame of the film


class JudgeCounts:
    """How many classes are among `count` samples, how clear they are, and how far from the `image` of the evaluation data.

    `classes_found` counts classes with a share of at least 3%, `smallest_share` is that of the rarest, `judge_confidence`
    the mean probability that the judge gives to what it sees. `fid_judge` and `kid_judge` are distances in the features of this
    judge, not in Inception's, see `metrics/feature_distance.py`: a generator that makes each class once and for all
    finds all classes and still lies far off.
    """

    def __init__(self, *, judge: Judge, labels: Sequence[str], count: int = 1000):
        self.judge, self.labels, self.count = judge, list(labels), count

    def __call__(self, model: Module, task: Task, batches: Batches, generator: Generator) -> Evaluation:
        image = task.sample(model, self.count, generator)["image"]
        verdict = self.judge.classes(image)
        real = torch.cat([self.judge.features(batch["image"]) for batch in batches()])
        made = self.judge.features(image)
        return Evaluation(
            {
                "classes_found": float(sum(verdict.found)),
                "smallest_share": verdict.shares.min().item(),
                "judge_confidence": verdict.confidence,
                "fid_judge": frechet_distance(real, made),
                "kid_judge": kernel_distance(real, made),
            },
            {
                "samples": partial(task.picture, {}, {"image": image[:GRID]}, columns=20),
                "classes": partial(draw_shares, verdict, self.labels),
            },
            # the generator is seeded alike in every evaluation, so the film shows the same latents throughout
            {"samples": partial(task.picture, {}, {"image": image[:ROW]}, columns=ROW)},
        )
