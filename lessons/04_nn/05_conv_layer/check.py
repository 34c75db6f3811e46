"""What an answer to `bookkeeping` must do."""

import random

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Conv2d on real pictures",
    name="bookkeeping",
    hints=(
        "Carry four things through the list: the size, the number of channels, how far one number sees (1 at first), and how "
        "many pixels one step of the current map is (1 at first).",
        "A kernel sees (kernel - 1) * dilation steps further than one number; each of these steps is as many pixels as the "
        "strides before it multiplied. Its own stride counts for the layers after it.",
        "reach = dilation * (kernel - 1); size = (size + 2 * padding - reach - 1) // stride + 1; parameters += out * "
        "(channels * kernel**2 + 1); field += reach * step; then step *= stride. ValueError if size + 2 * padding < reach + "
        "1.",
    ),
)


@EXERCISE.claim("one convolution")
def one(bookkeeping):
    return bookkeeping([{"kernel": 3, "channels": 6}], 32, 3)


@EXERCISE.claim("three convolutions with padding")
def three(bookkeeping):
    return bookkeeping([{"kernel": 3, "padding": 1, "channels": 8}] * 3, 20, 3)


@EXERCISE.claim("LeNet's body: convolutions and poolings in turn")
def lenet(bookkeeping):
    pool = {"kernel": 2, "stride": 2}
    return bookkeeping([{"kernel": 5, "channels": 6}, pool, {"kernel": 5, "channels": 16}, pool], 32, 1)


@EXERCISE.claim("the stem of ResNet")
def stem(bookkeeping):
    layers = [{"kernel": 7, "stride": 2, "padding": 3, "channels": 64}, {"kernel": 3, "stride": 2, "padding": 1}]
    return bookkeeping(layers, 224, 3)


@EXERCISE.claim("dilation, in a layer after a stride")
def dilation(bookkeeping):
    layers = [{"kernel": 3, "stride": 2, "channels": 4}, {"kernel": 3, "dilation": 3, "channels": 5}, {"kernel": 2, "stride": 3}]
    return bookkeeping(layers, 41, 2)


@EXERCISE.claim("no layers at all")
def none(bookkeeping):
    return bookkeeping([], 10, 3)


@EXERCISE.claim("a map that becomes too small is refused by a ValueError")
def too_small(bookkeeping):
    deep = [{"kernel": 3, "stride": 2, "channels": 4}] * 4
    return [raised(lambda: bookkeeping(deep, 20, 3), ValueError), raised(lambda: bookkeeping(deep, 31, 3), ValueError)]


@EXERCISE.drawn
def drawn(bookkeeping, seed: int):
    draw = random.Random(seed)
    layers = []
    for _ in range(draw.randrange(1, 5)):
        layer = {"kernel": draw.randrange(1, 4), "stride": draw.randrange(1, 3), "padding": draw.randrange(2),
                 "dilation": draw.randrange(1, 3)}  # fmt: skip
        layers.append(layer | ({"channels": draw.randrange(1, 9)} if draw.random() < 0.7 else {}))
    return bookkeeping(layers, 80, draw.randrange(1, 4))
