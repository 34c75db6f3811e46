"""The answer to `SGD`."""

from collections.abc import Iterable

import torch
from torch.nn import Parameter


class SGD:
    """Stochastic gradient descent."""

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ):
        self.parameters = list(parameters)  # a generator can be walked only once
        if not self.parameters:
            raise ValueError("there are no parameters to move")
        if nesterov and not momentum:
            raise ValueError("Nesterov's step looks ahead along the momentum: give one")
        self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
        self.velocity: dict[int, torch.Tensor] = {}

    def zero_grad(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        for number, parameter in enumerate(self.parameters):
            if parameter.grad is None:
                continue
            gradient = parameter.grad + self.weight_decay * parameter
            if self.momentum:
                known = self.velocity.get(number)
                velocity = gradient if known is None else self.momentum * known + gradient
                self.velocity[number] = velocity
                gradient = gradient + self.momentum * velocity if self.nesterov else velocity
            parameter -= self.lr * gradient
