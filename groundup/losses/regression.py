"""Losses of regression, as modules with their settings; the ops of the same names have the formulas."""

from torch import Tensor
from torch.nn import Module

from groundup.ops.divergence import gaussian_nll_loss
from groundup.ops.regression_loss import huber_loss, l1_loss, mse_loss, smooth_l1_loss


class L1Loss(Module):
    """How far off.

    Shapes: input and target alike, of any shape -> ().
    Equals: torch.nn.L1Loss.
    """

    def __init__(self, *, reduction: str = "mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return l1_loss(input, target, self.reduction)


class MSELoss(Module):
    """How far off, squared.

    Shapes: input and target alike, of any shape -> ().
    Equals: torch.nn.MSELoss.
    """

    def __init__(self, *, reduction: str = "mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return mse_loss(input, target, self.reduction)


class SmoothL1Loss(Module):
    """How far off, with a curve of width `beta` instead of the corner at zero.

    Shapes: input and target alike, of any shape -> ().
    Equals: torch.nn.SmoothL1Loss.
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0):
        super().__init__()
        self.reduction, self.beta = reduction, beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return smooth_l1_loss(input, target, self.reduction, self.beta)


class HuberLoss(Module):
    """Half the squared error up to `delta`, and a straight line beyond.

    Shapes: input and target alike, of any shape -> ().
    Equals: torch.nn.HuberLoss.
    """

    def __init__(self, *, reduction: str = "mean", delta: float = 1.0):
        super().__init__()
        self.reduction, self.delta = reduction, delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return huber_loss(input, target, self.reduction, self.delta)


class GaussianNLLLoss(Module):
    """Minus the log-likelihood under a normal distribution, for a network that also says how sure it is.

    Shapes: input, target and var alike, of any shape -> ().
    Equals: torch.nn.GaussianNLLLoss.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
        super().__init__()
        self.full, self.eps, self.reduction = full, eps, reduction

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)
