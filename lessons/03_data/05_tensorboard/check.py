"""What an answer to `smooth` must do."""

import random

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="TensorBoard: scalars, pictures, the graph",
    name="smooth",
    hints=(
        "One number is carried along: mean = weight * mean + (1 - weight) * value.",
        "Count the values that entered. After n of them the mean is too small by the factor 1 - weight**n: divide what you "
        "pass on by it, and carry the undivided mean along.",
        "math.isfinite(value) tells a NaN and an infinity apart from the rest: append them as they are and go on to the next."
        " Refuse a weight outside of 0 <= weight < 1 by a ValueError.",
    ),
)


@EXERCISE.claim("a line that jumps from 0 to 1")
def jump(smooth):
    return smooth([0.0] * 5 + [1.0] * 5, 0.6)


@EXERCISE.claim("a line that is always 3 stays 3, from the first value on")
def constant(smooth):
    return smooth([3.0] * 6, 0.9)


@EXERCISE.claim("a weight of 0 smooths nothing")
def nothing(smooth):
    return smooth([1.0, -2.0, 5.0], 0.0)


@EXERCISE.claim("a NaN and an infinity are passed on, and leave no trace")
def holes(smooth):
    return smooth([1.0, float("nan"), 2.0, float("inf"), 3.0], 0.5)


@EXERCISE.claim("a hole at the very start, and no values at all")
def start(smooth):
    return [smooth([float("nan"), 4.0, 2.0], 0.8), smooth([], 0.5)]


@EXERCISE.claim("weights outside are refused by a ValueError")
def outside(smooth):
    return [raised(lambda w=weight: smooth([1.0], w), ValueError) for weight in (-0.1, 1.0, 1.5, 0.999)]


@EXERCISE.drawn
def drawn(smooth, seed: int):
    draw = random.Random(seed)
    values = [draw.choice([draw.gauss(0, 3), draw.gauss(0, 3), draw.gauss(0, 3), float("nan")]) for _ in range(seed % 12)]
    return smooth(values, draw.choice([0.0, 0.3, 0.9, 0.99]))
