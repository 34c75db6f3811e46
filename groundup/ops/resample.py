"""Resampling along one direction: each output pixel is a weighted sum of a few input pixels."""

import torch
from torch import Tensor


def resample(input: Tensor, dim: int, places: Tensor, weights: Tensor) -> Tensor:
    """output[..., i, ...] = sum over k of weights[i, k] * input[..., places[i, k], ...], where `dim` is a negative dimension.

    A pixel of weight 0 takes no part, not even if it is infinite or not a number.

    Shapes: (..., size, ...) with places and weights (out size, pixels each) -> (..., out size, ...).
    """
    pixels = input.index_select(dim, places.flatten()).unflatten(dim, places.shape)
    weights = weights.view(*weights.shape, *[1] * (-1 - dim))
    return torch.where(weights == 0, 0, pixels * weights).sum(dim)
