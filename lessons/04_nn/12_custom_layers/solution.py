"""The answer to `Maxout`."""

import torch
from torch import Tensor
from torch.nn import Module, Parameter


class Maxout(Module):
    """The largest of several lines, for each output."""

    def __init__(self, *, in_features: int, out_features: int, pieces: int):
        super().__init__()
        if pieces < 1:
            raise ValueError(f"Maxout takes the largest of one piece or more; it was given {pieces}")
        bound = in_features**-0.5
        self.weight = Parameter(torch.empty(out_features, pieces, in_features).uniform_(-bound, bound))
        self.bias = Parameter(torch.zeros(out_features, pieces))

    def lines(self, x: Tensor) -> Tensor:
        return torch.einsum("...i,jki->...jk", x, self.weight) + self.bias  # (..., out_features, pieces)

    def forward(self, x: Tensor) -> Tensor:
        return self.lines(x).amax(-1)

    def winners(self, x: Tensor) -> Tensor:
        return self.lines(x).argmax(-1)
