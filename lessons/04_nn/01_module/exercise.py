"""The smallest Module, grown a little: a polynomial with standardized input.

Write the class `Polynomial`. It computes, number by number,

    y = c[0] + c[1] z + c[2] z^2 + ... + c[degree] z^degree        with z = (x - mean) / std

Its coefficients are learnt: a parameter `coefficients` of shape (degree + 1), zeros at the start. `mean` and `std` are not
learnt but belong to it, are saved with it and move with it: buffers of shape (), 0 and 1 at the start. `fit_scale(x)` sets
them, in place, to mean and standard deviation of some numbers (with the count as the divisor; where the deviation is 0 it is
taken as 1).
"""

import torch
from torch import Tensor
from torch.nn import Module, Parameter


class Polynomial(Module):
    """A polynomial of a standardized number. Shapes: any -> the same."""

    def __init__(self, degree: int):
        raise NotImplementedError

    def fit_scale(self, x: Tensor) -> None:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError
