"""Residual paths: a wrapper for any change.

Write the class `Residual`. It is given a module that computes a change, and makes a residual block of it:

    output = shortcut(x) + keep * gain * change(norm(x))

- `norm` and `shortcut` are modules or None: None passes x on as it is.
- `gain` is a parameter of shape (channels), and begins at `start` (0 makes the block begin as nothing at all); it scales
  dimension 1 of the change.
- In training the change of each EXAMPLE is left out with probability `drop`, by its own draw, and those that stay are
  divided by 1 - drop (stochastic depth, https://arxiv.org/abs/1603.09382); in evaluation nothing is dropped. `keep` is 0
  or 1 / (1 - drop): torch.rand(batch) < 1 - drop, drawn once for each call and only where drop > 0 and the block is in
  training.
"""

import torch
from torch import Tensor
from torch.nn import Module, Parameter


class Residual(Module):
    """A shortcut, and a change beside it. Shapes: (batch, channels, ...) -> what the shortcut gives."""

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
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError
