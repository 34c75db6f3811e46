"""
Parameters: finding, counting, beginning
========================================

A network of fifty layers has a hundred tensors of weights. Training moves them all; sometimes one wants to see one, to count
them, to begin them otherwise. How are they reached by name, and why is it not the same whether they begin at 0, at random, or
at random of the right size?
"""

# %%
# Every parameter has a path, as a file has: the names of the modules on the way, with dots between.

import math

import matplotlib.pyplot as plt
import torch
from torch.nn import Module, Sequential

from groundup.layers.activation import ReLU, Tanh
from groundup.layers.initialization import kaiming_normal_
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm1d


def block(i: int, o: int) -> Sequential:
    return Sequential(Linear(in_features=i, out_features=o), BatchNorm1d(num_features=o), ReLU())


model = Sequential(block(64, 32), block(32, 32), Linear(in_features=32, out_features=10))
for name, parameter in model.named_parameters():
    print(f"{name:12} {tuple(parameter.shape)!s:10} {parameter.numel():5}")

# %%
# By path, by attribute, by index: the same tensor.

assert model.get_parameter("1.0.weight") is model[1][0].weight is dict(model.named_parameters())["1.0.weight"]
print("learnt:", sum(parameter.numel() for parameter in model.parameters()), "numbers;",
      "not learnt, but saved:", [name for name, _ in model.named_buffers()][:3], "...")  # fmt: skip

# %%
# ``modules()`` walks over everything, ``children()`` one level; with ``isinstance`` one picks out what one wants. That is
# how a network is begun otherwise, frozen in part, or counted.

print("linear layers:", [name for name, module in model.named_modules() if isinstance(module, Linear)])

# %%
# How large to begin
# ------------------
#
# A linear layer adds up n products. If inputs and weights have spread 1, the sum has spread √n: after ten layers of 256
# that is a factor of 16¹⁰. With weights of spread 1/√n it stays as it is. A ReLU throws half away, so behind one it must be
# √(2/n) (He et al. 2015, https://arxiv.org/abs/1502.01852, section 2.2).


def spreads(scale: float, activation: type[Module], depth: int = 20, width: int = 256) -> list[float]:
    """How widely the numbers spread behind each layer, with weights of spread scale / sqrt(width)."""
    torch.manual_seed(0)
    x, found = torch.randn(512, width), []
    for _ in range(depth):
        x = activation()(x @ (torch.randn(width, width) * scale / math.sqrt(width)))
        found.append(x.square().mean().sqrt().item())
    return found


figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for axis, activation in zip(axes, (ReLU, Tanh)):
    for scale, label in ((0.5, "0.5 / √n"), (1.0, "1 / √n"), (math.sqrt(2), "√2 / √n"), (2.0, "2 / √n")):
        axis.semilogy(spreads(scale, activation), label=label)
    axis.set_title(f"behind each layer, with {activation.__name__}")
    axis.set_xlabel("layer")
axes[0].legend()
plt.show()
assert 0.3 < spreads(math.sqrt(2), ReLU)[-1] < 3

# %%
# The package's initialisation draws just that:

weight = kaiming_normal_(torch.empty(300, 256))
print(f"spread of the weights {weight.std():.4f}, and √(2/256) = {math.sqrt(2 / 256):.4f}")
assert abs(weight.std() - math.sqrt(2 / 256)) < 0.002

# %%
# To begin a whole network, walk over its modules:


def begin(module: Module) -> None:
    """Linear layers as He et al. say, their biases at 0."""
    if isinstance(module, Linear):
        kaiming_normal_(module.weight)
        module.bias.detach().zero_()


model.apply(begin)
assert not model[2].bias.any()

# %%
# The trap: all alike
# -------------------
#
# Begin all weights at 0, or at any one number, and all units of a layer compute the same, get the same gradient and take the
# same step: they stay alike for ever. A layer of 32 units is then a layer of one. (Biases may begin at 0: the weights already
# tell the units apart.)

torch.manual_seed(0)
inputs, wanted = torch.randn(64, 8), torch.randn(64, 1)


def distinct(start: float | None) -> int:
    """How many different units a layer of 16 has after 50 steps."""
    hidden, output = Linear(in_features=8, out_features=16), Linear(in_features=16, out_features=1)
    if start is not None:
        for parameter in (*hidden.parameters(), *output.parameters()):
            parameter.detach().fill_(start)
    for _ in range(50):
        loss = (output(ReLU()(hidden(inputs))) - wanted).square().mean()
        parameters = [*hidden.parameters(), *output.parameters()]
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            parameter.detach().sub_(0.1 * gradient)
    return len({tuple(round(number, 4) for number in row) for row in hidden.weight.tolist()})


print("units that differ after training: begun at 0:", distinct(0.0), " at 0.1:", distinct(0.1), " at random:", distinct(None))
assert distinct(0.1) == 1

# %%
# Shared weights
# --------------
#
# One tensor may stand under two names: a language model's embedding is its output layer, too. It is one parameter, with one
# gradient, the sum of both uses, and is counted once. Copying "the other one" over it, or giving it to an optimiser twice,
# are the mistakes here.

shared = Sequential(Linear(in_features=4, out_features=4), Linear(in_features=4, out_features=4))
shared[1].weight = shared[0].weight
print("names:", [name for name, _ in shared.named_parameters()], "- in the state dict:", list(shared.state_dict()))

# %%
# Three things to try
# -------------------
#
# 1. A network of 20 layers with a batch norm behind each. Does it still matter how the weights begin?
# 2. Begin the last layer's weights at 0. What is the first loss, and can it learn? Why is that no contradiction?
# 3. Draw a histogram of a layer's weights before and after training. What does training change about it?
#
# Then write the table that every library prints: ``groundup learn start parameters``.
