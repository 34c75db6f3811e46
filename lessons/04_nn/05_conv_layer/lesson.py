"""
Conv2d on real pictures
=======================

``conv2d`` is a function; ``Conv2d`` is a layer that owns its kernels. What comes out when thirty-two colour pictures go through
one, how many numbers has it learnt when it is trained, and how much of the picture does a number deep in the network see?
"""

# %%
# A layer of six kernels of 3 x 3 for pictures of three channels. Its weights have the shape (6, 3, 3, 3): six kernels, each
# as deep as the picture. With a bias for each that is 6 · (3 · 3 · 3 + 1) = 168 numbers, whatever the picture's size.

import tempfile

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module, Sequential
from torch.utils.tensorboard import SummaryWriter

from groundup.layers.activation import ReLU
from groundup.layers.convolution import Conv2d
from groundup.layers.pooling import MaxPool2d
from groundup.learn.stand_in import ten_classes
from groundup.ops.convolution import conv2d

torch.manual_seed(0)
images = ten_classes("train").batch(torch.arange(32))["image"].float() / 255
layer = Conv2d(in_channels=3, out_channels=6, kernel_size=3)
maps = layer(images)
print("weights", tuple(layer.weight.shape), "bias", tuple(layer.bias.shape))
print(tuple(images.shape), "->", tuple(maps.shape))
assert sum(parameter.numel() for parameter in layer.parameters()) == 168
assert torch.equal(maps, conv2d(images, layer.weight, layer.bias))

# %%
# By hand the layer is a page long at most: two parameters, and the function.


class MyConv2d(Module):
    def __init__(self, in_channels: int, out_channels: int, kernel_size: int):
        super().__init__()
        bound = (in_channels * kernel_size**2) ** -0.5  # so that outputs are about as large as inputs
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = torch.nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.bias = torch.nn.Parameter(torch.empty(out_channels).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, self.weight, self.bias)


mine = MyConv2d(3, 6, 3)
mine.load_state_dict(layer.state_dict())
assert torch.equal(mine(images), maps)

# %%
# Into TensorBoard: the pictures as they are, and the six channels of each in grey (why not as colours, the lesson on grids
# tells).

low, high = maps.amin((0, 2, 3), keepdim=True), maps.amax((0, 2, 3), keepdim=True)
grey = ((maps - low) / (high - low)).flatten(0, 1).unsqueeze(1).detach()  # (32 * 6, 1, 30, 30)
with SummaryWriter(tempfile.mkdtemp()) as writer:
    writer.add_images("pictures", images, 0)
    writer.add_images("maps", grey, 0)

figure, axes = plt.subplots(3, 7, figsize=(10, 4.6), layout="constrained")
for number, row in enumerate(axes):
    row[0].imshow(images[number].permute(1, 2, 0))
    for axis, channel in zip(row[1:], grey.view(32, 6, 30, 30)[number]):
        axis.imshow(channel, cmap="gray")
    for axis in row:
        axis.set_axis_off()
plt.suptitle("a picture, and what six untrained kernels make of it")
plt.show()

# %%
# How far it sees
# ---------------
#
# A number behind one convolution of 3 x 3 depends on 3 x 3 pixels. Behind two, on 5 x 5. Behind a pooling by two, each step
# is two pixels wide. The **receptive field** is found without any formula: ask for the gradient of one number by the
# picture, and look where it is not zero.


def field(model: Module, size: int = 64) -> tuple[Tensor, int]:
    """Which pixels the number in the middle of the output depends on, and how many they are across."""
    picture = torch.rand(1, 3, size, size, requires_grad=True)
    output = model(picture)
    middle = output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum()
    (gradient,) = torch.autograd.grad(middle, picture)
    seen = gradient[0].abs().sum(0) > 0
    return seen, int(seen.any(0).sum())


def stack(depth: int, pooled: bool) -> Sequential:
    parts, channels = [], 3
    for _ in range(depth):
        parts += [Conv2d(in_channels=channels, out_channels=8, kernel_size=3, padding=1), ReLU()]
        parts += [MaxPool2d(kernel_size=2)] if pooled else []
        channels = 8
    return Sequential(*parts)


figure, axes = plt.subplots(2, 4, figsize=(9, 4.8), layout="constrained")
for row, pooled in zip(axes, (False, True)):
    for axis, depth in zip(row, (1, 2, 3, 4)):
        seen, across = field(stack(depth, pooled))
        axis.imshow(seen, cmap="Blues")
        axis.set_title(f"{depth} layers{', pooled' if pooled else ''}: {across}")
        axis.set_axis_off()
plt.show()

# %%
# Without pooling it grows by two pixels a layer: to see a whole photograph one would need a hundred. With pooling it doubles
# each time. (A pooling hides a part: of each window only the winner has a gradient, so that the fields below look torn.)
#
# The trap: sizes that are guessed
# --------------------------------
#
# The linear layer behind the last convolution must know how many numbers arrive. People compute it wrongly, or change a layer
# and forget it. Let the network say it: run one picture of zeros.

body = Sequential(stack(3, pooled=True))
features = body(torch.zeros(1, 3, 32, 32)).flatten(1).shape[1]
print("the next layer takes", features, "numbers")
assert features == 8 * 4 * 4

# %%
# Three things to try
# -------------------
#
# 1. How many multiplications does ``layer`` take for one picture? And a linear layer from 3 x 32 x 32 to 6 x 30 x 30 numbers?
# 2. Two convolutions of 3 x 3 see as much as one of 5 x 5. Which has more weights, and which can do more?
# 3. ``dilation=2`` in the second layer of a stack: how large is the field, and what do you see in it?
#
# Then write the bookkeeping, without running anything: ``groundup learn start conv_layer``.
