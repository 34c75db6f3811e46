"""Your own Function: a root mean square with a hand-written way back.

Write the class `ScaledNorm`, a torch.autograd.Function, for

    output = x / sqrt(mean(x²) + eps) * weight

where the mean is over the last dimension (RMSNorm, https://arxiv.org/abs/1910.07467). Work out the gradients by x and by
weight on paper; autograd is not to be used inside. Its `apply` takes (x, weight, eps).

    x (..., features), weight (features), eps a number -> as x
"""

import torch
from torch import Tensor
from torch.autograd import Function


class ScaledNorm(Function):
    """RMSNorm over the last dimension, with its backward pass by hand."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        raise NotImplementedError

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        raise NotImplementedError
