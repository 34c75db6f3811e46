"""What an answer to `fold` must do."""

import numpy as np

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="From numbers to arrays: the engine grows up",
    name="fold",
    solution="groundup.autograd.array:unbroadcast",
    hints=(
        "Which dimensions were repeated? Those that stand in front and are missing in shape, and those of size 1 in shape.",
        "First sum away the dimensions in front, gradient.ndim - len(shape) of them; they disappear. Then sum those of size "
        "1, which stay, with size 1.",
        "gradient = gradient.sum(tuple(range(gradient.ndim - len(shape)))) and then gradient.sum(the axes where shape is 1, "
        "keepdims=True). Both take an empty tuple of axes and then change nothing.",
    ),
)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@EXERCISE.claim("a bias that was added to a batch")
def bias(fold):
    return fold(numbers(5, 3), (3,))


@EXERCISE.claim("nothing was repeated")
def nothing(fold):
    return fold(numbers(2, 3), (2, 3))


@EXERCISE.claim("a column and a row that were repeated")
def column_and_row(fold):
    return [fold(numbers(4, 3), (4, 1)), fold(numbers(4, 3), (1, 3))]


@EXERCISE.claim("one number for all")
def scalar(fold):
    return [fold(numbers(2, 3), ()), fold(numbers(2, 3), (1, 1))]


@EXERCISE.claim("both at once: in front, and in the middle")
def both(fold):
    return [fold(numbers(2, 3, 4, 5), (3, 1, 5)), fold(numbers(2, 3, 4), (1, 4)), fold(numbers(3, 3, 3), (3, 1))]


@EXERCISE.claim("a dimension of size 1 that was never repeated")
def already_one(fold):
    return fold(numbers(2, 1, 3), (1, 3))


@EXERCISE.drawn
def drawn(fold, seed: int):
    draw = np.random.default_rng(seed)
    whole = tuple(int(size) for size in draw.integers(1, 4, draw.integers(1, 5)))
    shape = tuple(size if draw.random() < 0.6 else 1 for size in whole)[int(draw.integers(0, len(whole) + 1)) :]
    return fold(draw.standard_normal(whole), shape)
