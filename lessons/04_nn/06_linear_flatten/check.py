"""What an answer to `flatten` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Linear and Flatten: where the map becomes a row",
    name="flatten",
    hints=(
        "The new shape is: the sizes before, the product of those between, the sizes behind.",
        "Count from the front: a negative dim is dim % x.dim(). The product of sizes is math.prod; -1 in a reshape would fail"
        " where another size is 0.",
        "joined = tuple(x.shape[start : end + 1]). Forth: x.reshape(*x.shape[:start], math.prod(joined), *x.shape[end + 1:])."
        " Back: y.reshape(*y.shape[:start], *joined, *y.shape[start + 1:]), with the sizes of y outside, not those of x. A "
        "number of no dimensions counts as having one.",
    ),
)


def counted(*shape: int) -> torch.Tensor:
    return torch.arange(float(torch.Size(shape).numel())).view(shape)


def there_and_back(flatten, x, *dims):
    flat, apart = flatten(x, *dims)
    return {"flat": flat, "apart again": apart(flat)}


@EXERCISE.claim("all but the batch")
def but_the_batch(flatten):
    return there_and_back(flatten, counted(2, 3, 4, 5), 1)


@EXERCISE.claim("everything, as it is without numbers")
def everything(flatten):
    return there_and_back(flatten, counted(2, 3, 2))


@EXERCISE.claim("dimensions in the middle, and counted from the end")
def middle(flatten):
    return [there_and_back(flatten, counted(2, 3, 4, 5), 1, 2), there_and_back(flatten, counted(2, 3, 4, 5), -3, -2)]


@EXERCISE.claim("one dimension alone stays as it is")
def alone(flatten):
    return there_and_back(flatten, counted(2, 3), 1, 1)


@EXERCISE.claim("the way back after the batch has become another, and the features too")
def changed(flatten):
    flat, apart = flatten(counted(2, 3, 4, 5), 1, 2)
    return [apart(flat[:1]), apart(flat[..., :2])]


@EXERCISE.claim("an empty batch, and a single number")
def empty(flatten):
    return [there_and_back(flatten, torch.zeros(0, 3, 4), 1), there_and_back(flatten, torch.tensor(5.0))["flat"]]


@EXERCISE.claim("a tensor that is turned, whose numbers lie in another order")
def turned(flatten):
    return there_and_back(flatten, counted(2, 3, 4).transpose(0, 2), 0, 1)


@EXERCISE.claim("dimensions that there are not, or in the wrong order")
def refused(flatten):
    x = counted(2, 3)
    return [
        raised(lambda: flatten(x, 2), IndexError),
        raised(lambda: flatten(x, 0, -3), IndexError),
        raised(lambda: flatten(x, 1, 0), ValueError),
        raised(lambda: flatten(x, -1, -2), ValueError),
    ]


@EXERCISE.drawn
def drawn(flatten, seed: int):
    shape = [1 + (seed + n) % 3 for n in range(1 + seed % 4)]
    start = seed % len(shape)
    return there_and_back(flatten, counted(*shape), start, [-1, start][seed % 2])
