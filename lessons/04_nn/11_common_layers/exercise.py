"""The common layers: batch norm, with its memory.

Write the class `BatchNorm1d` for rows of features.

- Parameters `weight` (ones at the start) and `bias` (zeros); buffers `running_mean` (zeros), `running_var` (ones) and
  `num_batches_tracked` (0, int64): all of shape (num_features) but the last, which is ().
- In training mode: norm by the batch's mean and its variance (divided by the count); move the running ones by a share
  `momentum` of the way to the batch's, where the running VARIANCE follows the one divided by the count less one; count the
  batch.
- In evaluation mode: norm by the running ones, and change nothing.
- output = (x - mean) / sqrt(variance + eps) * weight + bias
"""

import torch
from torch import Tensor
from torch.nn import Module, Parameter


class BatchNorm1d(Module):
    """Every feature at mean 0 and variance 1 over the batch.

    Shapes: (batch, num_features) -> the same.
    Raises: ValueError for a batch of one in training mode.
    """

    def __init__(self, *, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError
