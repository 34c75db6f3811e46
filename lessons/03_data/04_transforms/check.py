"""What an answer to `letterbox` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Normalize, Resize, Compose, RandomCrop",
    name="letterbox",
    hints=(
        "One scale for both sides, or the picture is bent: size divided by the longer side.",
        "Make the frame first, full of `fill`, and write the scaled picture into its middle: what is left over in each "
        "direction, halved and rounded down, is where it begins.",
        "sides = max(1, round(height * scale)), max(1, round(width * scale)); interpolate(picture[None], sides, ...)[0]; "
        "frame[:, top : top + sides[0], left : left + sides[1]] = scaled. Return frame, scale, (top, left).",
    ),
)


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> torch.Tensor:
    return torch.rand(channels, height, width, generator=torch.Generator().manual_seed(seed))


def named(answer):
    frame, scale, (top, left) = answer
    return {"frame": frame, "scale": scale, "top": top, "left": left}


@EXERCISE.claim("a wide picture that is made smaller")
def wide(letterbox):
    return named(letterbox(picture(6, 12), 8))


@EXERCISE.claim("a high picture that is made larger")
def high(letterbox):
    return named(letterbox(picture(6, 4), 12))


@EXERCISE.claim("a square that fits as it is")
def fitting(letterbox):
    return named(letterbox(picture(5, 5), 5))


@EXERCISE.claim("an odd pixel of the rest, and sides that are rounded")
def odd(letterbox):
    return [named(letterbox(picture(5, 8), 8)), named(letterbox(picture(7, 10), 9)), named(letterbox(picture(30, 7), 16))]


@EXERCISE.claim("one channel, and another filling")
def filling(letterbox):
    return named(letterbox(picture(4, 8, 1), 8, fill=0.0))


@EXERCISE.claim("a line so thin that less than a pixel would be left")
def thin(letterbox):
    return named(letterbox(picture(1, 50), 8))


@EXERCISE.drawn
def drawn(letterbox, seed: int):
    return named(letterbox(picture(1 + seed * 7 % 23, 1 + seed * 5 % 19, 1 + seed % 3, seed), 4 + seed % 13, 0.25))
