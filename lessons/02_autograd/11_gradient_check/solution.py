"""The answer to `worst_gradient`."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def worst_gradient(
    function: Callable[..., Tensor], inputs: Sequence[Tensor], weights: Tensor, step: float = 1e-6
) -> list[tuple[float, tuple[int, ...]]]:
    """The largest difference between autograd's gradient and central differences, for each input, and where it is."""
    marked = [value.detach().clone().requires_grad_() for value in inputs]
    total = (function(*marked) * weights).sum()
    gradients = torch.autograd.grad(total, marked, allow_unused=True)
    found = []
    for number, (value, gradient) in enumerate(zip(inputs, gradients, strict=True)):
        slopes = torch.zeros_like(value)
        for index in range(value.numel()):
            ends = []
            for sign in (1, -1):
                moved = [other.detach().clone() for other in inputs]
                moved[number].view(-1)[index] += sign * step
                with torch.no_grad():
                    ends.append((function(*moved) * weights).sum())
            slopes.view(-1)[index] = (ends[0] - ends[1]) / (2 * step)
        errors = (slopes - (0 if gradient is None else gradient)).abs()
        place = torch.unravel_index(errors.argmax(), errors.shape)
        found.append((errors.max().item(), tuple(int(index) for index in place)))
    return found
