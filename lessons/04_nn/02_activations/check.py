"""What an answer to `softplus` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Activations: why a network must bend",
    name="softplus",
    solution="groundup.ops.activation:softplus_tensors",
    hints=(
        "Two places where numbers go wrong: exp of what is large, and 1 + exp(x) of what is far below zero.",
        "torch.log1p(y) is log(1 + y) without forming 1 + y, exact for tiny y. For large x take x itself: torch.where(beta * "
        "x > threshold, x, ...).",
        "torch.where computes both sides, and an infinity on the side that is not taken still makes a NaN of the gradient (0 "
        "times infinity). So keep exp from seeing it: straight = beta * x > threshold; safe = torch.where(straight, 0, beta *"
        " x); torch.where(straight, x, safe.exp().log1p() / beta).",
    ),
)


def values_and_slopes(softplus, x, *options):
    x = x.clone().requires_grad_()
    y = softplus(x, *options)
    y.sum().backward()
    return {"value": y, "slope": x.grad}


@EXERCISE.claim("numbers around zero")
def around(softplus):
    return values_and_slopes(softplus, torch.linspace(-3, 3, 13))


@EXERCISE.claim("numbers far above zero")
def far_above(softplus):
    return values_and_slopes(softplus, torch.tensor([19.0, 30.0, 800.0, 1e6]))


@EXERCISE.claim("numbers far below zero are small, and not 0")
def far_below(softplus):
    found = values_and_slopes(softplus, torch.tensor([-20.0, -40.0, -100.0]))
    return {name: value.log() for name, value in found.items()}


@EXERCISE.claim("another beta")
def beta(softplus):
    return [
        values_and_slopes(softplus, torch.linspace(-4, 4, 9), 2.0),
        values_and_slopes(softplus, torch.linspace(-4, 4, 9), 0.5),
    ]


@EXERCISE.claim("the threshold is on beta times x, and beyond it the line is straight")
def threshold(softplus):
    return values_and_slopes(softplus, torch.tensor([0.4, 0.5, 0.6, 0.9, 1.1]), 2.0, 1.0)


@EXERCISE.drawn
def drawn(softplus, seed: int):
    x = 5 * torch.randn(2, 3, generator=torch.Generator().manual_seed(seed))
    return values_and_slopes(softplus, x, 0.3 + seed % 5, 2.0 + seed % 7)
