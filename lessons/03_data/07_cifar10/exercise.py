"""CIFAR-10: mean and spread of each channel, a batch at a time, and no digit lost.

Write the class `Moments`. It is shown batches, of any size, and asked at any time for mean and spread of all that it has
seen. The obvious way, the mean of squares less the square of the mean, subtracts two large numbers that are nearly the same;
where the spread is small beside the mean, nothing right is left. There is a way without (Chan, Golub & LeVeque 1979): of two
parts with counts n and m, means a and b, and sums of squared deviations from their own means S and T, the whole has

    mean = a + (b - a) m / (n + m)        sum of squared deviations = S + T + (b - a)^2 n m / (n + m)
"""

import torch
from torch import Tensor


class Moments:
    """Mean and spread of each channel of what was shown.

    `update(batch)` shows a batch (pictures, channels, height, width), which may be empty; `mean()` and `std()` give
    (channels), the spread with the count as the divisor. Before anything was shown both are NaN.
    """

    def __init__(self, channels: int):
        raise NotImplementedError

    def update(self, batch: Tensor) -> None:
        raise NotImplementedError

    def mean(self) -> Tensor:
        raise NotImplementedError

    def std(self) -> Tensor:
        raise NotImplementedError
