"""The linear layer, and the flattening that leads from pictures to it."""

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.layers.initialization import uniform_fan_in_
from groundup.ops.linear import linear


class Linear(Module):
    """Every output a weighted sum of all the inputs, plus a bias.

    Shapes: (..., in_features) -> (..., out_features).
    Equals: torch.nn.Linear, its start included.
    """

    def __init__(self, *, in_features: int, out_features: int, bias: bool = True):
        super().__init__()
        self.weight = Parameter(torch.empty(out_features, in_features))
        self.bias = Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        uniform_fan_in_(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


class Flatten(Module):
    """The dimensions `start_dim` to `end_dim`, both included, laid out as one.

    Shapes: as it stands, (batch, ...) -> (batch, product of the rest).
    Equals: torch.nn.Flatten.
    """

    def __init__(self, *, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(self.start_dim, self.end_dim)
