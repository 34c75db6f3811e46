"""The most confident mistakes: where a classifier is sure and wrong, either it has much to learn or the label is wrong."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.explain.sheet import Cell, draw_sheet, enlarged, in_rows
from groundup.tasks.task import Batch, Task

SIDE, COLUMNS, MOST = 104, 6, 24  # pixels of a picture on the sheet, pictures in a row, pictures


class Answers(NamedTuple):
    """What was said of each picture, how sure (from 0 to 1), and what it is: three tensors (pictures), on the CPU."""

    label: Tensor
    confidence: Tensor
    truth: Tensor

    @property
    def right(self) -> Tensor:
        return self.label == self.truth


@torch.no_grad()
def answers(model: Module, task: Task, batches: Iterable[Batch]) -> Answers:
    """What the task predicts of all pictures: the very function that `eval` scores."""
    parts = []
    for batch in batches:
        said = task.predict(model, batch)
        parts.append([value.cpu() for value in (said["label"], said["confidence"], batch["label"])])
    return Answers(*(torch.cat(column) for column in zip(*parts, strict=True)))


def confident_mistakes(found: Answers, count: int) -> Tensor:
    """The numbers of the wrong answers, the surest first; equally sure ones in the order of the pictures.

    Shapes: -> (count) indices, or as many as there are mistakes.
    """
    wrong = (~found.right).nonzero().flatten()
    return wrong[found.confidence[wrong].argsort(descending=True, stable=True)][:count]


def draw_mistakes(pictures: Sequence[Image.Image], found: Answers, chosen: Tensor, labels: Sequence[str]) -> Image.Image:
    """The pictures of the chosen mistakes, each with what was said, how sure, and what it is."""
    cells = [
        Cell(enlarged(picture, SIDE), f"{labels[said]}, {sure:.1%}\nis {labels[truth]}")
        for picture, said, sure, truth in zip(pictures, *(column[chosen].tolist() for column in found), strict=True)
    ]
    wrong, total = int((~found.right).sum()), len(found.truth)
    title = f"The {len(cells)} most confident of {wrong} mistakes" if len(cells) < wrong else f"All {wrong} mistakes"
    note = f"among {total:,} pictures; said, how sure, and what it is"
    return draw_sheet(in_rows(cells, COLUMNS), title=title, note=note)
