"""Answers to `step` that are wrong in the ways that people are."""

from torch import Tensor


def uphill(w: Tensor, b: Tensor, x: Tensor, y: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """The step goes uphill. The gradient points to where the error grows: it is subtracted."""
    wrong = 2 * (x @ w + b - y) / len(x)
    return w + rate * (x.T @ wrong), b + rate * wrong.sum()


def no_two(w: Tensor, b: Tensor, x: Tensor, y: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """The step is half as long as it should be: the derivative of a square has a 2 before it."""
    wrong = (x @ w + b - y) / len(x)
    return w - rate * (x.T @ wrong), b - rate * wrong.sum()


def summed(w: Tensor, b: Tensor, x: Tensor, y: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """The gradient is that of the sum of the squared errors. The error is their mean: divide by the number of examples, or the
    step grows with the batch."""
    wrong = 2 * (x @ w + b - y)
    return w - rate * (x.T @ wrong), b - rate * wrong.sum()


def averaged_twice(w: Tensor, b: Tensor, x: Tensor, y: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """The gradient of w is right, that of b is divided by the number of examples once too often: once `wrong` is divided by it,
    b's gradient is the sum."""
    wrong = 2 * (x @ w + b - y) / len(x)
    return w - rate * (x.T @ wrong), b - rate * wrong.mean()


def b_after_w(w: Tensor, b: Tensor, x: Tensor, y: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """The gradient of b is taken after w has moved. Both are taken at the same place, and then both move."""
    wrong = 2 * (x @ w + b - y) / len(x)
    w = w - rate * (x.T @ wrong)
    wrong = 2 * (x @ w + b - y) / len(x)
    return w, b - rate * wrong.sum()


def no_input(w: Tensor, b: Tensor, x: Tensor, y: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """Every weight moves by the same: the chain rule's second half is missing. How much a prediction depends on w[j] is x[:,
    j]."""
    wrong = 2 * (x @ w + b - y) / len(x)
    return w - rate * wrong.sum(), b - rate * wrong.sum()
