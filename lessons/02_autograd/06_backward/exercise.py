"""requires_grad and backward: fit anything.

Write `fit`: gradient descent on any function of any tensors. `function(*tensors)` gives one number, the error; take `steps` steps
of gradient descent on it from the given start, and return where you arrive and the error before each step.

The start belongs to the caller: it must be as it was when you are done, and what you return must be plain tensors that remember
nothing of how they came about.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def fit(function: Callable[..., Tensor], start: Sequence[Tensor], rate: float, steps: int) -> tuple[list[Tensor], list[float]]:
    """Gradient descent with autograd: each step subtracts `rate` times the gradient from every tensor.

    A tensor that the function does not use stays as it is.
    Shapes: start any -> tensors of the same shapes, and `steps` numbers.
    """
    raise NotImplementedError
