"""
Activations: why a network must bend
====================================

Two linear layers, one behind the other, are a product of two matrices, which is a matrix: one linear layer. A hundred of them
are one linear layer. What is put between them so that depth means anything, and why are there a dozen of these things?
"""

# %%
# Anything that is no straight line does. Here three layers learn to tell the inside of a ring from the outside, once with
# nothing between them and once with a bend.

import math

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.activation import GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh
from groundup.layers.linear import Linear
from groundup.losses.classification import BCEWithLogitsLoss
from groundup.ops.gelu import gelu
from groundup.optim.adam import AdamW

generator = torch.Generator().manual_seed(0)
points = 4 * torch.rand(400, 2, generator=generator) - 2
inside = ((points.norm(dim=1) > 0.7) & (points.norm(dim=1) < 1.5)).float()


class Nothing(Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


def trained(activation: type[Module]) -> Sequential:
    torch.manual_seed(0)
    sizes = (2, 24, 24, 1)
    layers = [part for i, o in zip(sizes, sizes[1:]) for part in (Linear(in_features=i, out_features=o), activation())][:-1]
    model = Sequential(*layers)
    optimizer = AdamW(model.parameters(), lr=0.02)
    for _ in range(300):
        loss = BCEWithLogitsLoss()(model(points)[:, 0], inside)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


line = torch.linspace(-2, 2, 120)
plane = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)
figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
for axis, activation in zip(axes, (Nothing, ReLU, Tanh)):
    model = trained(activation)
    right = ((model(points)[:, 0] > 0) == (inside > 0)).float().mean().item()
    axis.contourf(line, line, model(plane)[..., 0].detach().sigmoid(), levels=20, cmap="RdBu")
    axis.scatter(*points.T, c=inside, s=4, cmap="RdBu")
    axis.set_title(f"{activation.__name__}: {right:.0%} right")
    axis.set_axis_off()
plt.show()

# %%
# With nothing between, the network can do no better than call everything by the more frequent name; ReLU draws with straight
# pieces, tanh with round ones.
#
# The family
# ----------
#
# What matters about an activation is its slope, since that is what gradients are multiplied with on the way back.

x = torch.linspace(-4, 4, 400, requires_grad=True)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for activation in (Sigmoid, Tanh, ReLU, LeakyReLU, Softplus, SiLU, GELU):
    y = activation()(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    axes[0].plot(x.detach(), y.detach(), label=activation.__name__)
    axes[1].plot(x.detach(), slope, label=activation.__name__)
axes[0].set_title("the activation")
axes[1].set_title("its slope")
axes[1].legend()
plt.show()

# %%
# - **Sigmoid** and **tanh** are flat on both sides; a sigmoid's slope is 0.25 at best. Ten of them, and what comes back is a
#   millionth.
# - **ReLU** has slope 1 on half of the line, and costs nothing. On the other half it has slope 0.
# - **GELU** is x times the probability that a normal number is below x: a ReLU that hesitates. Transformers use it.


def my_gelu(x: Tensor) -> Tensor:
    """x times the normal distribution's share below x."""
    return x * (1 + torch.erf(x / math.sqrt(2))) / 2


torch.testing.assert_close(my_gelu(x), gelu(x))
cheaper = x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
print("GPT-2's formula with tanh differs by at most", f"{(cheaper - my_gelu(x)).abs().max().item():.5f}")

# %%
# The trap: units that died
# -------------------------
#
# A ReLU whose input is below 0 for every example passes no gradient, so nothing can bring it back. One step that was too
# long, a bias that was thrown far below zero, and the unit is gone for good.


def dead(rate: float) -> float:
    """The share of units that are 0 for every example, after a hundred steps at this rate."""
    torch.manual_seed(0)
    hidden, output = Linear(in_features=2, out_features=200), Linear(in_features=200, out_features=1)
    for _ in range(100):
        loss = (output(ReLU()(hidden(points)))[:, 0] - 3 * inside).square().mean()
        gradients = torch.autograd.grad(loss, [*hidden.parameters(), *output.parameters()])
        with torch.no_grad():
            for parameter, gradient in zip([*hidden.parameters(), *output.parameters()], gradients):
                parameter -= rate * gradient.clamp(-10, 10)
    return (ReLU()(hidden(points)) == 0).all(0).float().mean().item()


for rate in (0.01, 0.3, 1.0):
    print(f"rate {rate}: {dead(rate):.0%} of the units are dead")
assert dead(1.0) > dead(0.01)

# %%
# A leak (LeakyReLU), a round bend (GELU, SiLU), a norm before it, or a smaller rate: each keeps them alive.
#
# Three things to try
# -------------------
#
# 1. ``x * x`` as an activation: does the ring work? Does a network of ten such layers train?
# 2. What does the picture of the ring look like with 4 units in place of 24? Count the straight pieces.
# 3. Where is SiLU's slope larger than 1, and where below 0? Is the same true of GELU?
#
# Then write a ReLU with a round bend that overflows nowhere: ``groundup learn start activations``.
