"""The answer to `accumulate`."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import Module


def accumulate(
    model: Module, parts: Sequence[object], loss_sum: Callable[[Module, object], tuple[Tensor, int]], most: float | None = None
) -> tuple[float, float]:
    """The gradient of the mean loss, clipped, in the parameters' .grad; returns the mean loss and the length before clipping."""
    for parameter in model.parameters():
        parameter.grad = None
    total, count = 0.0, 0
    for part in parts:
        loss, losses = loss_sum(model, part)
        loss.backward()
        total, count = total + loss.item(), count + losses
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    for gradient in gradients:
        gradient /= count
    length = torch.stack([gradient.norm() for gradient in gradients]).norm().item()
    if most is not None and length > most:
        for gradient in gradients:
            gradient *= most / length
    return total / count, length
