"""Norms: group norm, which holds two others.

Write `group_norm`. The channels of each example are cut into `num_groups` groups of neighbours; each group, with all its
places, is brought to mean 0 and variance 1 (variance divided by the count, eps inside the root); then each CHANNEL is
scaled by its weight and shifted by its bias, where these are given. With one group it is a layer norm over everything
but the batch; with as many as channels it is an instance norm.
"""

import torch
from torch import Tensor


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Every group of channels of every example at mean 0 and variance 1.

    Shapes: input (batch, channels, ...), weight and bias (channels) -> as input.
    Raises: ValueError where the groups do not divide the channels.
    """
    raise NotImplementedError
