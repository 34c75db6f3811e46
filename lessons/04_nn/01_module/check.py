"""What an answer to `Polynomial` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="The smallest Module",
    name="Polynomial",
    hints=(
        'super().__init__() first. Parameter(torch.zeros(degree + 1)) is learnt; self.register_buffer("mean", '
        "torch.tensor(0.0)) is not, and is saved all the same.",
        "In forward begin with zeros and go from the highest power down: y = y * z + c. Or sum c[k] * z**k. Parameters must "
        "stay in the formula as they are: no .item(), no .data, no .detach().",
        "fit_scale writes into the buffers, inside torch.no_grad(): self.mean.copy_(x.mean()), self.std.copy_(...), with "
        "x.std(correction=0), and 1 where that is 0.",
    ),
)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def made(Polynomial, degree: int, scale: bool = True, seed: int = 0):
    model = Polynomial(degree)
    with torch.no_grad():
        model.coefficients.copy_(numbers(degree + 1, seed=seed))
    if scale:
        model.fit_scale(3 * numbers(20, seed=1) + 2)
    return model


@EXERCISE.claim("what it holds at the start, and that it gives zeros")
def start(Polynomial):
    model = Polynomial(3)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    return {
        "parameters": [name for name, _ in model.named_parameters()],
        **dict(sorted(state.items())),
        "output": model(numbers(4)),
    }


@EXERCISE.claim("its values, without scaling")
def values(Polynomial):
    return [made(Polynomial, 2, scale=False)(numbers(5, seed=2)), made(Polynomial, 0, scale=False)(numbers(2, 3, seed=2))]


@EXERCISE.claim("its values, with scaling")
def scaled(Polynomial):
    model = made(Polynomial, 3)
    return {"mean": model.mean, "std": model.std, "output": model(numbers(2, 2, seed=3))}


@EXERCISE.claim("gradients of the coefficients and of the input")
def gradients(Polynomial):
    model, x = made(Polynomial, 3), numbers(6, seed=4).requires_grad_()
    (model(x) * numbers(6, seed=5)).sum().backward()
    return {"gradient of the coefficients": model.coefficients.grad, "gradient of x": x.grad}


@EXERCISE.claim("numbers that are all the same do not divide by zero")
def constant(Polynomial):
    model = made(Polynomial, 1, scale=False)
    model.fit_scale(torch.full((4,), 7.0))
    return {"mean": model.mean, "std": model.std, "output": model(torch.tensor([7.0, 8.0]))}


@EXERCISE.claim("it is saved and loaded whole")
def saved(Polynomial):
    other = Polynomial(3)
    other.load_state_dict(made(Polynomial, 3).state_dict())
    return other(numbers(3, seed=6))


@EXERCISE.drawn
def drawn(Polynomial, seed: int):
    model = made(Polynomial, seed % 5, scale=bool(seed % 2), seed=seed)
    x = numbers(4, seed=seed + 1).requires_grad_()
    y = model(x)
    y.sum().backward()
    return y, x.grad, model.coefficients.grad
