"""The answer to `Residual`."""

import torch
from torch import Tensor
from torch.nn import Module, Parameter


class Residual(Module):
    """A shortcut, and a change beside it."""

    def __init__(
        self,
        change: Module,
        channels: int,
        *,
        norm: Module | None = None,
        shortcut: Module | None = None,
        start: float = 1.0,
        drop: float = 0.0,
    ):
        super().__init__()
        self.change, self.norm, self.shortcut, self.drop = change, norm, shortcut, drop
        self.gain = Parameter(torch.full((channels,), start))

    def forward(self, x: Tensor) -> Tensor:
        change = self.change(x if self.norm is None else self.norm(x))
        change = change * self.gain.view(-1, *[1] * (change.dim() - 2))
        if self.training and self.drop > 0:
            stays = torch.rand(len(x), device=x.device) < 1 - self.drop
            change = change * (stays.to(change.dtype) / (1 - self.drop)).view(-1, *[1] * (change.dim() - 1))
        return (x if self.shortcut is None else self.shortcut(x)) + change
