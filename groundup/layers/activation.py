"""Activation layers."""

from torch import Tensor
from torch.nn import Module

from groundup.ops.activation import leaky_relu, logsigmoid, relu, sigmoid, softplus, tanh
from groundup.ops.gelu import gelu, quick_gelu, silu
from groundup.ops.softmax import log_softmax, softmax


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


class Sigmoid(Module):
    """Each number bent into 0 to 1.

    Shapes: any -> the same.
    Equals: torch.nn.Sigmoid.
    """

    def forward(self, x: Tensor) -> Tensor:
        return sigmoid(x)


class LogSigmoid(Module):
    """The logarithm of the sigmoid of each number.

    Shapes: any -> the same.
    Equals: torch.nn.LogSigmoid.
    """

    def forward(self, x: Tensor) -> Tensor:
        return logsigmoid(x)


class Tanh(Module):
    """Each number bent into -1 to 1.

    Shapes: any -> the same.
    Equals: torch.nn.Tanh.
    """

    def forward(self, x: Tensor) -> Tensor:
        return tanh(x)


class Softplus(Module):
    """A ReLU with a round bend, the rounder the smaller `beta`; straight where beta * x is above `threshold`.

    Shapes: any -> the same.
    Equals: torch.nn.Softplus.
    """

    def __init__(self, *, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, x: Tensor) -> Tensor:
        return softplus(x, self.beta, self.threshold)


class SiLU(Module):
    """Each number times its sigmoid.

    Shapes: any -> the same.
    Equals: torch.nn.SiLU.
    """

    def forward(self, x: Tensor) -> Tensor:
        return silu(x)


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


class QuickGELU(Module):
    """GELU with the logistic curve in place of the normal one, as in CLIP.

    Shapes: any -> the same.
    Equals: transformers' QuickGELUActivation.
    """

    def forward(self, x: Tensor) -> Tensor:
        return quick_gelu(x)


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


class LogSoftmax(Module):
    """The logarithms of the shares that softmax gives along `dim`.

    Shapes: any -> the same.
    Equals: torch.nn.LogSoftmax.
    """

    def __init__(self, *, dim: int):
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return log_softmax(x, self.dim)
