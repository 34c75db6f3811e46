"""An autograd engine for single numbers.

Write the class `Scalar`. It is used so:

    x, y = Scalar(2.0), Scalar(-1.0)
    z = x * y + 3 * x ** 2 - x.exp()
    z.backward()
    z.value, x.gradient, y.gradient

Needed are +, -, *, / and ** (with a plain number as the exponent), with plain numbers on either side, unary minus, and the
methods exp, log, tanh, relu and backward. Many of them are one line by others. As in PyTorch, backward ADDS to the gradients
that are there. A chain of ten thousand steps must not be too long for it.
"""

import math


class Scalar:
    """A number that remembers what it was computed from.

    `value` is the number, `gradient` the derivative of what backward was called on by this number, 0.0 before.
    """

    def __init__(self, value: float):
        raise NotImplementedError
