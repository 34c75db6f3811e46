"""Answers to `Scalar` that are wrong in the ways that people are."""

import itertools
import math

ORDER = itertools.count()


# right in all; what it is made wrong by stands below
class Right:
    def __init__(self, value, sources=()):
        self.value, self.gradient, self.sources, self.number = float(value), 0.0, sources, next(ORDER)

    def made(self, other):
        return other if isinstance(other, Right) else type(self)(other)

    def __add__(self, other):
        other = self.made(other)
        return type(self)(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = self.made(other)
        return type(self)(self.value * other.value, self.slopes(other))

    def slopes(self, other):
        return (self, other.value), (other, self.value)

    def __pow__(self, exponent):
        return type(self)(self.value**exponent, ((self, exponent * self.value ** (exponent - 1)),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -self.made(other)

    def __truediv__(self, other):
        return self * self.made(other) ** -1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return self.made(other) - self

    def __rtruediv__(self, other):
        return self.made(other) / self

    def exp(self):
        return type(self)(math.exp(self.value), ((self, math.exp(self.value)),))

    def log(self):
        return type(self)(math.log(self.value), ((self, 1 / self.value),))

    def tanh(self):
        value = math.tanh(self.value)
        return type(self)(value, ((self, 1 - value**2),))

    def relu(self):
        return type(self)(max(self.value, 0.0), ((self, float(self.value > 0)),))

    def order(self):
        found, waiting = {self}, [self]
        while waiting:
            for source, _ in waiting.pop().sources:
                if source not in found:
                    found.add(source)
                    waiting.append(source)
        return sorted(found, key=lambda node: -node.number)

    def backward(self):
        order = self.order()
        arriving = dict.fromkeys(order, 0.0)
        arriving[self] = 1.0
        for node in order:
            node.gradient += arriving[node]
            for source, slope in node.sources:
                arriving[source] += slope * arriving[node]


class Restarting(Right):
    """backward forgets what was in the gradients before. As in PyTorch it is to add: a loss may be computed in parts."""

    def backward(self):
        for node in self.order():
            node.gradient = 0.0
        super().backward()


class TooEarly(Right):
    """A number that is used several times hands on too much: it hands on at each visit, what came before once more. It may hand
    on only once, when all that was computed from it has handed down its share."""

    def backward(self):
        def walk(number, arriving):
            number.gradient += arriving
            for source, slope in number.sources:
                walk(source, slope * number.gradient)

        if len(self.order()) > 25:
            raise RecursionError
        walk(self, 1.0)


class EveryWay(Right):
    """Every way through the graph is walked by itself. The numbers are right, but thirty sums of a number with itself have a
    billion ways: list the numbers in order, and visit each once."""

    def backward(self):
        def walk(number, arriving):
            number.gradient += arriving
            for source, slope in number.sources:
                walk(source, slope * arriving)

        if len(self.order()) > 25:
            raise TimeoutError
        walk(self, 1.0)


class SetNotAdded(Right):
    """Where several ways lead to a number, only the last one counts: gradients over different ways are added (+=), not set."""

    def backward(self):
        arriving = {self: 1.0}
        for node in self.order():
            node.gradient += arriving.get(node, 0.0)
            for source, slope in node.sources:
                arriving[source] = slope * arriving.get(node, 0.0)


class TooDeep(Right):
    """A chain of ten thousand steps is too long: a function that calls itself for each step goes as deep as the chain. Walk with
    a list of those that wait, or sort by when they were made."""

    def order(self):
        found, seen = [], set()

        def visit(number):
            if number not in seen:
                seen.add(number)
                for source, _ in number.sources:
                    visit(source)
                found.append(number)

        visit(self)
        return found[::-1]


class NoLeft(Right):
    """A plain number on the left is not taken: Python asks the right side by __radd__, __rmul__, __rsub__ and __rtruediv__."""

    __radd__ = __rmul__ = __rsub__ = __rtruediv__ = None


class OwnSlope(Right):
    """The slopes of a product are exchanged: how fast x * y rises with x is y, and with y it is x."""

    def slopes(self, other):
        return (self, self.value), (other, other.value)
