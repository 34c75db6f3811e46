"""The answer to `windows`."""

import torch
from torch import Tensor


def windows(row: Tensor, size: int, step: int = 1) -> Tensor:
    """Every window of `size` numbers, as a view of the row; one begins `step` numbers after the one before."""
    if size > len(row):
        raise ValueError(f"a window of {size} does not fit into {len(row)} numbers")
    count = (len(row) - size) // step + 1
    return torch.as_strided(row, (count, size), (step * row.stride(0), row.stride(0)))
