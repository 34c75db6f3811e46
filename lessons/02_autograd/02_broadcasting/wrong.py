"""Answers to `distances` that are wrong in the ways that people are."""

import torch
from torch import Tensor


def root(squares: Tensor) -> Tensor:
    apart = squares > 0
    return torch.where(apart, torch.where(apart, squares, 1.0).sqrt(), 0.0)


def plain_root(a: Tensor, b: Tensor) -> Tensor:
    """All distances are right, but the gradient of a point that lies on a city is NaN: the slope of the root at 0 is infinite,
    and infinity times 0 is no number."""
    return (a.unsqueeze(-2) - b.unsqueeze(-3)).square().sum(-1).sqrt()


def half_guarded(a: Tensor, b: Tensor) -> Tensor:
    """Nothing flows back from points on cities, but their distance is not 0: a small number was added under the root for all. It
    moves every distance a little."""
    return ((a.unsqueeze(-2) - b.unsqueeze(-3)).square().sum(-1) + 1e-4).sqrt()


def squared(a: Tensor, b: Tensor) -> Tensor:
    """These are the squares of the distances: the root is missing."""
    return (a.unsqueeze(-2) - b.unsqueeze(-3)).square().sum(-1)


def turned(a: Tensor, b: Tensor) -> Tensor:
    """Rows and columns are exchanged: a row of the result belongs to a row of a, a column to a row of b."""
    return root((a.unsqueeze(-3) - b.unsqueeze(-2)).square().sum(-1))


def city_block(a: Tensor, b: Tensor) -> Tensor:
    """You add up the differences of the coordinates, as a taxi drives. The straight way is the root of the sum of squares."""
    return (a.unsqueeze(-2) - b.unsqueeze(-3)).abs().sum(-1)


def from_the_left(a: Tensor, b: Tensor) -> Tensor:
    """With batches the wrong dimensions meet: you make room counting from the left (a[:, None]), where batches stand. Counted
    from the right, unsqueeze(-2) and unsqueeze(-3), the rows meet whatever stands before them."""
    return root((a[:, None] - b[None]).square().sum(-1))
