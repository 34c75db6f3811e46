"""A layer of your own: maxout.

Write the class `Maxout` (Goodfellow et al. 2013, https://arxiv.org/abs/1302.4389, section 3). Instead of one line for each
output and a fixed bend, it has `pieces` lines for each output and takes the largest: the bend itself is learnt.

    output[j] = max over k of ( sum over i of weight[j, k, i] x[i] + bias[j, k] )

Parameters: `weight` of shape (out_features, pieces, in_features), drawn uniformly between -1 / sqrt(in_features) and 1 /
sqrt(in_features); `bias` of shape (out_features, pieces), zeros. It works on the last dimension of any tensor. `winners(x)`
says which piece was the largest (the first, where several are).
"""

import torch
from torch import Tensor
from torch.nn import Module, Parameter


class Maxout(Module):
    """The largest of several lines, for each output.

    Shapes: (..., in_features) -> (..., out_features).
    Raises: ValueError for fewer than one piece.
    """

    def __init__(self, *, in_features: int, out_features: int, pieces: int):
        super().__init__()
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def winners(self, x: Tensor) -> Tensor:
        """Shapes: (..., in_features) -> (..., out_features) of int64."""
        raise NotImplementedError
