"""The answer to `Polynomial`."""

import torch
from torch import Tensor
from torch.nn import Module, Parameter


class Polynomial(Module):
    """A polynomial of a standardized number. Shapes: any -> the same."""

    def __init__(self, degree: int):
        super().__init__()
        self.coefficients = Parameter(torch.zeros(degree + 1))
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("std", torch.tensor(1.0))

    def fit_scale(self, x: Tensor) -> None:
        with torch.no_grad():
            spread = x.std(correction=0)
            self.mean.copy_(x.mean())
            self.std.copy_(torch.where(spread == 0, 1.0, spread))

    def forward(self, x: Tensor) -> Tensor:
        z, y = (x - self.mean) / self.std, torch.zeros_like(x)
        for coefficient in reversed(self.coefficients):
            y = y * z + coefficient  # Horner's way: one product and one sum for each power
        return y
