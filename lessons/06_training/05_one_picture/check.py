"""What an answer to `prepare` must do."""

import numpy as np
from PIL import Image

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Asking about one picture from disk",
    name="prepare",
    hints=(
        "Five steps: RGB, resize, the middle, channels first and fractions, normalise. picture.size is (width, height); an "
        "array's shape is (height, width, channels).",
        "The side that is the shorter one becomes `resize` exactly, the other int(side * resize / shorter). The middle begins"
        " at round((side - crop) / 2) for height and width alike.",
        "If a side is below crop: np.pad(pixels, [(gap // 2, gap - gap // 2) for the two sides] + [(0, 0)]) with gap = max(0,"
        " crop - side), before the middle is taken. At the end (x - mean[:, None, None]) / std[:, None, None], and [None] for"
        " the batch; all of float32.",
    ),
)


def picture(width: int, height: int, mode: str = "RGB", seed: int = 0) -> Image.Image:
    shape = (height, width) if mode == "L" else (height, width, len(mode))
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8), mode=mode)


@EXERCISE.claim("a wide picture")
def wide(prepare):
    return prepare(picture(30, 18), 12, 8)


@EXERCISE.claim("a high picture, and other numbers for mean and spread")
def high(prepare):
    return prepare(picture(11, 29), 10, 7, (0.5, 0.4, 0.3), (0.1, 0.2, 0.3))


@EXERCISE.claim("a square one that needs no scaling")
def square(prepare):
    return prepare(picture(9, 9), 9, 9)


@EXERCISE.claim("an odd pixel of the rest")
def odd(prepare):
    return [prepare(picture(20, 13), 11, 8), prepare(picture(13, 20), 10, 7)]


@EXERCISE.claim("a grey picture, and one with opacity")
def modes(prepare):
    return [prepare(picture(8, 10, "L"), 8, 8), prepare(picture(8, 10, "RGBA"), 8, 8)]


@EXERCISE.claim("a crop larger than the picture")
def padded(prepare):
    return [prepare(picture(9, 6), 6, 8), prepare(picture(5, 5), 5, 8)]


@EXERCISE.drawn
def drawn(prepare, seed: int):
    return prepare(picture(5 + seed * 7 % 20, 5 + seed * 3 % 20, seed=seed), 6 + seed % 6, 5 + seed % 5)
