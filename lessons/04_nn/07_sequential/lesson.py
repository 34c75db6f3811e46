"""
Sequential: a network as a list
===============================

Most networks are a row of layers, each fed with what the one before gives. To write them down one would need no forward pass at
all. What is gained by a ``Sequential``, and when is it the wrong thing?
"""

# %%
# The network of many beginners' courses for CIFAR-10: three convolutions, each with a pooling behind it, then two linear
# layers. First as a class with a name for everything:

import tempfile
import warnings
from collections import OrderedDict

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module, Sequential
from torch.utils.tensorboard import SummaryWriter

from groundup.layers.convolution import Conv2d
from groundup.layers.linear import Linear
from groundup.layers.pooling import MaxPool2d


def convolution(i: int, o: int) -> Conv2d:
    return Conv2d(in_channels=i, out_channels=o, kernel_size=5, padding=2)


class Flatten(Module):
    """Everything but the batch in one row."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)


class Named(Module):
    """Each layer by name, and a forward pass that says it all once more."""

    def __init__(self):
        super().__init__()
        self.conv1, self.pool1 = convolution(3, 32), MaxPool2d(kernel_size=2)
        self.conv2, self.pool2 = convolution(32, 32), MaxPool2d(kernel_size=2)
        self.conv3, self.pool3 = convolution(32, 64), MaxPool2d(kernel_size=2)
        self.flatten = Flatten()
        self.linear1 = Linear(in_features=64 * 4 * 4, out_features=64)
        self.linear2 = Linear(in_features=64, out_features=10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(self.conv1(x))
        x = self.pool2(self.conv2(x))
        x = self.pool3(self.conv3(x))
        return self.linear2(self.linear1(self.flatten(x)))


def layers() -> list[Module]:
    return [convolution(3, 32), MaxPool2d(kernel_size=2), convolution(32, 32), MaxPool2d(kernel_size=2),
            convolution(32, 64), MaxPool2d(kernel_size=2), Flatten(),
            Linear(in_features=64 * 4 * 4, out_features=64), Linear(in_features=64, out_features=10)]  # fmt: skip


# %%
# The same as a list. A ``Sequential`` is a Module that calls its parts in turn, and that is all of it:


class Row(Module):
    """One layer after another."""

    def __init__(self, *parts: Module):
        super().__init__()
        for number, part in enumerate(parts):
            self.add_module(str(number), part)

    def forward(self, x: Tensor) -> Tensor:
        for part in self.children():
            x = part(x)
        return x


named, row, sequential = Named(), Row(*layers()), Sequential(*layers())
images = torch.rand(4, 3, 32, 32)
weights = list(named.state_dict().values())
for model in (row, sequential):
    model.load_state_dict(dict(zip(model.state_dict(), weights)))
    assert torch.equal(model(images), named(images))
print("three times the same:", tuple(sequential(images).shape))

# %%
# Its parts are numbered, and can be counted, indexed and sliced: a slice is again a Sequential, of the same layers. So the
# size behind each part is one loop, with no guessing.

sizes, x = [], images[:1]
for number, part in enumerate(sequential):
    x = part(x)
    sizes.append(x[0].numel())
    print(f"{number}  {type(part).__name__:10} -> {tuple(x.shape[1:])}")
body, head = sequential[:7], sequential[7:]
assert torch.equal(head(body(images)), sequential(images))

plt.figure(figsize=(8, 3.2), layout="constrained")
plt.bar([f"{n} {type(part).__name__}" for n, part in enumerate(sequential)], sizes, color="tab:blue")
plt.yscale("log")
plt.ylabel("numbers for one picture")
plt.xticks(rotation=30, ha="right")
plt.show()

# %%
# Numbers make poor names: insert a layer, and all behind it are called otherwise, so that saved weights no longer fit. An
# ``OrderedDict`` gives names.

with_names = Sequential(OrderedDict(features=body, classifier=head))
print(list(with_names.state_dict())[:2], "...", list(with_names.state_dict())[-1])

# %%
# Its graph for TensorBoard, from one run on an example:

with SummaryWriter(tempfile.mkdtemp()) as writer, warnings.catch_warnings():
    warnings.simplefilter("ignore")
    writer.add_graph(sequential, images)

# %%
# Where it ends
# -------------
#
# A Sequential has one way in, one way out, and no forks. A residual block (x + f(x)), two inputs, a layer that is used twice
# with something between: that needs a forward pass. One writes it for the block, and puts blocks into a Sequential.


class Residual(Module):
    """x + what the parts make of it."""

    def __init__(self, *parts: Module):
        super().__init__()
        self.change = Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.change(x)


deep = Sequential(convolution(3, 8), *(Residual(convolution(8, 8)) for _ in range(3)), MaxPool2d(kernel_size=4), Flatten())
print("a row of forks:", tuple(deep(images).shape))

# %%
# The trap: one layer put in three times
# --------------------------------------
#
# ``[layer] * 3`` is a list of the same layer three times: one set of weights, not three. It runs, it trains, and it is
# another network than the one that was meant.

layer = convolution(8, 8)
shared, separate = Sequential(*[layer] * 3), Sequential(*(convolution(8, 8) for _ in range(3)))
print("numbers learnt:", sum(p.numel() for p in shared.parameters()), "instead of", sum(p.numel() for p in separate.parameters()))
assert 3 * sum(p.numel() for p in shared.parameters()) == sum(p.numel() for p in separate.parameters())

# %%
# Three things to try
# -------------------
#
# 1. There is no bend between the two linear layers of this network, nor between its convolutions. Which of the poolings bend?
# 2. Replace ``sequential[8]`` by a layer of 100 outputs. What happens to an optimiser that was made before?
# 3. Write a Sequential that keeps what each part gave, in a dict by name.
#
# Then write one that knows names, numbers and slices: ``groundup learn start sequential``.
