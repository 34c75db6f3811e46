"""What an answer to `Scalar` must do."""

import random

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="An autograd engine in forty lines",
    name="Scalar",
    solution="groundup.autograd.scalar:Scalar",
    hints=(
        "Give __init__ a second argument: the pairs (number it came from, slope of this step). a * b has the slopes b and a. "
        "Minus is times -1, division is times ** -1; __radd__ and __rmul__ serve the plain number on the left.",
        "backward: list all numbers behind this one so that each stands after everything computed from it; start with a "
        "gradient of 1 for the result; each number hands slope times what arrived at it to each source.",
        "To ADD to gradients that are there, keep what arrives in this walk apart (a dict), and add it to .gradient at the "
        "end. For the order without recursion: count the numbers as they are made (itertools.count()); whatever is computed "
        "later has a higher count, so sorting by it, highest first, is an order.",
    ),
)


def told(*numbers):
    return {"values": [number.value for number in numbers], "gradients": [number.gradient for number in numbers]}


@EXERCISE.claim("a sum and a product")
def arithmetic(Scalar):
    x, y = Scalar(2.0), Scalar(-3.0)
    z = x * y + x
    z.backward()
    return told(z, x, y)


@EXERCISE.claim("a number that is used several times")
def several(Scalar):
    x = Scalar(2.0)
    y = x * x
    z = y * y + y
    z.backward()
    return told(z, y, x)


@EXERCISE.claim("plain numbers on either side")
def plain(Scalar):
    x = Scalar(1.5)
    z = (3 + x) * 2 - 1 - (4 - x) + 2 * x
    z.backward()
    return told(z, x)


@EXERCISE.claim("minus, division and powers")
def others(Scalar):
    x, y = Scalar(2.0), Scalar(-0.5)
    z = -x / y + 6 / x + x**3 - y**-2
    z.backward()
    return told(z, x, y)


@EXERCISE.claim("exp, log, tanh and relu")
def functions(Scalar):
    x, y = Scalar(0.7), Scalar(-0.4)
    z = x.exp() * y.tanh() + x.log() + y.relu() * 5 + x.relu()
    z.backward()
    return told(z, x, y)


@EXERCISE.claim("backward adds to what is there, and can be called again")
def added(Scalar):
    x, y = Scalar(3.0), Scalar(2.0)
    z = x * x * y
    z.backward()
    z.backward()
    (x * 10).backward()
    return told(x, y)


@EXERCISE.claim("thirty layers of two ways each, in less than a billion steps")
def ways(Scalar):
    x = Scalar(1.0)
    z = x
    for _ in range(30):
        z = z + z
    z.backward()
    return told(z, x)


@EXERCISE.claim("a chain of ten thousand")
def chain(Scalar):
    x = Scalar(1.0)
    z = x
    for _ in range(10_000):
        z = z + 0.5
    z.backward()
    return told(z, x)


@EXERCISE.drawn
def drawn(Scalar, seed: int):
    draw = random.Random(seed)
    leaves = [Scalar(draw.uniform(0.2, 2.0)) for _ in range(3)]
    made = list(leaves)
    ways = [
        lambda a, b: a + b,
        lambda a, b: a * b,
        lambda a, b: a - b,
        lambda a, b: a.tanh(),
        lambda a, b: a * 0.3 + 1,
        lambda a, b: a.relu(),
        lambda a, b: (a.tanh() + 2).log(),
        lambda a, b: (a.tanh() + 2) ** 2,
    ]
    for _ in range(8):
        made.append(draw.choice(ways)(draw.choice(made), draw.choice(made)))
    made[-1].backward()
    return told(made[-1], *leaves)
