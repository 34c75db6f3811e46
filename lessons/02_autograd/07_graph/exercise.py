"""The graph: a loss whose target stands still.

Write `agreement`. Two networks look at the same picture, each through its own distortion, and each shall predict what the other
sees; but what is to be predicted must not move towards the prediction, or both agree on saying nothing (SimSiam, Chen & He 2020,
https://arxiv.org/abs/2011.10566, algorithm 1). For predictions p1, p2 and what was seen z1, z2 the loss is

    (D(p1, z2) + D(p2, z1)) / 2,    D(p, z) = - mean over the batch of the cosine of the angle between p and z

and z is a constant for the gradient. `agreement` returns the loss, and beside it a plain number for the log.
"""

import torch
from torch import Tensor


def agreement(p1: Tensor, p2: Tensor, z1: Tensor, z2: Tensor) -> tuple[Tensor, float]:
    """The symmetric loss, through which gradients reach p1 and p2 alone, and its value as a number that remembers nothing.

    Shapes: all four (batch, features) -> (), and a float.
    """
    raise NotImplementedError
