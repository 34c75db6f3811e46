"""What an answer to `Maxout` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="A layer of your own",
    name="Maxout",
    hints=(
        "First all lines, (..., out_features, pieces); then the largest over the last dimension.",
        "torch.einsum('...i,jki->...jk', x, self.weight) multiplies any number of rows with all lines; add the bias, and take"
        " amax(-1), or argmax(-1) for the winners.",
        "The start: torch.empty(out_features, pieces, in_features).uniform_(-bound, bound) with bound = in_features ** -0.5, "
        "and zeros for the bias; both as Parameter. Refuse pieces < 1 by a ValueError.",
    ),
)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def made(Maxout, i: int = 3, o: int = 4, pieces: int = 2, seed: int = 1):
    layer = Maxout(in_features=i, out_features=o, pieces=pieces)
    with torch.no_grad():
        layer.weight.copy_(numbers(o, pieces, i, seed=seed))
        layer.bias.copy_(numbers(o, pieces, seed=seed + 1))
    return layer


@EXERCISE.claim("its parameters, and how they start")
def start(Maxout):
    layer = Maxout(in_features=16, out_features=50, pieces=3)
    found = {name: tuple(parameter.shape) for name, parameter in layer.named_parameters()}
    spread = layer.weight.std().item()
    return {
        **dict(sorted(found.items())),
        "bias": layer.bias,
        "largest weight below 0.25": bool(layer.weight.abs().max() <= 0.25),
        "spread is right": abs(spread - 0.5 / 12**0.5) < 0.01,
    }


@EXERCISE.claim("a batch of rows")
def rows(Maxout):
    return made(Maxout)(numbers(5, 3))


@EXERCISE.claim("one row, and sentences of rows")
def shapes(Maxout):
    return [made(Maxout)(numbers(3)), made(Maxout)(numbers(2, 5, 3))]


@EXERCISE.claim("as many pieces as outputs as features")
def cube(Maxout):
    return made(Maxout, 3, 3, 3)(numbers(3, 3))


@EXERCISE.claim("one piece is a linear layer")
def linear(Maxout):
    return made(Maxout, pieces=1)(numbers(4, 3))


@EXERCISE.claim("which piece won")
def winners(Maxout):
    return made(Maxout, pieces=3).winners(numbers(6, 3))


@EXERCISE.claim("gradients go through the winners alone")
def gradients(Maxout):
    layer, x = made(Maxout, pieces=3), numbers(4, 3).requires_grad_()
    (layer(x) * numbers(4, 4, seed=9)).sum().backward()
    return {"gradient of x": x.grad, "gradient of weight": layer.weight.grad, "gradient of bias": layer.bias.grad}


@EXERCISE.claim("no piece at all is refused by a ValueError")
def refused(Maxout):
    return raised(lambda: Maxout(in_features=2, out_features=2, pieces=0), ValueError)


@EXERCISE.drawn
def drawn(Maxout, seed: int):
    i, o, pieces = 1 + seed % 4, 1 + seed % 3, 1 + seed % 5
    layer, x = made(Maxout, i, o, pieces, seed), numbers(2, i, seed=seed).requires_grad_()
    y = layer(x)
    y.square().sum().backward()
    return y, layer.winners(x), x.grad, layer.weight.grad
