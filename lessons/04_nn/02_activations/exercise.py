"""Activations: softplus, for every number there is.

Write `softplus`: log(1 + exp(beta x)) / beta. As it stands, exp(800) is infinite, and so is the result, though the right one
is 800. And far below zero 1 + exp(x) rounds to 1, and its logarithm to 0, where a small positive number is right. Rules of
torch's softplus: where beta times x is above `threshold`, the result is x itself (no rounding can tell the difference).
Gradients must be finite everywhere too.
"""

import torch
from torch import Tensor


def softplus(x: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * x)) / beta, and x itself where beta * x is above the threshold. Shapes: any -> the same."""
    raise NotImplementedError
