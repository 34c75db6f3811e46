"""
A loss on a network
===================

The network answers, the loss says how wrong it is. Who, then, computes the gradients? Many programs say ``loss.backward()``,
and the network's parameters change afterwards. How do the gradients get there, and what can be read from them before a single
step is taken?
"""

# %%
# The loss is the last step of one long formula, which begins with the pictures and the weights. ``backward`` belongs to the
# loss, because the walk starts there; the network is what lies behind it. It leaves a gradient on every parameter that it
# meets.

import math

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module

from groundup.data.images import digits
from groundup.layers.convolution import Conv2d
from groundup.layers.linear import Linear
from groundup.layers.pooling import MaxPool2d
from groundup.losses.classification import CrossEntropyLoss
from groundup.ops.activation import relu

train = digits(split="train")


class Reader(Module):
    """A small network for digits of 8 x 8."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = (Conv2d(in_channels=i, out_channels=16, kernel_size=3, padding=1) for i in (1, 16))
        self.pool = MaxPool2d(kernel_size=2)
        self.output = Linear(in_features=16 * 4, out_features=10)

    def forward(self, images: Tensor) -> Tensor:
        x = self.pool(relu(self.conv1(images)))  # (batch, 16, 4, 4)
        x = self.pool(relu(self.conv2(x)))  # (batch, 16, 2, 2)
        return self.output(x.flatten(1))


torch.manual_seed(0)
model, loss_of = Reader(), CrossEntropyLoss()
images, labels = train.columns["image"][:64].float() / 255, train.columns["label"][:64]

print("before:", {name: parameter.grad for name, parameter in list(model.named_parameters())[:2]})
loss = loss_of(model(images), labels)
loss.backward()
print("after: ", {name: round(parameter.grad.norm().item(), 4) for name, parameter in model.named_parameters()})

# %%
# What to look at before training
# -------------------------------
#
# **The first loss.** A network that knows nothing is at log 10 = 2.303. Far above: its first scores are too large. Far below:
# something leaks.

print(f"first loss {loss.item():.3f}, log 10 = {math.log(10):.3f}")
assert abs(loss.item() - math.log(10)) < 0.3

# %%
# **Every parameter has a gradient.** ``None`` means that it took no part: a layer that was made and never used, or a road
# that was cut.

assert all(parameter.grad is not None for parameter in model.parameters())

# %%
# **No example leaks into another.** The loss of picture 0 must not depend on picture 1. Ask for its gradient:

marked = images[:4].clone().requires_grad_()
loss_of(model(marked)[:1], labels[:1]).backward()
reached = marked.grad.flatten(1).abs().sum(1)
print("the loss of picture 0 depends on picture 0, 1, 2, 3:", (reached > 0).tolist())
assert (reached[1:] == 0).all()

# %%
# **One batch can be learnt by heart.** A network that cannot even do that will learn nothing from more data; there is a fault
# somewhere.

losses = []
for _ in range(200):
    loss = loss_of(model(images), labels)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.2 * parameter.grad
    losses.append(loss.item())
plt.figure(figsize=(6.5, 3.2), layout="constrained")
plt.semilogy(losses)
plt.axhline(math.log(10), color="gray", linestyle="--")
plt.text(120, 2.6, "knows nothing", color="gray")
plt.xlabel("step")
plt.ylabel("loss of one batch")
plt.show()
assert losses[-1] < 0.1

# %%
# ``groundup check RECIPE`` does these four, and a few more, for any recipe, before an hour is spent on it.
#
# The trap: the loss of what was not meant
# ----------------------------------------
#
# A loss takes what it is given. Scores of shape (64, 10) and labels (64): good. If the network forgets to flatten, or the
# labels have a dimension too many, some losses broadcast and give a number all the same. And a loss on ``argmax`` cannot be
# learnt from: which is largest has no slope.

said = model(images).argmax(1).float()
print("the loss on argmax has a road back:", said.requires_grad)
assert not said.requires_grad

# %%
# And the opposite mistake: ``loss.item()`` before ``backward``. It gives a plain number, and numbers have no backward.

try:
    loss_of(model(images), labels).item().backward()
except AttributeError as refusal:
    print("refused:", refusal)

# %%
# Three things to try
# -------------------
#
# 1. Multiply the output layer's weights by 100 before the first loss. Where does it begin, and where does the training go?
# 2. Put a batch norm behind the first convolution, in training mode. Does the test for leaks still hold? Should it?
# 3. Give all 64 pictures the same label. What does the network learn by heart, and which parameter alone could do it?
#
# The next lesson hands the step to an optimiser.
