"""What an answer to `calibration_error` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Label smoothing, and how sure is sure",
    name="calibration_error",
    hints=(
        "sure, said = probabilities.max(1) gives how sure each answer is and what it says. Which bin does it belong to?",
        "With the right end included, bin number k holds k / bins < sure <= (k + 1) / bins, so k = ceil(sure * bins) - 1. "
        "Sums for each bin: torch.zeros(bins).index_add_(0, which, values).",
        "count, sum of sure and sum of right for each bin; the two means are sums / count, which is NaN where the count is 0."
        " error = sum over the filled bins of count * |mean confidence - share right|, divided by the number of answers. "
        "Return error.item() and torch.stack of the three rows.",
    ),
)


def answers(count: int, classes: int, seed: int = 0, sharp: float = 2.0):
    draw = torch.Generator().manual_seed(seed)
    return (sharp * torch.randn(count, classes, generator=draw)).softmax(1), torch.randint(classes, (count,), generator=draw)


def named(found):
    error, rows = found
    return {"error": error, "count": rows[0], "mean confidence": rows[1], "share right": rows[2]}


@EXERCISE.claim("a hundred answers of five classes")
def hundred(calibration_error):
    return named(calibration_error(*answers(100, 5)))


@EXERCISE.claim("other numbers of bins")
def bins(calibration_error):
    return [named(calibration_error(*answers(40, 3, 1), bins=count)) for count in (1, 4, 15)]


@EXERCISE.claim("answers on the border of two bins belong to the left one")
def borders(calibration_error):
    probabilities = torch.tensor([[0.5, 0.5, 0.0], [0.75, 0.25, 0.0], [0.5, 0.25, 0.25], [0.25, 0.75, 0.0]])
    return named(calibration_error(probabilities, torch.tensor([0, 1, 1, 1]), bins=4))


@EXERCISE.claim("wholly sure, and right or wrong")
def sure(calibration_error):
    return [named(calibration_error(torch.eye(3), torch.tensor(labels))) for labels in ([0, 1, 2], [1, 2, 0])]


@EXERCISE.claim("too sure and not sure enough both count, and do not cancel")
def both(calibration_error):
    probabilities = torch.tensor([[0.95, 0.05], [0.95, 0.05], [0.55, 0.45], [0.55, 0.45]])
    return named(calibration_error(probabilities, torch.tensor([0, 1, 0, 0])))


@EXERCISE.drawn
def drawn(calibration_error, seed: int):
    return named(calibration_error(*answers(5 + seed * 3 % 60, 2 + seed % 6, seed, 0.5 + seed % 5), bins=2 + seed % 11))
