"""Rotary positions: turn pairs of features by where they stand.

Write `rotate`. Each pair (a, b) of features becomes (a cos - b sin, a sin + b cos) with the angle place / base^(2 i /
rotary), i the number of the pair. Only the first `rotary` features are turned, the others stay as they are. `pairing`
says which feature goes with which: "halves", i with i + rotary / 2; "interleaved", 2 i with 2 i + 1. Positions belong to
the length dimension, the last but one.
"""

import torch
from torch import Tensor


def rotate(x: Tensor, places: Tensor, rotary: int | None = None, base: float = 10000.0, pairing: str = "halves") -> Tensor:
    """Pairs of features turned by where their vector stands.

    Shapes: x (..., length, features), places (length) of whole numbers -> as x. `rotary` None turns all features.
    Raises: ValueError for an odd number of features to turn, or more than there are, and for another pairing.
    """
    raise NotImplementedError
