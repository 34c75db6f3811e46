"""What an answer to `jacobian` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Jacobian, vector-Jacobian product, Hessian",
    name="jacobian",
    hints=(
        "output.flatten() is a row of single numbers, each of which can be walked back from. What comes back has the shape of"
        " input.",
        "torch.autograd.grad(number, input, retain_graph=True) keeps the road for the next number; allow_unused=True gives "
        "None where the number does not depend on the input, and zeros are what is meant. A constant has no road at all "
        "(number.requires_grad is False).",
        "Stack the rows and view them as (*output.shape, *input.shape). For the Hessian, create_graph goes to "
        "torch.autograd.grad, and an input that is marked already must stay as it is: detaching it would cut the road to "
        "whoever marked it.",
    ),
)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@EXERCISE.claim("three numbers to two")
def vectors(jacobian):
    return jacobian(lambda x: torch.stack([x[0] * x[1], x[1] * x[2].sin()]), numbers(3))


@EXERCISE.claim("one number to a table, a table to one number")
def shapes(jacobian):
    return [jacobian(lambda x: x * numbers(2, 3, seed=1), numbers()), jacobian(lambda x: (x**3).sum(), numbers(2, 3))]


@EXERCISE.claim("a table to a table, by a matrix product")
def tables(jacobian):
    return jacobian(lambda x: x @ numbers(3, 4, seed=1), numbers(2, 3))


@EXERCISE.claim("outputs that do not depend on the input")
def constants(jacobian):
    return [
        jacobian(lambda x: torch.stack([x[0] ** 2, torch.tensor(5.0)]), numbers(2)),
        jacobian(lambda x: torch.ones(2), numbers(3)),
    ]


@EXERCISE.claim("the input is not marked afterwards, and the table remembers nothing")
def plain(jacobian):
    x = numbers(3)
    table = jacobian(lambda x: x**2, x)
    return {"input is marked": x.requires_grad, "table is marked": table.requires_grad, "gradient": x.grad}


@EXERCISE.claim("the jacobian of the jacobian is the Hessian")
def hessian(jacobian):
    def valley(x):
        return (1 - x[0]) ** 2 + 20 * (x[1] - x[0] ** 2) ** 2

    return jacobian(lambda x: jacobian(valley, x, create_graph=True), numbers(2))


@EXERCISE.drawn
def drawn(jacobian, seed: int):
    shape = [(2,), (3, 2), (), (2, 1, 2)][seed % 4]
    matrix = numbers(3, max(1, numbers(*shape).numel()), seed=seed)
    return jacobian(lambda x: (matrix @ x.flatten()).tanh().view(3, 1), numbers(*shape, seed=seed + 1))
