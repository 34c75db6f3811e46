"""Automatic differentiation of arrays, on NumPy: the engine of `scalar.py` with whole arrays for its numbers.

What changes is the slope. Between arrays the derivative is a matrix as large as the product of their sizes, which nobody
writes down: backward never needs it alone, only its product with the gradient that arrives. So each step remembers, for
each array it read, a function that turns the gradient of its result into that of the array (a vector-Jacobian product).

Broadcasting needs one rule more: an array that was stretched to fit another was read many times over, so the gradients of
all those readings are summed.
"""

from collections.abc import Callable

import numpy as np

from groundup.autograd.node import Node

Axis = int | tuple[int, ...] | None


class Array(Node):
    """An array of float64 that remembers what it was computed from.

    `gradient` is, after `result.backward()`, the derivative of the result (a single number) by each element, None before;
    further calls add to it, as in torch. `sources` are pairs (array, function from our gradient to that array's).
    Equals: torch in float64, values and gradients.
    """

    __array_ufunc__ = None  # so that `ndarray + Array` comes here and is not taken apart by NumPy

    def __init__(self, value: np.ndarray | float, sources: "tuple[tuple[Array, Callable], ...]" = ()):
        super().__init__(sources)
        self.value = np.asarray(value, dtype=np.float64)
        self.gradient: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def __repr__(self) -> str:
        return f"Array{self.shape}"

    def __add__(self, other: "Array | np.ndarray | float") -> "Array":
        other = as_array(other)
        return Array(
            self.value + other.value,
            ((self, lambda g: unbroadcast(g, self.shape)), (other, lambda g: unbroadcast(g, other.shape))),
        )

    def __mul__(self, other: "Array | np.ndarray | float") -> "Array":
        other = as_array(other)
        return Array(
            self.value * other.value,
            (
                (self, lambda g: unbroadcast(g * other.value, self.shape)),
                (other, lambda g: unbroadcast(g * self.value, other.shape)),
            ),
        )

    def __pow__(self, exponent: float) -> "Array":
        """Raises: TypeError for an exponent that is an array."""
        if not isinstance(exponent, int | float):
            raise TypeError("the exponent of ** is a plain number; for x ** y write (x.log() * y).exp()")
        return Array(
            self.value**exponent,
            ((self, lambda g: g * exponent * self.value ** (exponent - 1) if exponent else np.zeros_like(g)),),
        )

    def __matmul__(self, other: "Array | np.ndarray") -> "Array":
        """The product of two matrices, or of two stacks of matrices.

        Raises: ValueError for fewer than two dimensions, and for sizes that do not match.
        """
        other = as_array(other)
        if min(self.value.ndim, other.value.ndim) < 2 or self.shape[-1] != other.shape[-2]:
            raise ValueError(f"@ takes (..., n, k) and (..., k, m); it was given {self.shape} and {other.shape}")
        return Array(
            self.value @ other.value,
            (
                (self, lambda g: unbroadcast(g @ other.value.swapaxes(-1, -2), self.shape)),
                (other, lambda g: unbroadcast(self.value.swapaxes(-1, -2) @ g, other.shape)),
            ),
        )

    def exp(self) -> "Array":
        power = np.exp(self.value)
        return Array(power, ((self, lambda g: g * power),))

    def log(self) -> "Array":
        return Array(np.log(self.value), ((self, lambda g: g / self.value),))

    def tanh(self) -> "Array":
        value = np.tanh(self.value)
        return Array(value, ((self, lambda g: g * (1 - value**2)),))

    def relu(self) -> "Array":
        return Array(np.maximum(self.value, 0), ((self, lambda g: g * (self.value > 0)),))

    def sum(self, axis: Axis = None, keepdims: bool = False) -> "Array":
        total = self.value.sum(axis, keepdims=keepdims)
        return Array(total, ((self, lambda g: np.broadcast_to(kept(g, axis, keepdims), self.shape)),))

    def max(self, axis: Axis = None, keepdims: bool = False) -> "Array":
        """The largest; where several are equally large they share the gradient, as in torch's `amax`."""
        largest = self.value.max(axis, keepdims=True)
        winners = self.value == largest
        share = winners / winners.sum(axis, keepdims=True)
        return Array(self.value.max(axis, keepdims=keepdims), ((self, lambda g: share * kept(g, axis, keepdims)),))

    def reshape(self, *shape: int) -> "Array":
        return Array(self.value.reshape(shape), ((self, lambda g: g.reshape(self.shape)),))

    def transpose(self, *axes: int) -> "Array":
        """The axes in another order; without any, backwards."""
        axes = axes or tuple(reversed(range(self.value.ndim)))
        return Array(self.value.transpose(axes), ((self, lambda g: g.transpose(np.argsort(axes))),))

    def __getitem__(self, index: object) -> "Array":
        """Any index of NumPy's; an element that is read twice collects both gradients."""

        def scatter(g: np.ndarray) -> np.ndarray:
            gradient = np.zeros(self.shape)
            np.add.at(gradient, index, g)
            return gradient

        return Array(self.value[index], ((self, scatter),))

    def __rmatmul__(self, other: np.ndarray) -> "Array":
        return as_array(other) @ self

    def mean(self, axis: Axis = None, keepdims: bool = False) -> "Array":
        total = self.sum(axis, keepdims)
        return total * (total.value.size / self.value.size)

    def log_softmax(self, axis: int = -1) -> "Array":
        """The logarithms of the shares exp(x_i) / sum over j of exp(x_j); the largest is first taken from all."""
        shifted = self - self.value.max(axis, keepdims=True)
        return shifted - shifted.exp().sum(axis, keepdims=True).log()

    def backward(self) -> None:
        """Add the derivative of this number by every array that it was computed from to that array's `gradient`.

        Raises: ValueError where this is not a single number: of many, there is no one derivative.
        """
        if self.value.size != 1:
            raise ValueError(f"backward starts from a single number, such as a loss; this array has shape {self.shape}")
        graph = self.last_to_first()
        arriving = {node: np.zeros(node.shape) for node in graph}
        arriving[self] = np.ones(self.shape)
        for node in graph:  # all that was computed from this node came before it, and has handed its share down
            gradient = arriving.pop(node)
            for source, product in node.sources:
                arriving[source] = arriving[source] + product(gradient)
            node.gradient = gradient if node.gradient is None else node.gradient + gradient


def as_array(value: Array | np.ndarray | float) -> Array:
    """A plain number or array as a constant of the graph."""
    return value if isinstance(value, Array) else Array(value)


def unbroadcast(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of an array of this shape that broadcasting stretched: summed over wherever it was repeated."""
    gradient = gradient.sum(tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return gradient.sum(stretched, keepdims=True)


def kept(gradient: np.ndarray, axis: Axis, keepdims: bool) -> np.ndarray:
    """The gradient of a reduction with its axes in their places again, each of size 1; without axes it is a single number."""
    return gradient if keepdims or axis is None else np.expand_dims(gradient, axis)
