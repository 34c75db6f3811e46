"""What an answer to `step` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Learning by hand: y = 2x + 1",
    name="step",
    hints=(
        "How wrong is each prediction? The derivative of a square is twice the thing itself, and a mean divides by how many.",
        "Let wrong = 2 * (x @ w + b - y) / len(x), one number for each example. The error grows with w[j] at the rate of the sum "
        "over the examples of wrong * x[:, j]: all j at once are one product of matrices.",
        "gradient of w: x.T @ wrong; gradient of b: wrong.sum(). Return (w - rate * the first, b - rate * the second), two new "
        "tensors: the old w and b stay as they are.",
    ),
)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@EXERCISE.claim("one feature, five examples")
def one(step):
    w, b = step(numbers(1), numbers(seed=1), numbers(5, 1, seed=2), numbers(5, seed=3), 0.1)
    return {"new w": w, "new b": b}


@EXERCISE.claim("three features, seven examples")
def three(step):
    w, b = step(numbers(3), numbers(seed=1), numbers(7, 3, seed=2), numbers(7, seed=3), 0.05)
    return {"new w": w, "new b": b}


@EXERCISE.claim("as many examples as features")
def square(step):
    w, b = step(numbers(4), numbers(seed=1), numbers(4, 4, seed=2), numbers(4, seed=3), 0.1)
    return {"new w": w, "new b": b}


@EXERCISE.claim("three hundred steps find y = 2x + 1")
def found(step):
    x = torch.linspace(-2, 2, 20)[:, None]
    w, b = torch.zeros(1), torch.zeros(())
    for _ in range(300):
        w, b = step(w, b, x, 2 * x[:, 0] + 1, 0.1)
    return {"w": w, "b": b}


@EXERCISE.claim("nothing of autograd is left on the result")
def no_graph(step):
    w, b = step(numbers(2), numbers(seed=1), numbers(3, 2, seed=2), numbers(3, seed=3), 0.1)
    return [w.requires_grad, b.requires_grad]


@EXERCISE.drawn
def drawn(step, seed: int):
    draw = torch.Generator().manual_seed(seed)
    features, examples = torch.randint(1, 6, (2,), generator=draw).tolist()
    shapes = ((features,), (), (examples, features), (examples,))
    return step(*(torch.randn(shape, generator=draw) for shape in shapes), 0.01 * (seed + 1))
