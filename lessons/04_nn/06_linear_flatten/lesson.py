"""
Linear and Flatten: where the map becomes a row
===============================================

The last convolution gives a map of 16 channels of 5 x 5. What is wanted are ten numbers, one for each digit. How does a map
become a row, what may be flattened and what must not, and what does a linear layer do with it?
"""

# %%
# ``Linear`` gives for each output a weighted sum of **all** inputs, and a bias: y = x Wᵀ + b. Its weights have the shape
# (outputs, inputs), one row for each output; that is why the formula has the transpose.

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.data.images import digits
from groundup.layers.linear import Linear
from groundup.losses.classification import CrossEntropyLoss
from groundup.optim.adam import AdamW

torch.manual_seed(0)
layer = Linear(in_features=4, out_features=3)
x = torch.randn(2, 4)
by_hand = torch.stack([torch.stack([(row * weights).sum() + b for weights, b in zip(layer.weight, layer.bias)]) for row in x])
torch.testing.assert_close(layer(x), by_hand)
torch.testing.assert_close(layer(x), x @ layer.weight.T + layer.bias)
print("weights", tuple(layer.weight.shape), ":", tuple(x.shape), "->", tuple(layer(x).shape))

# %%
# It works on the **last** dimension and leaves all others alone. A batch of sentences of vectors goes in as it is.

assert layer(torch.randn(2, 7, 4)).shape == (2, 7, 3)

# %%
# ``flatten`` joins neighbouring dimensions into one: nothing is computed, and where the numbers lie in order nothing is
# copied. From which dimension on (``start_dim``) is the whole question. The first one is the batch, and must stay.

maps = torch.arange(2 * 3 * 2 * 2).view(2, 3, 2, 2)
for start in (0, 1, 2):
    print(f"flatten({start}): {tuple(maps.shape)} -> {tuple(maps.flatten(start).shape)}")
assert torch.equal(maps.flatten(1)[1], maps[1].flatten())

# %%
# A classifier in one layer
# -------------------------
#
# Flatten a digit of 8 x 8 to 64 numbers; a linear layer gives ten scores. Each row of its weights has 64 numbers and can be
# laid out as a picture again: what the layer looks for.

train, test = digits(split="train"), digits(split="test")
inputs, labels = train.columns["image"].float().flatten(1) / 255, train.columns["label"]
reader = Linear(in_features=64, out_features=10)
optimizer = AdamW(reader.parameters(), lr=0.02)
for _ in range(200):
    loss = CrossEntropyLoss()(reader(inputs), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
said = reader(test.columns["image"].float().flatten(1) / 255).argmax(1)
print(f"{(said == test.columns['label']).float().mean():.1%} of the digits it has not seen are read right")

figure, axes = plt.subplots(2, 5, figsize=(8, 3.6), layout="constrained")
for digit, axis in enumerate(axes.flat):
    axis.imshow(reader.weight[digit].detach().view(8, 8), cmap="RdBu", vmin=-1.5, vmax=1.5)
    axis.set_title(f"looks for a {digit}")
    axis.set_axis_off()
plt.show()

# %%
# Blue where ink speaks for the digit, red where it speaks against it. The 0 wants no ink in its middle.
#
# The order of pixels does not matter to it
# -----------------------------------------
#
# A flattened picture has no neighbours any more. Shuffle the 64 pixels, the same way in every picture: a linear layer learns
# just as well. A convolution would not. That is what is lost at the flattening, and why it comes last.


def learnt(inputs: Tensor, steps: int = 60) -> float:
    torch.manual_seed(0)
    layer = Linear(in_features=64, out_features=10)
    optimizer = AdamW(layer.parameters(), lr=0.02)
    for _ in range(steps):
        loss = CrossEntropyLoss()(layer(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


order = torch.randperm(64)
print(f"loss after 60 steps: as they are {learnt(inputs):.3f}, all shuffled alike {learnt(inputs[:, order]):.3f}")

# %%
# The trap: the batch was flattened too
# -------------------------------------
#
# ``x.flatten()`` without a number begins at 0 and joins all pictures into one row. In a notebook one tries a batch of one,
# and with one picture it works; ``view(-1, features)`` with a wrong number of features even works with many, and mixes
# them.

images = train.columns["image"][:4].float()
print("flatten():", tuple(images.flatten().shape), "  flatten(1):", tuple(images.flatten(1).shape))
mixed = images.view(-1, 128)
print("view(-1, 128):", tuple(mixed.shape), "- two pictures in a row, and no error")
assert len(mixed) == 2

# %%
# ``flatten(1)`` says what is meant. ``reshape(len(x), -1)`` does too.
#
# Three things to try
# -------------------
#
# 1. How many weights has a linear layer from a photograph, 3 x 224 x 224, to 4096? VGG-16 has one of 512 x 7 x 7. How many is
#    that?
# 2. ``maps.transpose(0, 1).flatten(1)``: is something copied? Why?
# 3. Put two linear layers behind each other without a bend between. Does it read digits better than one?
#
# Then write flatten, for any dimensions: ``groundup learn start linear_flatten``.
