"""What an answer to `SGD` must do."""

import torch
from torch.nn import Parameter

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="The optimiser, and its loop",
    name="SGD",
    hints=(
        "Keep list(parameters), since what comes may be walked only once. Without momentum a step is one line, inside "
        "torch.no_grad().",
        "The velocity belongs to the parameter: a dict or a list beside the parameters. At its first step it is the gradient "
        "itself (a copy, or a new tensor), not momentum times zero plus something else later.",
        "gradient = parameter.grad + weight_decay * parameter makes a new tensor, so .grad stays as it is. velocity = "
        "gradient the first time, then momentum * velocity + gradient. nesterov: gradient + momentum * velocity. parameter -="
        " lr * ... in place. Skip .grad None.",
    ),
)


def parameters(*shapes, seed: int = 0) -> list[Parameter]:
    draw = torch.Generator().manual_seed(seed)
    return [Parameter(torch.randn(shape, generator=draw)) for shape in shapes]


def walked(SGD, steps: int = 4, seed: int = 0, **options):
    held = parameters((3,), (2, 2), seed=seed)
    optimizer = SGD(iter(held), lr=0.1, **options)
    for step in range(steps):
        loss = (held[0] ** 2).sum() * (step + 1) + (held[1].sin() * held[1]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return held


@EXERCISE.claim("plain steps")
def plain(SGD):
    return walked(SGD)


@EXERCISE.claim("momentum, from the first step on")
def momentum(SGD):
    return [walked(SGD, steps, momentum=0.9) for steps in (1, 2, 5)]


@EXERCISE.claim("Nesterov's look ahead")
def nesterov(SGD):
    return [walked(SGD, steps, momentum=0.8, nesterov=True) for steps in (1, 4)]


@EXERCISE.claim("weight decay, with and without momentum")
def decay(SGD):
    return [walked(SGD, weight_decay=0.2), walked(SGD, momentum=0.9, weight_decay=0.2)]


@EXERCISE.claim("a parameter without a gradient stays, and its velocity too")
def idle(SGD):
    held = parameters((2,), (2,))
    optimizer = SGD(held, lr=0.1, momentum=0.9, weight_decay=0.1)
    for step in range(4):
        optimizer.zero_grad()
        ((held[0] ** 2).sum() + ((held[1] ** 2).sum() if step % 2 else 0)).backward()
        optimizer.step()
    return held


@EXERCISE.claim("it writes into the parameters, leaves gradients as they are, and clears them to None")
def clean(SGD):
    held = parameters((2,))
    place = held[0].data_ptr()
    optimizer = SGD(held, lr=0.1, momentum=0.9, weight_decay=0.3)
    (held[0] ** 3).sum().backward()
    before = held[0].grad.clone()
    optimizer.step()
    optimizer.step()
    found = {"gradient": held[0].grad, "gradient before": before, "in place": held[0].data_ptr() == place,
             "a leaf": held[0].is_leaf, "values": held[0]}  # fmt: skip
    optimizer.zero_grad()
    return {**found, "gradient afterwards": held[0].grad}


@EXERCISE.claim("a rate that is changed between steps")
def rate(SGD):
    held = parameters((3,))
    optimizer = SGD(held, lr=0.1, momentum=0.5)
    for step in range(3):
        optimizer.zero_grad()
        (held[0] ** 2).sum().backward()
        optimizer.lr = 0.1 / (step + 1)
        optimizer.step()
    return held


@EXERCISE.claim("what cannot be is refused by a ValueError")
def refused(SGD):
    return [raised(lambda: SGD(parameters((1,)), lr=0.1, nesterov=True), ValueError), raised(lambda: SGD([], lr=0.1), ValueError)]


@EXERCISE.drawn
def drawn(SGD, seed: int):
    momentum = [0.0, 0.5, 0.9][seed % 3]
    return walked(SGD, 1 + seed % 4, seed, momentum=momentum, weight_decay=seed % 2 * 0.1, nesterov=bool(momentum and seed % 2))
