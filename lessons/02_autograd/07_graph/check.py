"""What an answer to `agreement` must do."""

import torch

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="The graph: who remembers what",
    name="agreement",
    hints=(
        "The cosine of the angle between two rows is the sum of their products, divided by both their lengths.",
        "Each prediction is compared with what the OTHER saw: p1 with z2, p2 with z1. Where in D must z leave the graph?",
        "Inside D: z = z.detach(); return -((p * z).sum(1) / (p.norm(dim=1) * z.norm(dim=1))).mean(). The number for the log is "
        "loss.item(): the loss itself would keep its whole graph alive for as long as the log keeps it.",
    ),
)


def four(batch: int = 5, features: int = 3, seed: int = 0) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, features, generator=draw) * (number + 1) for number in range(4)]


@EXERCISE.claim("the value of the loss")
def value(agreement):
    return agreement(*four())[0]


@EXERCISE.claim("predictions that are right whatever their length")
def lengths(agreement):
    p1, p2, _, _ = four()
    return agreement(p1, p2, 3 * p2, 0.1 * p1)[0]


@EXERCISE.claim("one example")
def one(agreement):
    return agreement(*four(batch=1))[0]


@EXERCISE.claim("gradients reach the predictions and nothing else")
def gradients(agreement):
    tensors = [tensor.requires_grad_() for tensor in four()]
    agreement(*tensors)[0].backward()
    return {f"gradient of {name}": tensor.grad for name, tensor in zip(("p1", "p2", "z1", "z2"), tensors)}


@EXERCISE.claim("the number for the log is a plain number")
def number(agreement):
    loss, logged = agreement(*(tensor.requires_grad_() for tensor in four()))
    return {"kind of the loss": type(loss).__name__, "logged": logged}


@EXERCISE.drawn
def drawn(agreement, seed: int):
    tensors = [tensor.requires_grad_() for tensor in four(1 + seed % 6, 2 + seed % 5, seed)]
    loss, logged = agreement(*tensors)
    loss.backward()
    return loss, logged, [tensor.grad for tensor in tensors]
