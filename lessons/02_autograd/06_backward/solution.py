"""The answer to `fit`."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def fit(function: Callable[..., Tensor], start: Sequence[Tensor], rate: float, steps: int) -> tuple[list[Tensor], list[float]]:
    """Gradient descent with autograd: each step subtracts `rate` times the gradient from every tensor."""
    tensors, errors = [tensor.detach().clone().requires_grad_() for tensor in start], []
    for _ in range(steps):
        error = function(*tensors)
        error.backward()
        errors.append(error.item())
        with torch.no_grad():
            for tensor in tensors:
                if tensor.grad is not None:
                    tensor -= rate * tensor.grad
                tensor.grad = None
    return [tensor.detach() for tensor in tensors], errors
