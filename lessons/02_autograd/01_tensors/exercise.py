"""Tensors: all windows of a row of numbers, without copying one of them.

Write `windows`. Of the row 0 1 2 3 4 5 with windows of 3 numbers, each beginning 1 after the one before:

    0 1 2
    1 2 3
    2 3 4
    3 4 5

Those are twelve numbers, and six lie in memory: a stride says it all. `torch.as_strided(row, size, stride)` makes a view of any
shape and stride; that it may look wherever you say, past the end too, is why one rarely meets it. No loop is needed.
"""

import torch
from torch import Tensor


def windows(row: Tensor, size: int, step: int = 1) -> Tensor:
    """Every window of `size` numbers, as a view of the row; one begins `step` numbers after the one before.

    Shapes: (length) -> (count, size), count as many as fit whole.
    Raises: ValueError where not one window fits.
    """
    raise NotImplementedError
