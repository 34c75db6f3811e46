"""Calibration: how far is what a network says it knows from what it knows?

Write `calibration_error` (Guo et al. 2017, https://arxiv.org/abs/1706.04599, section 2, equation 3). Each answer has a
confidence, the largest probability of its row, and is right or not. Cut the range from 0 to 1 into `bins` of equal
width, each WITHOUT its left end and with its right end: (0, 0.1], (0.1, 0.2] ...; in each compare the mean confidence
with the share that is right; the error is the mean of the absolute differences, each weighed by how many answers are in
its bin. Empty bins say nothing. Return the error, and for a picture the three rows (count, mean confidence, share right)
of all bins, with NaN for both means where a bin is empty.
"""

import torch
from torch import Tensor


def calibration_error(probabilities: Tensor, labels: Tensor, bins: int = 10) -> tuple[float, Tensor]:
    """The expected calibration error, and what it is made of.

    Shapes: probabilities (answers, classes), labels (answers) of int64 -> a float, and (3, bins).
    """
    raise NotImplementedError
