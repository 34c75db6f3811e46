"""
A layer of your own
===================

A paper says: "let the network weigh its own channels" and gives half a page. No library has it on the day that it appears. How
does half a page become a layer that can stand in any network, and how does one make sure that it is what the page says?
"""

# %%
# The page is *Squeeze-and-Excitation* (Hu, Shen & Sun 2017, https://arxiv.org/abs/1709.01507, section 3). Not every channel
# of a map matters for this picture. Squeeze: average each channel to one number. Excite: two small linear layers make of
# these numbers a gate between 0 and 1 for each channel. Scale: multiply each channel by its gate.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.data.shapes_world import shapes_world_labels
from groundup.layers.convolution import Conv2d
from groundup.layers.linear import Linear
from groundup.layers.pooling import MaxPool2d
from groundup.losses.classification import CrossEntropyLoss
from groundup.ops.activation import relu, sigmoid
from groundup.optim.adam import AdamW


class Gate(Module):
    """A weight between 0 and 1 for each channel, computed from the picture itself.

    Shapes: (batch, channels, height, width) -> the same.
    """

    def __init__(self, channels: int, reduction: int = 4):
        super().__init__()
        self.squeeze = Linear(in_features=channels, out_features=channels // reduction)
        self.excite = Linear(in_features=channels // reduction, out_features=channels)

    def weights(self, x: Tensor) -> Tensor:
        means = x.mean((2, 3))  # (batch, channels)
        return sigmoid(self.excite(relu(self.squeeze(means))))  # (batch, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weights(x)[:, :, None, None]


# %%
# Three questions make sure of a layer before it is trained. **Shapes**: what goes in comes out. **A case that one can work
# out**: with weights of zero every gate is sigmoid(0), a half. **What must not matter**: the average does not know where
# things are, so the gates of a mirrored picture are the same.

torch.manual_seed(0)
gate, maps = Gate(8), torch.randn(2, 8, 5, 7)
assert gate(maps).shape == maps.shape
torch.testing.assert_close(gate.weights(maps.flip(3)), gate.weights(maps))
for parameter in gate.parameters():
    parameter.detach().zero_()
torch.testing.assert_close(gate(maps), maps / 2)
print("a layer that does what the page says, as far as one can see from outside")

# %%
# Where there is a peer, compare with it. Here the same formula in other words, by products of matrices, with the same
# weights:

gate = Gate(8)
by_matrices = torch.relu(maps.mean((2, 3)) @ gate.squeeze.weight.T + gate.squeeze.bias) @ gate.excite.weight.T + gate.excite.bias
torch.testing.assert_close(gate(maps), maps * torch.sigmoid(by_matrices).view(2, 8, 1, 1))

# %%
# Into a network
# --------------
#
# Colours of things on a textured ground: which of eight? The gates should learn to open for what matters.

world = shapes_world_labels(split="train", target="colour", size=32, count=512)
batch = world.batch(torch.arange(512))
images, labels = batch["image"].float() / 255 - 0.5, batch["label"]


class Network(Module):
    def __init__(self, middle: Module):
        super().__init__()
        self.body = Sequential(Conv2d(in_channels=3, out_channels=16, kernel_size=3, stride=2), middle, MaxPool2d(kernel_size=2))
        self.head = Linear(in_features=16, out_features=8)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(relu(self.body(x)).amax((2, 3)))


def train(model: Network, steps: int = 120) -> list[float]:
    optimizer, losses = AdamW(model.parameters(), lr=0.02), []
    for step in range(steps):
        rows = slice(step * 64 % 512, step * 64 % 512 + 64)
        loss = CrossEntropyLoss()(model(images[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


curves = {}
for name, middle in (("with gates", lambda: Gate(16)), ("without", lambda: Sequential())):
    torch.manual_seed(1)
    network = Network(middle())
    curves[name] = torch.tensor(train(network)).unfold(0, 8, 1).mean(1)
    if name == "with gates":
        gates = network.body[1].weights(network.body[0](images)).detach()

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for name, curve in curves.items():
    axes[0].plot(curve, label=name)
axes[0].legend()
axes[0].set_xlabel("step")
axes[0].set_ylabel("loss")
axes[1].imshow(torch.stack([gates[labels == colour].mean(0) for colour in range(8)]), cmap="viridis", vmin=0, vmax=1)
axes[1].set_yticks(range(8), world.labels)
axes[1].set_title("how far each of 16 channels is open, by colour")
plt.show()

# %%
# The trap: it runs, so it is right
# ---------------------------------
#
# A layer with a fault trains, too, only somewhat worse, and nobody knows what it would have reached. Here the gate is
# multiplied along the wrong dimension, which broadcasting lets pass whenever the width happens to equal the number of
# channels.

square = torch.randn(2, 8, 8, 8)
wrong = square * gate.weights(square)[:, None, None, :]
assert wrong.shape == square.shape and not torch.equal(wrong, gate(square))
try:
    maps * gate.weights(maps)[:, None, None, :]
except RuntimeError as refusal:
    print("with a width of 7 it is refused:", refusal)

# %%
# So test a layer with sizes that are all different. ``groundup``'s own tests do: batch 2, channels 8, height 5, width 7.
#
# Three things to try
# -------------------
#
# 1. Replace the mean by the largest number. Which of the three questions is answered otherwise?
# 2. Let the gate be one for all channels and another for each place. What is the layer then?
# 3. How many weights does a gate add to a convolution from 256 to 256 channels, in percent?
#
# Then write another half page: ``groundup learn start custom_layers``.
