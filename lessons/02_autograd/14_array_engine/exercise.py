"""The array engine: the gradient of what broadcasting repeated.

Write `fold`. An array of shape `shape` was used where broadcasting made it larger; `gradient` is the gradient of that larger
array. Return the gradient of the array itself: summed over whatever was repeated, and of exactly its shape.
"""

import numpy as np


def fold(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of an array of this shape, from that of what broadcasting made of it.

    Shapes: gradient any that `shape` broadcasts to -> shape.
    """
    raise NotImplementedError
