"""The linear layer, the flattening that leads from pictures to it, and the way back."""

from collections.abc import Sequence

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


class Unflatten(Module):
    """The dimension `dim` laid out as several; one size of -1 is found from the others.

    Shapes: with dim 1, (batch, features, ...) -> (batch, *unflattened_size, ...).
    Equals: torch.nn.Unflatten.
    """

    def __init__(self, *, dim: int, unflattened_size: Sequence[int]):
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x: Tensor) -> Tensor:
        return x.unflatten(self.dim, self.unflattened_size)
