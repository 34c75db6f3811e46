"""Answers to `Scalar` that are wrong in the ways that people are."""

from groundup.autograd.scalar import Scalar as Right


class Restarting(Right):
    """backward forgets what was in the gradients before. As in PyTorch it is to add: a loss may be computed in parts."""

    def backward(self):
        for node in self.last_to_first():
            node.gradient = 0.0
        super().backward()


class TooEarly(Right):
    """A number that is used several times hands on too much: it hands on at each visit, what came before once more. It may hand
    on only once, when all that was computed from it has handed down its share."""

    def backward(self):
        def walk(number, arriving, depth):
            number.gradient += arriving
            if depth > 60:
                raise RecursionError
            for source, slope in number.sources:
                walk(source, slope * number.gradient, depth + 1)

        if len(self.last_to_first()) > 25:
            raise RecursionError
        walk(self, 1.0, 0)


class EveryWay(Right):
    """Every way through the graph is walked by itself. The numbers are right, but thirty sums of a number with itself have a
    billion ways: list the numbers in order, and visit each once."""

    def backward(self):
        def walk(number, arriving):
            number.gradient += arriving
            for source, slope in number.sources:
                walk(source, slope * arriving)

        if len(self.last_to_first()) > 25:
            raise TimeoutError
        walk(self, 1.0)


class SetNotAdded(Right):
    """Where several ways lead to a number, only the last one counts: gradients over different ways are added (+=), and not
    set."""

    def backward(self):
        arriving = {self: 1.0}
        for node in self.last_to_first():
            node.gradient += arriving.get(node, 0.0)
            for source, slope in node.sources:
                arriving[source] = slope * arriving.get(node, 0.0)


class TooDeep(Right):
    """A chain of ten thousand steps is too long: a function that calls itself for each step goes as deep as the chain. Walk
    with a list of those that wait, or sort by when they were made."""

    def backward(self):
        order, seen = [], set()

        def visit(number):
            if number not in seen:
                seen.add(number)
                for source, _ in number.sources:
                    visit(source)
                order.append(number)

        visit(self)
        arriving = dict.fromkeys(order, 0.0)
        arriving[self] = 1.0
        for number in reversed(order):
            number.gradient += arriving[number]
            for source, slope in number.sources:
                arriving[source] += slope * arriving[number]


class NoLeft(Right):
    """A plain number on the left is not taken: Python asks the right side by __radd__, __rmul__, __rsub__ and __rtruediv__."""

    __radd__ = __rmul__ = __rsub__ = __rtruediv__ = None


def slopes_of_product(self, other):
    other = other if isinstance(other, Right) else Right(other)
    return Right(self.value * other.value, ((self, self.value), (other, other.value)))


class OwnSlope(Right):
    """The slopes of a product are exchanged: how fast x * y rises with x is y, and with y it is x."""

    __mul__ = slopes_of_product
    __rmul__ = slopes_of_product
