"""Straight-through estimators against values and slopes written down by hand, for numbers on each side of every bend."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.straight_through import straight_through_round, straight_through_sign, straight_through_step

NUMBERS = (-2.5, -1.5, -1.0, -0.75, -0.5, -0.0, 0.0, 0.25, 0.5, 1.0, 1.25, 1.5, 3.0)
WITHIN_1 = (0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0)  # whether |x| <= 1: the slope of the clipped line
SIGNS = (-1, -1, -1, -1, -1, 1, 1, 1, 1, 1, 1, 1, 1)
STEPS = (0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1)
ROUNDED = (-2, -2, -1, -1, 0, 0, 0, 0, 0, 1, 1, 2, 3)


def by_hand(values: tuple[int, ...], clip: bool) -> Callable:
    """The function that has these values and slopes at `NUMBERS`, and takes nothing else."""

    def look_up(input: Tensor, clip: bool = clip) -> Tensor:
        places = [NUMBERS.index(number) for number in input.flatten().tolist()]
        value = torch.tensor([values[place] for place in places], dtype=torch.float64).view(input.shape)
        slope = torch.tensor([WITHIN_1[place] if clip else 1 for place in places]).view(input.shape)
        return value + slope * (input - input.detach())

    return look_up


def number_samples(generator: Generator) -> Iterator[Sample]:
    numbers = torch.tensor(NUMBERS, dtype=torch.float64)
    yield call(numbers)
    for clip in (True, False):
        yield call(numbers, clip)
        yield call(numbers[torch.randint(len(NUMBERS), (2, 3, 8), generator=generator)][..., ::2], clip=clip)
        yield call(numbers[:0], clip)
        yield call(numbers[7], clip)


CASES = [
    OpCase(
        name="straight_through_sign",
        reference="equations 1 and 4 of arXiv 1602.02830, by hand",
        level="B",
        ours=straight_through_sign,
        theirs=by_hand(SIGNS, clip=True),
        samples=number_samples,
    ),
    OpCase(
        name="straight_through_step",
        reference="the straight-through estimator of arXiv 1308.3432, by hand",
        level="B",
        ours=straight_through_step,
        theirs=by_hand(STEPS, clip=True),
        samples=number_samples,
    ),
    OpCase(
        name="straight_through_round",
        reference="the straight-through estimator of arXiv 1308.3432, by hand",
        level="B",
        ours=straight_through_round,
        theirs=by_hand(ROUNDED, clip=False),
        samples=number_samples,
    ),
]
