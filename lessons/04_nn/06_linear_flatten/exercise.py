"""Flatten: join some dimensions, and take them apart again.

Write `flatten` and with it its way back: `flatten` returns the flattened tensor and a function that gives the old shape back
to any tensor that is flattened like it, whatever has happened to the dimensions outside meanwhile. Dimensions may be counted
from the end (-1 is the last). A single number becomes a row of one. Do not call torch.flatten or unflatten: view, reshape
and shapes are enough.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The dimensions start_dim to end_dim, both included, as one; and the function that takes that one apart again.

    The function takes a tensor whose dimension start_dim is as long as the joined one; those before and behind may have
    other sizes. Raises: IndexError for a dimension that there is not; ValueError where start_dim stands behind end_dim.
    """
    raise NotImplementedError
