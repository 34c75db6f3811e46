"""Learning by hand: one step downhill, the gradient by your own thinking.

Write `step`. The model is predictions = x @ w + b with several features; the error is the mean over the examples of the squared
differences to y. Work out the gradient of the error by w and by b on paper, and return both after one step of gradient
descent: each less `rate` times its gradient. autograd is not to be used: no backward, no torch.autograd.grad.
"""

import torch
from torch import Tensor


def step(w: Tensor, b: Tensor, x: Tensor, y: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """One step of gradient descent on the mean squared error of x @ w + b.

    Shapes: w (features), b (), x (examples, features), y (examples) -> the new w (features) and b ().
    """
    raise NotImplementedError
