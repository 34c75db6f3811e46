"""The optimiser: SGD with momentum, Nesterov's look ahead, and weight decay.

Write the class `SGD`. For each parameter with a gradient g, a step does

    g = g + weight_decay * parameter
    velocity = g at the first step of that parameter, afterwards momentum * velocity + g
    g = g + momentum * velocity   with nesterov,   g = velocity   without   (and as it is if momentum is 0)
    parameter = parameter - lr * g

A parameter without a gradient (.grad is None) is left alone, and so is its velocity. Steps write into the parameters
themselves and leave no trace in any graph; the gradients stay as they are until zero_grad sets them to None. Change
`optimizer.lr` between steps: the next one takes the new rate.
"""

from collections.abc import Iterable

import torch
from torch.nn import Parameter


class SGD:
    """Stochastic gradient descent.

    Raises: ValueError for nesterov without momentum, and where there are no parameters.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ):
        raise NotImplementedError

    def zero_grad(self) -> None:
        raise NotImplementedError

    def step(self) -> None:
        raise NotImplementedError
