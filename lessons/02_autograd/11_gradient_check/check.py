"""What an answer to `worst_gradient` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Checking gradients, and freezing what shall not learn",
    name="worst_gradient",
    hints=(
        "Two gradients of one number, total = (function(*inputs) * weights).sum(): autograd's, and by moving each entry of "
        "each input a step up and a step down.",
        "For one entry: clone the inputs, add step to the entry in one copy and subtract it in another; the slope is the "
        "difference of the two totals divided by 2 * step. clone().view(-1)[index] reaches the entry of any shape.",
        "torch.autograd.grad(total, marked, allow_unused=True) gives None for an input that takes no part: that is zeros. The"
        " place: torch.unravel_index(errors.argmax(), errors.shape), as a tuple of ints; of one number it is the empty tuple.",
    ),
)


class Forgetful(torch.autograd.Function):
    """x * y, whose backward pass forgets y in one column, and the gradient of y altogether by a factor of 2."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, gradient):
        x, y = ctx.saved_tensors
        by_x = gradient * y
        by_x[:, 1] = gradient[:, 1]
        return by_x, 2 * gradient * x


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) + 0.1


def rounded(found):
    """Errors as a checker reads them, in six digits of a number of size one; right gradients err by rounding alone."""
    return [{"error": round(error, 5), "index": list(index) if error > 1e-4 else "any"} for error, index in found]


@EXERCISE.claim("a gradient that is right")
def right(worst_gradient):
    return rounded(worst_gradient(lambda x: x.sin() * x, [numbers(3)], numbers(3, seed=1)))


@EXERCISE.claim("two gradients that are wrong, and where")
def wrong(worst_gradient):
    inputs, weights = [numbers(3, 2), numbers(3, 2, seed=1)], numbers(3, 2, seed=2)
    return [rounded(worst_gradient(Forgetful.apply, inputs, sign * weights)) for sign in (1, -1)]


@EXERCISE.claim("a matrix product, whose output is of another shape")
def product(worst_gradient):
    return rounded(worst_gradient(lambda a, b: a @ b, [numbers(2, 3), numbers(3, 4, seed=1)], numbers(2, 4, seed=2)))


@EXERCISE.claim("one number, and an input that takes no part")
def scalar(worst_gradient):
    return rounded(worst_gradient(lambda x, idle: x**3, [numbers(), numbers(2, seed=1)], torch.tensor(2.0)))


@EXERCISE.claim("a gradient that is cut off is wrong by all of it")
def detached(worst_gradient):
    return rounded(worst_gradient(lambda x, y: x.detach() * y, [numbers(2), numbers(2, seed=1)], torch.ones(2)))


@EXERCISE.claim("the inputs come back as they were")
def untouched(worst_gradient):
    inputs = [numbers(2), numbers(2, seed=1)]
    worst_gradient(lambda x, y: x * y, inputs, torch.ones(2))
    return {"inputs": inputs, "marked": [value.requires_grad for value in inputs], "gradients": [v.grad for v in inputs]}


@EXERCISE.drawn
def drawn(worst_gradient, seed: int):
    rows = 1 + seed % 3
    return rounded(worst_gradient(Forgetful.apply, [numbers(rows, 3, seed=seed), numbers(rows, 3, seed=seed + 1)],
                                  numbers(rows, 3, seed=seed + 2)))  # fmt: skip
