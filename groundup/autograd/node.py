"""What both engines share: the arithmetic that is made of +, * and **, and the order in which a graph is walked."""

import itertools
from typing import Self

ORDER = itertools.count()


class Node:
    """Something computed that remembers from what; its class says what +, * and ** do.

    `number` counts the nodes as they are made, so whatever is computed from a node has a higher one.
    """

    def __init__(self, sources: tuple):
        self.sources = sources
        self.number = next(ORDER)

    def __neg__(self) -> Self:
        return self * -1

    def __sub__(self, other) -> Self:
        return self + -other

    def __truediv__(self, other) -> Self:
        return self * other**-1.0

    def __radd__(self, other) -> Self:
        return self + other

    def __rmul__(self, other) -> Self:
        return self * other

    def __rsub__(self, other) -> Self:
        return -self + other

    def __rtruediv__(self, other) -> Self:
        return self**-1.0 * other

    def sigmoid(self) -> Self:
        """1 / (1 + exp(-x)), written with tanh, which has no power that can overflow."""
        return (1 + (self / 2).tanh()) / 2

    def last_to_first(self) -> list[Self]:
        """This node and all that it was computed from, directly or not, the last computed first."""
        found, waiting = {self}, [self]
        while waiting:
            for source, _ in waiting.pop().sources:
                if source not in found:
                    found.add(source)
                    waiting.append(source)
        return sorted(found, key=lambda node: node.number, reverse=True)
