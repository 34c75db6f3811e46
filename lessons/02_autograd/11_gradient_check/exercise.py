"""Checking gradients: which input has the wrong one, and where.

Write `worst_gradient`. `function(*inputs)` gives a tensor of any shape. For each input compare the gradient that autograd
gives of the sum of `output * weights` with the one that central differences give, and return for each input the largest
error and the index at which it occurs. The inputs are of float64; they come back as they were.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def worst_gradient(
    function: Callable[..., Tensor], inputs: Sequence[Tensor], weights: Tensor, step: float = 1e-6
) -> list[tuple[float, tuple[int, ...]]]:
    """The largest difference between autograd's gradient and central differences, for each input, and where it is.

    An input that autograd gives no gradient for has a gradient of zeros.
    Shapes: inputs any, weights as the output -> for each input its largest error, and the index of it, one number a dimension.
    """
    raise NotImplementedError
