"""The answer to `flatten`."""

import math
from collections.abc import Callable

from torch import Tensor


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The dimensions start_dim to end_dim, both included, as one; and the function that takes that one apart again."""
    count = max(1, x.dim())
    for dim in (start_dim, end_dim):
        if not -count <= dim < count:
            raise IndexError(f"a tensor of {x.dim()} dimensions has no dimension {dim}")
    start, end = start_dim % count, end_dim % count
    if start > end:
        raise ValueError(f"dimension {start_dim} stands behind dimension {end_dim}")
    joined = tuple(x.shape[start : end + 1])

    def apart(y: Tensor) -> Tensor:
        return y.reshape((*y.shape[:start], *joined, *y.shape[start + 1 :]))

    return x.reshape((*x.shape[:start], math.prod(joined), *x.shape[end + 1 :])), apart
