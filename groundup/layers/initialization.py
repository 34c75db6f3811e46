"""How weights start."""

import math

import torch
from torch import Tensor


def uniform_fan_in_(weight: Tensor, bias: Tensor | None = None) -> None:
    """Weight and bias uniform within +-1 / sqrt(fan in), torch's start for linear and convolution layers.

    It is Kaiming's start (https://arxiv.org/abs/1502.01852, section 2.2) for a leaky ReLU of slope sqrt(5).
    """
    bound = 1 / math.sqrt(weight[0].numel())
    with torch.no_grad():
        weight.uniform_(-bound, bound)
        if bias is not None:
            bias.uniform_(-bound, bound)
