"""What an answer to `accumulate` must do."""

import torch
from torch.nn import Module

from groundup.layers.linear import Linear
from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Accumulation and clipping: steps of a size you choose",
    name="accumulate",
    hints=(
        "backward() adds: call it on the sum of each part, and count the losses. Divide once, at the end, by the count of all.",
        "Clear the gradients first. The length of all together is the norm of the norms: torch.stack([g.norm() for g in "
        "gradients]).norm(). A parameter that took no part has .grad None and is skipped.",
        "After the parts: g /= count for each; length = norm of the norms; if most is not None and length > most: g *= most /"
        " length for each. Return (sum of the losses / count, length before it was cut), both as floats.",
    ),
)


class Net(Module):
    """A line through what it sees, and a layer that takes no part."""

    def __init__(self):
        super().__init__()
        self.line, self.idle = Linear(in_features=3, out_features=2), Linear(in_features=2, out_features=2)
        with torch.no_grad():
            draw = torch.Generator().manual_seed(5)
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=draw))

    def forward(self, x):
        return self.line(x)


def parts(*sizes: int, seed: int = 0):
    draw = torch.Generator().manual_seed(seed)
    return [(torch.randn(size, 3, generator=draw), torch.randn(size, 2, generator=draw)) for size in sizes]


def squares(model, part):
    inputs, targets = part
    return (model(inputs) - targets).square().sum(), targets.numel()


def result(accumulate, *arguments, model=None):
    model = model or Net()
    loss, length = accumulate(model, *arguments)
    return {
        "mean loss": loss,
        "length": length,
        **{f"gradient of {name}": parameter.grad for name, parameter in model.named_parameters()},
    }


@EXERCISE.claim("one part")
def one(accumulate):
    return result(accumulate, parts(4), squares)


@EXERCISE.claim("three parts of one size")
def even(accumulate):
    return result(accumulate, parts(4, 4, 4), squares, None)


@EXERCISE.claim("parts of different sizes")
def uneven(accumulate):
    return result(accumulate, parts(5, 1, 2), squares, None)


@EXERCISE.claim("clipped to a length of 0.5")
def clipped(accumulate):
    return result(accumulate, parts(3, 2), squares, 0.5)


@EXERCISE.claim("a bound that is not reached changes nothing")
def loose(accumulate):
    return result(accumulate, parts(3, 2), squares, 1000.0)


@EXERCISE.claim("gradients of before do not count")
def stale(accumulate):
    model = Net()
    model(torch.ones(1, 3)).sum().backward()
    return result(accumulate, parts(2, 3), squares, 0.5, model=model)


@EXERCISE.claim("one part's graph is alive at a time")
def lean(accumulate):
    order = []

    def noted(model, part):
        loss, count = squares(model, part)
        order.append("forward")
        loss.register_hook(lambda gradient: order.append("backward"))
        return loss, count

    accumulate(Net(), parts(2, 2, 2), noted)
    return order


@EXERCISE.drawn
def drawn(accumulate, seed: int):
    sizes = [1 + (seed * 7 + number * 3) % 5 for number in range(1 + seed % 4)]
    return result(accumulate, parts(*sizes, seed=seed), squares, None if seed % 3 == 0 else 0.1 * (1 + seed % 60))
