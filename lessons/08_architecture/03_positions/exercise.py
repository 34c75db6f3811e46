"""Positions: the table of sines and cosines, for any places.

Write `positions`: for each of the places (whole numbers of any size, in any order, such as those that follow a cache) a
row of `dim` features,

    feature 2 i  is  sin(place / base^(2 i / dim)),      feature 2 i + 1  is  cos(place / base^(2 i / dim))

An odd `dim` ends in a sine. Places may be in the hundred thousands: compute the angles in float64, and round once, to
float32. The rows stand in the order of the places, and the shape of `places` stays in front.
"""

import torch
from torch import Tensor


def positions(places: Tensor, dim: int, base: float = 10000.0) -> Tensor:
    """Sines and cosines of places. Shapes: places any, of int64 -> (*places.shape, dim) of float32.

    Raises: ValueError for a dim below 1.
    """
    raise NotImplementedError
