"""The answer to `jacobian`."""

from collections.abc import Callable

import torch
from torch import Tensor


def jacobian(function: Callable[[Tensor], Tensor], input: Tensor, create_graph: bool = False) -> Tensor:
    """All slopes of a function of one tensor; zeros where an output does not depend on the input."""
    if not (create_graph and input.requires_grad):
        input = input.detach().requires_grad_()
    output = function(input)
    rows = []
    for number in output.flatten():
        slope = None
        if number.requires_grad:
            (slope,) = torch.autograd.grad(number, input, retain_graph=True, create_graph=create_graph, allow_unused=True)
        rows.append(torch.zeros_like(input) if slope is None else slope)
    return torch.stack(rows).view(*output.shape, *input.shape)
