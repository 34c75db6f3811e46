"""How many of ShapesWorld's pictures, with boxes and masks, a core draws in a second of its time."""

import statistics
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from benchmarks.timing import Row, cpu_seconds
from groundup.data.shapes_world import ShapesWorld, shapes_world_instances

BATCH = 64


def bench() -> Iterator[Row]:
    torch.set_num_threads(1)
    for size, batches in ((64, 20), (224, 4)):
        dataset = shapes_world_instances(split="train", size=size)
        order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(0)).split(BATCH)
        dataset.batch(order[0])
        rounds = [order[first : first + batches] for first in range(0, 7 * batches, batches)]
        seconds = [cpu_seconds(partial(draw, dataset, indices)) for indices in rounds]
        rate = batches * BATCH / statistics.median(seconds)
        yield Row(f"ShapesWorld at {size} pixels with boxes and masks: items a CPU second", rate / 1000, "k/s")


def draw(dataset: ShapesWorld, indices: Sequence[Tensor]) -> None:
    for batch in indices:
        dataset.batch(batch)
