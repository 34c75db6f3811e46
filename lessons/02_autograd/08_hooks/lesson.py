"""
Hooks: looking in while it runs
===============================

A deep network answers NaN. Somewhere in its forty layers a number overflowed, or a gradient died on the way back. How does one
look at what passes between the layers, without writing a line into any of them?
"""

# %%
# With a **hook**: a function of yours that PyTorch calls as things pass. There are two kinds. A hook on a **tensor** sees the
# gradient that arrives there on the way back. A hook on a **module** sees what goes in and what comes out on the way forward.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.activation import ReLU, Sigmoid
from groundup.layers.linear import Linear

x = torch.tensor([1.0, -2.0], requires_grad=True)
y = x * 3
y.register_hook(lambda gradient: print("passing y on the way back:", gradient.tolist()))
(y**2).sum().backward()
print("arrived at x:              ", x.grad.tolist())

# %%
# A tensor's hook may return another gradient, which then travels on in its place. Here all that comes through is halved:

x.grad = None
y = x * 3
handle = y.register_hook(lambda gradient: gradient / 2)
(y**2).sum().backward()
print("halved on its way:         ", x.grad.tolist())

# %%
# A module's forward hook is called as ``hook(module, inputs, output)`` after each call. That is all one needs to list what
# passes through a network.


def deep(activation: type[Module], depth: int = 12, width: int = 64) -> Sequential:
    """A stack of linear layers, each with an activation behind it."""
    torch.manual_seed(0)
    layers = []
    for _ in range(depth):
        layers += [Linear(in_features=width, out_features=width), activation()]
    return Sequential(*layers)


def spreads(model: Sequential, inputs: Tensor) -> tuple[list[float], list[float]]:
    """How widely the outputs of the linear layers spread on the way forward, and their gradients on the way back."""
    forward, backward, handles = [], [], []

    def watch(module: Module, given: tuple, output: Tensor) -> None:
        forward.append(output.std().item())
        output.register_hook(lambda gradient: backward.insert(0, gradient.std().item()))

    for layer in model:
        if isinstance(layer, Linear):
            handles.append(layer.register_forward_hook(watch))
    model(inputs).square().sum().backward()
    for handle in handles:
        handle.remove()
    return forward, backward


inputs = torch.randn(256, 64, generator=torch.Generator().manual_seed(1))
figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for activation in (Sigmoid, ReLU):
    for axis, values, title in zip(axes, spreads(deep(activation), inputs), ("forward: outputs", "backward: their gradients")):
        axis.semilogy(values, "o-", label=activation.__name__)
        axis.set_title(title)
        axis.set_xlabel("layer")
for axis in axes:
    axis.legend()
plt.show()

# %%
# One glance tells what no error message would: with sigmoids the gradient loses a factor of about ten at each layer, and what
# arrives at the first is noise. This is the vanishing gradient, and it kept networks shallow for twenty years.
#
# ``groundup diff`` is made of such hooks: it watches two networks side by side, and names the first layer that parts.
#
# Forward hooks can change things, too
# ------------------------------------
#
# What a forward hook returns takes the place of the output. So a part of a trained network can be switched off for a moment,
# to see what it was good for.

model = deep(ReLU)
whole = model(inputs)
handle = model[10].register_forward_hook(lambda module, given, output: output * 0)
without = model(inputs)
handle.remove()
print("the answer moves by", round((whole - without).abs().mean().item(), 4), "without layer 10")
assert torch.equal(model(inputs), whole)  # removed, and all is as before

# %%
# The trap: a hook that stays
# ---------------------------
#
# A hook stays until it is removed, through every call, also in the next cell and in training. One that keeps outputs keeps
# their graphs, and with them the memory of every step.

kept: list[Tensor] = []
handle = model[0].register_forward_hook(lambda module, given, output: kept.append(output))
for _ in range(3):
    model(inputs)
print(len(kept), "outputs are held, each with its graph:", kept[0].grad_fn is not None)
handle.remove()
model(inputs)
assert len(kept) == 3

# %%
# Hence: ``handle = ...register...``, then ``try`` and ``finally: handle.remove()``; and keep ``output.detach()``.
#
# Three things to try
# -------------------
#
# 1. Find the first layer whose output is not finite in a network into which you planted ``layer.weight[0, 0] =
#    float("inf")``.
# 2. Clip every gradient that passes a tensor to the range -1 to 1 by a hook. Does the loss still fall?
# 3. ``register_forward_pre_hook`` sees the inputs before the call. Use it to add noise to what one layer is given.
#
# Then write a recorder that cleans up behind itself: ``groundup learn start hooks``.
