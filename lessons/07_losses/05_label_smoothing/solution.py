"""The answer to `calibration_error`."""

import torch
from torch import Tensor


def calibration_error(probabilities: Tensor, labels: Tensor, bins: int = 10) -> tuple[float, Tensor]:
    """The expected calibration error, and what it is made of."""
    sure, said = probabilities.max(1)
    right = (said == labels).to(sure.dtype)
    which = ((sure * bins).ceil().long() - 1).clamp(0, bins - 1)
    count = torch.zeros(bins).index_add_(0, which, torch.ones_like(sure))
    surety = torch.zeros(bins).index_add_(0, which, sure) / count  # NaN where a bin is empty
    rightness = torch.zeros(bins).index_add_(0, which, right) / count
    filled = count > 0
    error = ((surety - rightness).abs() * count)[filled].sum() / len(labels)
    return error.item(), torch.stack([count, surety, rightness])
