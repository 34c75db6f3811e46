"""Activation layers."""

from torch import Tensor
from torch.nn import Module

from groundup.ops.activation import gelu, leaky_relu, relu, softmax, tanh


class ReLU(Module):
    """The positive part of each number.

    Shapes: any -> the same.
    Equals: torch.nn.ReLU.
    """

    def forward(self, x: Tensor) -> Tensor:
        return relu(x)


class LeakyReLU(Module):
    """Positive numbers as they are, negative ones times `negative_slope`.

    Shapes: any -> the same.
    Equals: torch.nn.LeakyReLU.
    """

    def __init__(self, *, negative_slope: float = 0.01):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        return leaky_relu(x, self.negative_slope)


class Tanh(Module):
    """Each number bent into -1 to 1.

    Shapes: any -> the same.
    Equals: torch.nn.Tanh.
    """

    def forward(self, x: Tensor) -> Tensor:
        return tanh(x)


class GELU(Module):
    """Each number times the probability that a standard normal one lies below it; `approximate` is "none" or "tanh".

    Paper: Gaussian Error Linear Units, https://arxiv.org/abs/1606.08415, section 2.
    Shapes: any -> the same.
    Equals: torch.nn.GELU.
    """

    def __init__(self, *, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        return gelu(x, self.approximate)


class Softmax(Module):
    """Numbers turned into positive shares that sum to 1 along `dim`.

    Shapes: any -> the same.
    Equals: torch.nn.Softmax.
    """

    def __init__(self, *, dim: int):
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return softmax(x, self.dim)
