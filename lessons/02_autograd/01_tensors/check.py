"""What an answer to `windows` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Tensors: numbers, and a way of walking through them",
    name="windows",
    hints=(
        "How many windows fit: the first begins at 0, the last at most at length - size, and each `step` after the one before.",
        "One step to the right in the result is one step along the row; one step down is `step` steps along the row. How many"
        " numbers in memory one step along the row is, row.stride(0) knows; in a row that is itself a slice it is not 1.",
        "torch.as_strided(row, (count, size), (step * row.stride(0), row.stride(0))) is the view; it begins where the row "
        "begins, unless you give another offset. Before it: count = (len(row) - size) // step + 1, and a ValueError if size >"
        " len(row).",
    ),
)


@EXERCISE.claim("windows of three, one after the other")
def plain(windows):
    return windows(torch.arange(6.0), 3)


@EXERCISE.claim("a step of 2 and of 3, where the last numbers fill no window")
def steps(windows):
    return [windows(torch.arange(8.0), 3, 2), windows(torch.arange(10.0), 2, 3)]


@EXERCISE.claim("one window that takes the whole row, and windows of one number")
def extremes(windows):
    return [windows(torch.arange(4.0), 4), windows(torch.arange(4.0), 1)]


@EXERCISE.claim("a row that is every other number of another, and one that begins in its middle")
def slices(windows):
    numbers = torch.arange(12.0)
    return [windows(numbers[::2], 3), windows(numbers[5:], 3, 2), windows(torch.arange(12.0).view(3, 4)[:, 1], 2)]


@EXERCISE.claim("it is a view: what is written into the row is seen in the windows")
def view(windows):
    row = torch.zeros(5)
    seen = windows(row, 2)
    row[2] = 1.0
    return seen


@EXERCISE.claim("a window larger than the row is refused by a ValueError")
def too_large(windows):
    return raised(lambda: windows(torch.arange(3.0), 4), ValueError)


@EXERCISE.drawn
def drawn(windows, seed: int):
    draw = torch.Generator().manual_seed(seed)
    length, size, step = (torch.randint(1, 9, (3,), generator=draw) + torch.tensor([4, 0, 0])).tolist()
    row = torch.randn(2 * length, generator=draw)[:: 1 + seed % 2]
    return windows(row[:length], min(size, length), step)
