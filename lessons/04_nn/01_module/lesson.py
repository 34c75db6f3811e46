"""
The smallest Module
===================

A function with weights is a layer; a layer made of layers is a network; and a network must be saved, moved to a GPU, switched
between training and use, and handed to an optimiser that knows nothing of what is in it. What must a class do for all of that?
"""

# %%
# Almost nothing. It derives from ``Module``, calls ``super().__init__()``, and says in ``forward`` what it computes. One
# calls the module itself, not ``forward``: the call around it takes care of hooks.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module, Parameter

from groundup.layers.linear import Linear


class PlusOne(Module):
    """x + 1."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 1


print(PlusOne()(torch.tensor(1.0)))

# %%
# With weights. What is a ``Parameter`` and stands as an attribute is found by itself: that is all the magic there is.
# ``Module`` catches the assignment and notes parameters, other modules and buffers in three lists.


class Line(Module):
    """slope * x + offset."""

    def __init__(self, slope: float = 0.0, offset: float = 0.0):
        super().__init__()
        self.slope = Parameter(torch.tensor(slope))
        self.offset = Parameter(torch.tensor(offset))

    def forward(self, x: Tensor) -> Tensor:
        return self.slope * x + self.offset


line = Line(2.0, 1.0)
print({name: parameter.item() for name, parameter in line.named_parameters()})

# %%
# How does ``Module`` do it? A Module by hand, without PyTorch's, in fifteen lines:


class Mine:
    """Finds its parameters, and those of what it is made of."""

    def named_parameters(self, prefix: str = ""):
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield prefix + name, value
            elif isinstance(value, Mine):
                yield from value.named_parameters(f"{prefix}{name}.")

    def __call__(self, *inputs):
        return self.forward(*inputs)


class MyLine(Mine):
    def __init__(self, slope: float, offset: float):
        self.slope, self.offset = Parameter(torch.tensor(slope)), Parameter(torch.tensor(offset))

    def forward(self, x):
        return self.slope * x + self.offset


class MyTwo(Mine):
    def __init__(self):
        self.first, self.second = MyLine(2.0, 1.0), MyLine(-1.0, 0.5)

    def forward(self, x):
        return self.second(self.first(x).tanh())


class Two(Module):
    """Two lines with a bend between."""

    def __init__(self):
        super().__init__()
        self.first, self.second = Line(2.0, 1.0), Line(-1.0, 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).tanh())


mine, two, x = MyTwo(), Two(), torch.linspace(-2, 2, 50)
assert [name for name, _ in mine.named_parameters()] == [name for name, _ in two.named_parameters()]
assert torch.equal(mine(x), two(x))
print("found by both:", [name for name, _ in two.named_parameters()])

# %%
# ``Linear`` of the package is no more than that: two parameters and one product. Here it is fitted to a wave, with thirty of
# them side by side and thirty bends.


class Wave(Module):
    """One number in, one number out, through a layer of bends."""

    def __init__(self, width: int):
        super().__init__()
        self.inner, self.outer = Linear(in_features=1, out_features=width), Linear(in_features=width, out_features=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(self.inner(x).tanh())


torch.manual_seed(0)
wave, inputs = Wave(30), torch.linspace(-3, 3, 100)[:, None]
wanted = (2 * inputs).sin()
before = wave(inputs).detach()
for _ in range(1500):
    loss = (wave(inputs) - wanted).square().mean()
    gradients = torch.autograd.grad(loss, list(wave.parameters()))
    with torch.no_grad():
        for parameter, gradient in zip(wave.parameters(), gradients):
            parameter -= 0.05 * gradient
plt.figure(figsize=(7, 3.5), layout="constrained")
plt.plot(inputs, wanted, "k--", label="wanted")
plt.plot(inputs, before, label="before")
plt.plot(inputs, wave(inputs).detach(), label=f"after 1500 steps, loss {loss.item():.3f}")
plt.legend()
plt.show()

# %%
# The trap: layers in a list
# --------------------------
#
# ``Module`` sees what is assigned to an attribute. A plain list of layers is an attribute of type list: what is in it is not
# seen, not trained, not saved, not moved. Nothing fails; it just does not learn.


class Stack(Module):
    def __init__(self, container):
        super().__init__()
        self.layers = container(Line(1.0) for _ in range(3))


print("in a list:", len(list(Stack(list).parameters())), "parameters; in a ModuleList:",
      len(list(Stack(torch.nn.ModuleList).parameters())))  # fmt: skip
assert not list(Stack(list).parameters())

# %%
# And the other one: without ``super().__init__()`` the lists are not there yet, and the first assignment of a parameter says
# so.
#
# Three things to try
# -------------------
#
# 1. ``line.slope = 3.0``: what is said? And ``line.slope = Parameter(torch.tensor(3.0))``, what does an optimiser made before
#    that do?
# 2. Give Line a tensor that is no parameter (``self.shift = torch.ones(1)``). Is it saved? Moved by ``.to``? What is
#    ``register_buffer`` for?
# 3. Use one Line twice inside a module, under two names. How many parameters are found?
#
# Then write a Module with a parameter and buffers: ``groundup learn start module``.
