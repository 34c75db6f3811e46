"""What an answer to `fit` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="requires_grad, backward, and what stays behind",
    name="fit",
    hints=(
        "Make marked copies of the start: tensor.detach().clone().requires_grad_(). Each step: compute, backward, change, clear.",
        "The change stands inside `with torch.no_grad():` and is written over the tensor itself (tensor -= ...), since a new "
        "tensor would no longer be the marked one. Note the error by .item() before the change.",
        "After the change set tensor.grad = None, or the next backward adds to it. A tensor that was not used has .grad None:"
        " skip it. At the end return [tensor.detach() for tensor in tensors] and the list of errors.",
    ),
)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def bowl(w, b):
    return ((w - 3) ** 2).sum() + (b + 1) ** 2


@EXERCISE.claim("one step down a bowl")
def one(fit):
    where, errors = fit(bowl, [torch.zeros(2), torch.tensor(0.5)], 0.1, 1)
    return {"where": where, "errors": errors}


@EXERCISE.claim("fifty steps down a bowl")
def fifty(fit):
    where, errors = fit(bowl, [numbers(2), numbers(seed=1)], 0.1, 50)
    return {"where": where, "errors": errors}


@EXERCISE.claim("a line through points")
def line(fit):
    x = torch.linspace(0, 2, 9)
    where, errors = fit(lambda w, b: ((w * x + b - 2 * x - 1) ** 2).mean(), [torch.tensor(0.0), torch.tensor(0.0)], 0.1, 20)
    return {"where": where, "errors": errors}


@EXERCISE.claim("a tensor that is not used stays as it is")
def unused(fit):
    return fit(lambda w, b: (w**2).sum(), [numbers(3), numbers(2, seed=1)], 0.2, 3)[0]


@EXERCISE.claim("the start is as it was, and the result is not marked")
def clean(fit):
    start = [numbers(2), numbers(seed=1)]
    where, _ = fit(bowl, start, 0.1, 3)
    return {
        "start": start,
        "start is marked": [tensor.requires_grad for tensor in start],
        "result is marked": [tensor.requires_grad for tensor in where],
        "result is new": [tensor.data_ptr() != old.data_ptr() for tensor, old in zip(where, start)],
    }


@EXERCISE.drawn
def drawn(fit, seed: int):
    matrix, start = numbers(3, 3, seed=seed), numbers(3, seed=seed + 1)
    return fit(lambda w: ((matrix @ w) ** 2).mean() + w.sin().sum(), [start], 0.02 * (1 + seed % 5), 1 + seed % 7)
