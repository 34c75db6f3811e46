"""
From numbers to arrays: the engine grows up
===========================================

The engine of the last lesson keeps a Python object for every single number. A small network has a million. What must change so
that the same forty lines carry whole matrices, and what new thing has to be got right?
"""

# %%
# Very little changes. A node holds an array; and since the slope of a matrix product is no single number, each source is kept
# with a **function** that turns the gradient of the result into the gradient of that source: a vector-Jacobian product.

import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits

from groundup.autograd.array import Array


class Node:
    """An array that remembers what it was computed from."""

    def __init__(self, value, sources=()):
        self.value, self.gradient, self.sources = np.asarray(value, dtype=np.float64), None, sources

    def __add__(self, other):
        back = (lambda g: fold(g, self.value.shape)), (lambda g: fold(g, other.value.shape))
        return Node(self.value + other.value, ((self, back[0]), (other, back[1])))

    def __mul__(self, other):
        back = (lambda g: fold(g * other.value, self.value.shape)), (lambda g: fold(g * self.value, other.value.shape))
        return Node(self.value * other.value, ((self, back[0]), (other, back[1])))

    def __matmul__(self, other):
        back = (lambda g: g @ other.value.T), (lambda g: self.value.T @ g)
        return Node(self.value @ other.value, ((self, back[0]), (other, back[1])))

    def tanh(self):
        value = np.tanh(self.value)
        return Node(value, ((self, lambda g: g * (1 - value**2)),))

    def mean(self):
        return Node(self.value.mean(), ((self, lambda g: g / self.value.size * np.ones_like(self.value)),))

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for source, _ in node.sources:
                    visit(source)
                order.append(node)

        visit(self)
        for node in order:
            node.gradient = np.zeros_like(node.value)
        self.gradient = np.ones_like(self.value)
        for node in reversed(order):
            for source, back in node.sources:
                source.gradient += back(node.gradient)


# %%
# The new thing is ``fold``. When a bias of shape (3) is added to a batch (5, 3), broadcasting uses each of its numbers five
# times. Five ways lead back to it, and over ways one adds: the gradient is **summed over whatever was repeated**.


def fold(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of an array of this shape, from that of what broadcasting made of it."""
    while gradient.ndim > len(shape):
        gradient = gradient.sum(0)
    for axis, size in enumerate(shape):
        if size == 1:
            gradient = gradient.sum(axis, keepdims=True)
    return gradient


rng = np.random.default_rng(0)
parts = [rng.standard_normal(shape) for shape in ((5, 4), (4, 3), (3,), (5, 1))]


def formula(x, w, b, scale):
    return (((x @ w + b) * scale).tanh()).mean()


ours, package = [Node(part) for part in parts], [Array(part) for part in parts]
theirs = [torch.tensor(part, requires_grad=True) for part in parts]
formula(*ours).backward()
formula(*package).backward()
formula(*theirs).backward()
for a, b, c in zip(ours, package, theirs):
    np.testing.assert_allclose(a.gradient, b.gradient, rtol=1e-12)
    np.testing.assert_allclose(a.gradient, c.grad, rtol=1e-12)
print("four gradients, equal to the package's and to torch's to twelve digits")

# %%
# A network that reads digits, in NumPy
# -------------------------------------
#
# The same engine, in the package's version with a few operations more, reads handwritten digits.

pictures, labels = load_digits(return_X_y=True)
pictures, one_hot = pictures / 16, np.eye(10)[labels]
train, test = slice(0, 1400), slice(1400, None)
weights = [Array(0.3 * rng.standard_normal(shape)) for shape in ((64, 48), (48,), (48, 10), (10,))]


def log_probabilities(inputs):
    return ((Array(inputs) @ weights[0] + weights[1]).relu() @ weights[2] + weights[3]).log_softmax()


curve, start = [], time.perf_counter()
for _ in range(150):
    loss = (log_probabilities(pictures[train]) * one_hot[train]).sum() * (-1 / 1400)
    for weight in weights:
        weight.gradient = np.zeros_like(weight.value)
    loss.backward()
    for weight in weights:
        weight.value -= 1.0 * weight.gradient
    curve.append(float(loss.value))
said = log_probabilities(pictures[test]).value.argmax(1)
right = (said == labels[test]).mean()
print(f"150 steps in {time.perf_counter() - start:.1f} s: {100 * right:.1f}% of the digits it has not seen are read right")
assert right > 0.85

figure, axes = plt.subplots(2, 6, figsize=(9, 3.2), layout="constrained")
for number, axis in enumerate(axes.flat):
    axis.imshow(pictures[1400 + number].reshape(8, 8), cmap="gray_r")
    axis.set_title(str(said[number]), color="black" if said[number] == labels[1400 + number] else "red")
    axis.set_axis_off()
plt.show()

# %%
# The trap: a gradient of the wrong shape that fits
# -------------------------------------------------
#
# Leave ``fold`` away, and the gradient of a bias has the shape of the batch. In NumPy ``bias -= gradient`` then fails, with
# luck; ``bias = bias - gradient`` does not: it makes a bias for every example, and the network learns the batch by heart.

bias, gradient = np.zeros(3), np.ones((5, 3))
bias = bias - 0.1 * gradient
print("the bias has become", bias.shape)
assert bias.shape == (5, 3)

# %%
# Three things to try
# -------------------
#
# 1. Add ``exp``, ``sum`` over an axis, and ``log`` to Node. Which of them need fold?
# 2. How much faster is a step here than in the engine of single numbers, per weight?
# 3. ``g @ other.value.T`` is for two matrices. What must it be for a batch of matrices times one matrix?
#
# Then write ``fold`` for every shape that broadcasting knows: ``groundup learn start array_engine``.
