"""
An autograd engine in forty lines
=================================

Everything so far was done by PyTorch: remembering, walking back, adding up. How much code does that take? Here is an engine for
single numbers. It trains a network, and it agrees with PyTorch to the last digit.
"""

# %%
# A number that remembers: its value, its gradient, and from which numbers it came, each with the slope of this step. That is
# all. ``+`` and ``*`` make such numbers; everything else is made of them and of a few functions whose slope is known.

import math

import matplotlib.pyplot as plt
import torch

from groundup.autograd.scalar import Scalar


class Number:
    """A number that remembers what it was computed from."""

    def __init__(self, value: float, sources: tuple = ()):
        self.value, self.gradient, self.sources = float(value), 0.0, sources

    def __add__(self, other):
        other = other if isinstance(other, Number) else Number(other)
        return Number(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = other if isinstance(other, Number) else Number(other)
        return Number(self.value * other.value, ((self, other.value), (other, self.value)))

    def tanh(self):
        value = math.tanh(self.value)
        return Number(value, ((self, 1 - value**2),))

    def backward(self):
        """Walk back, the last computed first, and hand each source its share."""
        order, seen = [], set()

        def visit(number):
            if number not in seen:
                seen.add(number)
                for source, _ in number.sources:
                    visit(source)
                order.append(number)

        visit(self)
        self.gradient = 1.0
        for number in reversed(order):
            for source, slope in number.sources:
                source.gradient += slope * number.gradient


# %%
# Two rules hide in it. **Multiply along a way, add over ways**: that is ``+= slope * gradient``. And the **order**: a
# number may hand on its gradient only when all that was computed from it has handed down its own. ``visit`` lists a number
# behind all its sources, so the list read backwards has each number before them.

x, y = Number(0.5), Number(-1.5)
z = (x * y + x).tanh() * x
z.backward()

x_, y_ = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (0.5, -1.5))
((x_ * y_ + x_).tanh() * x_).backward()
a, b = Scalar(0.5), Scalar(-1.5)
((a * b + a).tanh() * a).backward()
print("ours   ", x.gradient, y.gradient)
print("package", a.gradient, b.gradient)
print("torch  ", x_.grad.item(), y_.grad.item())
assert (x.gradient, y.gradient) == (a.gradient, b.gradient)
assert math.isclose(x.gradient, x_.grad.item(), rel_tol=1e-15)

# %%
# A network of single numbers
# ---------------------------
#
# Two crescents that no line separates; a network of two inputs, eight neurons and one output, of 33 numbers altogether. Each
# neuron is a sum of products and a tanh.

generator = torch.Generator().manual_seed(0)
angles = torch.rand(40, generator=generator) * math.pi
side = torch.arange(40) % 2
points = torch.stack([angles.cos() + side * 1.0 - 0.5, angles.sin() * (1 - 2 * side) + side * 0.4 - 0.2], 1)
points = (points + 0.1 * torch.randn(40, 2, generator=generator)).tolist()
wanted = (2 * side - 1).tolist()


def draw(*shape):
    numbers = torch.randn(shape, generator=generator).tolist()
    return [[Scalar(number) for number in row] for row in numbers]


hidden, output = draw(8, 3), draw(1, 9)[0]


def network(point) -> Scalar:
    """The answer at a point: above 0 for the one crescent, below for the other."""
    neurons = [(a * point[0] + b * point[1] + c).tanh() for a, b, c in hidden]
    return sum((weight * neuron for weight, neuron in zip(output, neurons)), output[-1]).tanh()


weights = [number for row in (*hidden, output) for number in row]
losses = []
for _ in range(60):
    loss = sum(((network(point) - target) ** 2 for point, target in zip(points, wanted)), Scalar(0.0)) * (1 / 40)
    for weight in weights:
        weight.gradient = 0.0
    loss.backward()
    for weight in weights:
        weight.value -= 0.5 * weight.gradient
    losses.append(loss.value)
right = sum((network(point).value > 0) == (target > 0) for point, target in zip(points, wanted))
print(f"{len(weights)} numbers, loss {losses[0]:.3f} -> {losses[-1]:.3f}, {right} of 40 right")

# %%

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
axes[0].plot(losses)
axes[0].set_xlabel("step")
axes[0].set_ylabel("loss")
columns, rows = [-1.9 + 3.8 * i / 24 for i in range(25)], [-1.4 + 2.8 * i / 24 for i in range(25)]
axes[1].contourf(columns, rows, [[network((column, row)).value for column in columns] for row in rows], levels=20, cmap="RdBu")
axes[1].scatter(*zip(*points), c=wanted, cmap="RdBu", edgecolor="black")
axes[1].set_title("what the network answers where")
plt.show()

# %%
# The trap: handing on too early
# ------------------------------
#
# The obvious way to walk back is to call ``backward`` of each source as one meets it. Where two ways lead to one number, it
# hands on what it has at the first visit, and at the second hands on **all** of it again.


def too_early(number: Scalar, arriving: float = 1.0) -> None:
    number.gradient += arriving
    for source, slope in number.sources:
        too_early(source, slope * number.gradient)


x = Scalar(2.0)
y = x * 3.0
z = y + y * y
too_early(z)
print("handed on too early:", x.gradient, "  right:", 3 + 2 * 9 * 2)
assert x.gradient != 39

# %%
# Passing on only ``slope * arriving`` would be right, and slow: it walks every way by itself, and there are as many ways as
# there are paths through the network.
#
# Three things to try
# -------------------
#
# 1. Add ``exp`` to Number, and with it and ``tanh`` a sigmoid. Check them against torch.
# 2. How long does a step of this network take, per number, beside one in PyTorch? What would 25 million numbers take?
# 3. ``visit`` calls itself. After how many steps of a chain does Python refuse, and how would you write it without?
#
# Then write the whole engine, so that it survives a chain of ten thousand: ``groundup learn start scalar_engine``.
