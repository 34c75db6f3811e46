"""What an answer to `to_batch` must do."""

import numpy as np

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="NumPy and devices: the same numbers elsewhere",
    name="to_batch",
    hints=(
        "One picture first: give a grey one a last dimension of size 1, cut a fourth channel off, and bring the channels to the "
        "front. Which of permute and reshape moves dimensions?",
        "torch.from_numpy(picture).permute(2, 0, 1) is (channels, height, width); expand(3, -1, -1) repeats a single channel and "
        "leaves three as they are. torch.stack makes a batch of them.",
        "Fractions are bytes / 255, and the type is float32: torch.stack(rows).to(device, torch.float32) / 255. Before all that, "
        "compare the sizes and raise a ValueError. from_numpy takes no array that runs backwards: np.ascontiguousarray makes one "
        "that it takes.",
    ),
)


def picture(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@EXERCISE.claim("one picture in colour")
def colour(to_batch):
    return to_batch([picture(4, 5, 3)])


@EXERCISE.claim("three pictures in colour, higher than wide")
def several(to_batch):
    return to_batch([picture(6, 4, 3, seed=seed) for seed in range(3)])


@EXERCISE.claim("a square one, where no shape tells a mistake")
def square(to_batch):
    return to_batch([picture(3, 3, 3)])


@EXERCISE.claim("a grey picture of two dimensions, and one of three")
def grey(to_batch):
    return to_batch([picture(4, 5), picture(4, 5, 1, seed=1)])


@EXERCISE.claim("a picture with opacity, beside one without")
def opaque(to_batch):
    return to_batch([picture(4, 5, 4), picture(4, 5, 3, seed=1)])


@EXERCISE.claim("a picture that is turned over, which numpy does without copying")
def turned(to_batch):
    return to_batch([picture(4, 5, 3)[:, ::-1]])


@EXERCISE.claim("the batch has memory of its own, and the arrays are as they were")
def apart(to_batch):
    mine = picture(2, 2, 3)
    batch = to_batch([mine])
    before = mine.copy()
    batch.zero_()
    return {"array": mine, "array before": before}


@EXERCISE.claim("two sizes are refused by a ValueError")
def sizes(to_batch):
    return raised(lambda: to_batch([picture(4, 5, 3), picture(5, 4, 3)]), ValueError)


@EXERCISE.drawn
def drawn(to_batch, seed: int):
    height, width = 1 + seed % 5, 1 + seed % 7
    kinds = ((), (1,), (3,), (4,))
    return to_batch([picture(height, width, *kinds[(seed + number) % 4], seed=seed + number) for number in range(1 + seed % 4)])
