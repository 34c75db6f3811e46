"""
A trained network, changed: VGG-16
==================================

Somebody trained VGG-16 on a million photographs for weeks, and gives the weights away. It knows a thousand classes; ours are
two. How does one open a finished network, put a layer in, take another out, and keep what it has learnt?
"""

# %%
# First the network. Its weights are 528 MB; where torchvision has them on this machine they are used, otherwise a narrow
# VGG-16 of the same build, which this lesson trains itself in a few seconds: on the **colours** of drawn things.

from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module

from groundup.data.shapes_world import shapes_world_labels
from groundup.layers.linear import Linear
from groundup.losses.classification import CrossEntropyLoss
from groundup.models.classification.vgg import VGG, vgg16, vgg16_bn
from groundup.optim.adam import AdamW
from groundup.weights.bridge import import_state
from groundup.weights.foreign import read_weights


def pictures(target: str, split: str = "train", count: int = 768) -> tuple[Tensor, Tensor]:
    batch = shapes_world_labels(split=split, target=target, size=32, count=count).batch(torch.arange(count))
    return batch["image"].float() / 255 - 0.5, batch["label"]


def train(model: Module, images: Tensor, labels: Tensor, epochs: int, rate: float = 4e-3) -> list[float]:
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer, losses, generator = AdamW(learning, lr=rate), [], torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for rows in torch.randperm(len(labels), generator=generator).split(64):
            loss = CrossEntropyLoss()(model(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


@torch.no_grad()
def score(model: Module, images: Tensor, labels: Tensor) -> float:
    model.eval()
    right = (model(images).argmax(1) == labels).float().mean().item()
    model.train()
    return right


found = sorted((Path(torch.hub.get_dir()) / "checkpoints").glob("vgg16-*.pth"))
torch.manual_seed(0)
if found:
    print("weights: torchvision's VGG-16")
    official = vgg16()
    official.load_state_dict(import_state("vgg16", read_weights(found[0]).state))
    print("it has", f"{sum(p.numel() for p in official.parameters()):,}", "weights and", official.head.weight.shape[0], "classes")
else:
    print("weights: VGG-16's are not on this machine; a narrow one of the same build, trained on colours, takes their place")

model = vgg16_bn(num_classes=8, image_size=32, width=8, hidden_dim=64, dropout=0.1)
colours, colour_labels = pictures("colour")
train(model, colours, colour_labels, epochs=12)
print(f"the narrow one names {score(model, *pictures('colour', 'test', 400)):.0%} of the colours of new pictures")

# %%
# Open it: it is modules in modules, and printing or walking shows them.

for name, child in model.named_children():
    print(f"{name:7} {type(child).__name__:11} {sum(parameter.numel() for parameter in child.parameters()):7,} weights")
print("at the end of hidden:", model.hidden[-1], " the head:", tuple(model.head.weight.shape))

# %%
# Put a layer in
# --------------
#
# ``add_module`` gives a part a name inside another. In a ``Sequential`` it is called after the rest; so the eight answers may
# become two by a layer behind the head. It works, and it is seldom what one wants: the two are made of eight colours, and all
# that the network knows beyond colours is lost at the narrow place.

longer = torch.nn.Sequential()
longer.add_module("colours", model)
longer.add_module("two", Linear(in_features=8, out_features=2))
print("a layer behind it:", tuple(longer(colours[:4]).shape))

# %%
# Take a layer out
# ----------------
#
# Better: replace the head. What stands before it gives 64 numbers about the picture; a new layer reads the new classes off
# them. An assignment is enough, since ``Module`` notices it.

shapes = shapes_world_labels(split="train", size=32).labels


def with_new_head(model: VGG, classes: int) -> VGG:
    model.head = Linear(in_features=model.head.weight.shape[1], out_features=classes)
    return model


def a_copy() -> VGG:
    other = vgg16_bn(num_classes=8, image_size=32, width=8, hidden_dim=64, dropout=0.1)
    other.load_state_dict(model.state_dict())
    return other


# %%
# Freeze the rest
# ---------------
#
# With few pictures of one's own, let only the head learn: the body is frozen, and goes into evaluation mode, so that its
# batch norms keep what they measured. Then compare three ways to learn a new task, **shapes**, from 128 pictures.


def frozen_body(model: VGG) -> VGG:
    for parameter in model.body.parameters():
        parameter.requires_grad_(False)
    return model


few, few_labels = pictures("shape", count=128)
new, new_labels = pictures("shape", "test", 400)
ways = {
    "from nothing": lambda: vgg16_bn(num_classes=8, image_size=32, width=8, hidden_dim=64, dropout=0.1),
    "head and hidden alone": lambda: frozen_body(with_new_head(a_copy(), len(shapes))),
    "all of it": lambda: with_new_head(a_copy(), len(shapes)),
}
results, curves = {}, {}
for name, make in ways.items():
    torch.manual_seed(1)
    network = make()
    curves[name] = train(network, few, few_labels, epochs=20, rate=2e-3)
    results[name] = score(network, new, new_labels)
    learning = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    print(f"{name:22} {learning:8,} weights learn, {results[name]:.0%} of new pictures right")

plt.figure(figsize=(7.5, 3.4), layout="constrained")
for name, curve in curves.items():
    plt.plot(torch.tensor(curve).unfold(0, 4, 1).mean(1), label=f"{name}: {results[name]:.0%}")
plt.axhline(torch.tensor(8.0).log(), color="gray", linestyle="--")
plt.legend()
plt.xlabel("step")
plt.ylabel("loss on 128 pictures")
plt.show()

# %%
# What a network that was trained on colours knows of shapes is little, as you see: features carry over as far as the tasks
# are related. A VGG that has seen a million photographs knows edges, textures, eyes and wheels, and there the same three
# lines differ by tens of percent.
#
# The trap: the order of things
# -----------------------------
#
# Replace the head **after** the optimiser was made, and the new head never learns (the optimiser holds the old one). Freeze
# after ``backward``, and the step is still taken. And a frozen body in training mode forgets all the same: its batch norms
# follow the new pictures.

network = frozen_body(with_new_head(a_copy(), 8))
before = network.body[1].running_mean.clone()
network.train()
network(few)
print("frozen, and its running mean moved by", round((network.body[1].running_mean - before).abs().max().item(), 4))
assert not torch.equal(before, network.body[1].running_mean)

# %%
# ``groundup train RECIPE --weights torchvision`` replaces a head of other classes by itself, and says so.
#
# Three things to try
# -------------------
#
# 1. Freeze the first three stages only, and let the later ones learn at a tenth of the head's rate. Is it better than either?
# 2. Put a Dropout between hidden and head. By what name does it appear in the state dict, and do old weights still load?
# 3. Use the 64 numbers before the head without any training: which training picture is nearest to a new one?
#
# Then write the surgery, so that nothing is forgotten: ``groundup learn start vgg16``.
