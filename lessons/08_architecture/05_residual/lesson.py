"""
Residual paths: depth that does not hurt
========================================

A network of 56 layers did worse than one of 20, on the very pictures that it was trained on. It could have done as well:
let 36 layers pass on what they get. Why did it not, and what single plus sign mended it?
"""

# %%
# A layer does not easily learn to do nothing. So make nothing the default: let it compute a **change**, and add that to
# what came in (He et al. 2015, https://arxiv.org/abs/1512.03385, section 3.1).
#
# .. code-block:: text
#
#     plain      x = f(x)
#     residual   x = x + f(x)

import math

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module, ModuleList

from groundup.data.images import digits
from groundup.layers.linear import Linear
from groundup.layers.normalization import LayerNorm
from groundup.losses.classification import CrossEntropyLoss
from groundup.models.classification.resnet import BasicBlock
from groundup.optim.adam import AdamW


class Deep(Module):
    """Many small layers, plain or residual, with the norm before or after them or nowhere."""

    def __init__(self, depth: int, residual: bool, norm: str = "none", width: int = 32):
        super().__init__()
        self.residual, self.norm = residual, norm
        self.inner, self.outer = Linear(in_features=64, out_features=width), Linear(in_features=width, out_features=10)
        self.layers = ModuleList(Linear(in_features=width, out_features=width) for _ in range(depth))
        self.norms = ModuleList(LayerNorm(normalized_shape=width) for _ in range(depth if norm != "none" else 0))

    def forward(self, x: Tensor) -> Tensor:
        x = self.inner(x)
        for number, layer in enumerate(self.layers):
            before = self.norms[number](x) if self.norm == "before" else x
            x = x + torch.relu(layer(before)) if self.residual else torch.relu(layer(before))
            x = self.norms[number](x) if self.norm == "after" else x
        return self.outer(x)


train = digits(split="train")
images, labels = train.columns["image"].float().flatten(1) / 255, train.columns["label"]


def fit(model: Deep, steps: int = 150) -> list[float]:
    optimizer, losses, generator = AdamW(model.parameters(), lr=2e-3), [], torch.Generator().manual_seed(0)
    for _ in range(steps):
        rows = torch.randint(len(labels), (64,), generator=generator)
        loss = CrossEntropyLoss()(model(images[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


figure, axes = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained", sharey=True)
ends = {}
for axis, residual in zip(axes, (False, True)):
    for depth in (2, 10, 40):
        torch.manual_seed(0)
        curve = torch.tensor(fit(Deep(depth, residual, "before" if residual else "none"))).unfold(0, 10, 2).mean(1)
        axis.plot(curve, label=f"{depth} layers")
        ends[residual, depth] = curve[-1].item()
    axis.set_title("with residual paths" if residual else "plain")
    axis.legend()
axes[0].set_ylabel("loss")
plt.show()
assert ends[False, 40] > 2 and ends[True, 40] < 1

# %%
# What the plus does for the gradient
# -----------------------------------
#
# Behind a sum the gradient goes to both parts undiminished. Through a plain network it is multiplied by each layer's
# slopes; along the residual path it arrives as it left, whatever the layers do.


def arriving(model: Deep) -> list[float]:
    """The length of the gradient at the output of each layer."""
    found, handles = [], []
    for layer in model.layers:
        handles.append(layer.register_full_backward_hook(lambda module, given, came: found.insert(0, came[0].norm().item())))
    CrossEntropyLoss()(model(images[:64]), labels[:64]).backward()
    for handle in handles:
        handle.remove()
    return found


plt.figure(figsize=(7, 3), layout="constrained")
for name, model in (("plain", Deep(40, False)), ("residual, norm before", Deep(40, True, "before"))):
    plt.semilogy([max(value, 1e-30) for value in arriving(model)], label=name)
plt.xlabel("layer")
plt.ylabel("gradient")
plt.legend()
plt.show()

# %%
# A residual network is a sum of many shorter ones: open the brackets of (1 + f)(1 + g), and there is a way that skips both.
# Leave one layer out after training, and the answer hardly changes.

torch.manual_seed(0)
model = Deep(12, True, "before")
fit(model, 200)
with torch.no_grad():
    whole = (model(images).argmax(1) == labels).float().mean().item()
    kept = model.layers[6].weight.clone(), model.layers[6].bias.clone()
    for parameter in model.layers[6].parameters():
        parameter.zero_()
    without = (model(images).argmax(1) == labels).float().mean().item()
print(f"right with all twelve layers {whole:.1%}, without the seventh {without:.1%}")

# %%
# Shapes must fit for a sum. Where a stage halves the picture and widens it, the path gets a convolution of single pixels,
# as in ResNet's block here:

block = BasicBlock(in_channels=8, channels=16, stride=2)
print("ResNet's block:", tuple(block(torch.randn(1, 8, 12, 12)).shape), "with a projection:", block.shortcut is not None)

# %%
# The trap: the path that is not clear
# ------------------------------------
#
# Put anything **on** the path (a norm, a ReLU, a dropout behind the sum), and it is no longer a path but one more layer.
# The first Transformer had its norms behind the sums; deep ones need a slow start to train at all. With the norm before
# each layer, the stream itself is never touched (Xiong et al. 2020, https://arxiv.org/abs/2002.04745).

for norm in ("before", "after"):
    torch.manual_seed(0)
    lengths = arriving(Deep(40, True, norm))
    print(f"norm {norm:6}: gradient at the first layer is {lengths[0] / lengths[-1]:.3g} of that at the last")

# %%
# A clear path has a price: what is added is never taken away, and the stream grows with depth, as the root of it when the
# changes are independent. So deep models end in one more norm, or begin their changes small.

stream, spreads = torch.randn(256, 32), []
for layer in Deep(60, True).layers:
    stream = stream + torch.relu(stream / stream.std() @ layer.weight.T * math.sqrt(6))
    spreads.append(stream.std().item())
print("spread of the stream after 1, 15, 60 layers:", [round(spreads[n], 2) for n in (0, 14, 59)])

# %%
# Three things to try
# -------------------
#
# 1. Begin each change at zero (its last weights at 0). How does the first loss depend on the depth then?
# 2. ``x = 0.5 * x + f(x)``: how much of the gradient is left after 40 layers?
# 3. Drop whole layers at random in training (stochastic depth). Which networks can bear it?
#
# Then write a residual path with everything: ``groundup learn start residual``.
