"""Automatic differentiation of single numbers, in plain Python.

A derivative says how much faster y moves than x. Where y is computed from x in many small steps, the chain rule gives it as
a product of the steps' own derivatives, summed over all the ways that lead from x to y. So it is enough that each number
remembers from which numbers it was computed, and how fast it moves with each. That record is the graph; `backward` walks
it once, from the result to its beginnings, and multiplies and adds on the way. One walk gives the derivative by every
number at once, which is why networks are trained this way round ("reverse mode") and not the other.
"""

import math

from groundup.autograd.node import Node


class Scalar(Node):
    """A number that remembers what it was computed from.

    `gradient` is, after `result.backward()`, the derivative of the result by this number; further calls add to it, as in
    torch. `sources` are pairs (number, slope): this one moves `slope` times as fast as that one.
    Equals: torch in float64, values and gradients.
    """

    def __init__(self, value: float, sources: "tuple[tuple[Scalar, float], ...]" = ()):
        super().__init__(sources)
        self.value = float(value)
        self.gradient = 0.0

    def __repr__(self) -> str:
        return f"Scalar({self.value:.6g}, gradient={self.gradient:.6g})"

    def __add__(self, other: "Scalar | float") -> "Scalar":
        other = as_scalar(other)
        return Scalar(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other: "Scalar | float") -> "Scalar":
        other = as_scalar(other)
        return Scalar(self.value * other.value, ((self, other.value), (other, self.value)))

    def __pow__(self, exponent: float) -> "Scalar":
        """Raises: TypeError for an exponent that is a Scalar: write (x.log() * y).exp() for that."""
        if isinstance(exponent, Scalar):
            raise TypeError("the exponent of ** is a plain number; for x ** y write (x.log() * y).exp()")
        slope = exponent * self.value ** (exponent - 1) if exponent else 0.0
        return Scalar(self.value**exponent, ((self, slope),))

    def exp(self) -> "Scalar":
        power = math.exp(self.value)
        return Scalar(power, ((self, power),))

    def log(self) -> "Scalar":
        return Scalar(math.log(self.value), ((self, 1 / self.value),))

    def tanh(self) -> "Scalar":
        value = math.tanh(self.value)
        return Scalar(value, ((self, 1 - value**2),))

    def relu(self) -> "Scalar":
        return Scalar(max(self.value, 0.0), ((self, float(self.value > 0)),))

    def backward(self) -> None:
        """Add the derivative of this number by every number that it was computed from to that number's `gradient`."""
        graph = self.last_to_first()
        arriving = dict.fromkeys(graph, 0.0)
        arriving[self] = 1.0
        for node in graph:  # all that was computed from this node came before it, and has handed its share down
            node.gradient += arriving[node]
            for source, slope in node.sources:
                arriving[source] += slope * arriving[node]


def as_scalar(number: Scalar | float) -> Scalar:
    """A plain number as a constant of the graph."""
    return number if isinstance(number, Scalar) else Scalar(number)
