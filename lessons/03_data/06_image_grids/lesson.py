"""
Many pictures at once, and pictures of more than three channels
===============================================================

A batch has 64 pictures; a convolution makes 32 channels of each. ``add_image`` shows one picture of three channels. How does
one look at all 64 at a glance, and at something that has 32 colours?
"""

# %%
# One lays them out in a grid, with a little room between. ``add_images`` (with an s) does that for a batch, ``add_image``
# does not: it takes one picture, and a grid is one picture.

import math
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from groundup.layers.convolution import Conv2d
from groundup.learn.stand_in import ten_classes

dataset = ten_classes("train")
batch = dataset.batch(torch.arange(32))
images = batch["image"].float() / 255  # (32, 3, 32, 32)


def grid(images: Tensor, columns: int, padding: int = 2) -> Tensor:
    """A batch as one picture, row by row. Shapes: (batch, channels, height, width) -> (channels, grid height, grid width)."""
    count, channels, height, width = images.shape
    rows = math.ceil(count / columns)
    whole = images.new_zeros(channels, rows * (height + padding) + padding, columns * (width + padding) + padding)
    for number, image in enumerate(images):
        top = padding + number // columns * (height + padding)
        left = padding + number % columns * (width + padding)
        whole[:, top : top + height, left : left + width] = image
    return whole


plt.figure(figsize=(8, 4), layout="constrained")
plt.imshow(grid(images, 8).permute(1, 2, 0))
plt.title(f"a batch of {len(images)}")
plt.axis("off")
plt.show()

# %%
# Without a loop it is one turn of dimensions: cut the batch into rows and columns, bring the height beside the rows and the
# width beside the columns, and join. (Here without room between; the exercise asks for it.)

rows = images.view(4, 8, 3, 32, 32)  # (rows, columns, channels, height, width)
joined = rows.permute(2, 0, 3, 1, 4).reshape(3, 4 * 32, 8 * 32)
assert torch.equal(joined, grid(images, 8, padding=0))

# %%
# Into TensorBoard, both ways:

logs = Path(tempfile.mkdtemp())
with SummaryWriter(logs) as writer:
    writer.add_image("grid", grid(images, 8), 0)
    writer.add_images("batch", images, 0)
    try:
        writer.add_image("wrong", images, 0)
    except (TypeError, AssertionError) as refusal:
        print("add_image of a batch is refused:", str(refusal)[:70])
print(EventAccumulator(str(logs)).Reload().Tags()["images"])

# %%
# More than three channels
# ------------------------
#
# What a convolution gives has as many channels as kernels. There is no colour for the seventh. People reshape (batch, 6,
# height, width) to (more, 3, height, width) to please the writer: it shows something, and it is no picture of anything.

torch.manual_seed(0)
convolution = Conv2d(in_channels=3, out_channels=6, kernel_size=5, padding=2)
with torch.no_grad():
    maps = convolution(images)  # (32, 6, 32, 32)
forced = maps.reshape(-1, 3, 32, 32)  # three unlike channels as red, green and blue
print("reshaped:", tuple(forced.shape), "- 64 pictures of 32, two for each, in colours that mean nothing")

# %%
# What one wants is each channel as a picture of its own, in grey: a row for each picture, a column for each channel. And its
# numbers are not from 0 to 1: stretch each channel from its least to its largest, the same for all pictures of that channel.


def channels_in_grey(maps: Tensor) -> Tensor:
    """Every channel as a picture. Shapes: (batch, channels, height, width) -> (batch * channels, 1, height, width), 0 to 1."""
    low, high = maps.amin((0, 2, 3), keepdim=True), maps.amax((0, 2, 3), keepdim=True)
    return ((maps - low) / (high - low).clamp(min=1e-12)).flatten(0, 1).unsqueeze(1)


shown = torch.cat([images[:4].mean(1, keepdim=True), channels_in_grey(maps[:4]).view(4, 6, 32, 32)], 1)
figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained", width_ratios=[1, 1.2])
axes[0].imshow(grid(forced[:8].clamp(0, 1), 4).permute(1, 2, 0))
axes[0].set_title("six channels forced into three")
axes[1].imshow(grid(shown.flatten(0, 1).unsqueeze(1), 7)[0], cmap="gray")
axes[1].set_title("the picture, and its six channels in grey")
for axis in axes:
    axis.set_axis_off()
plt.show()

# %%
# The trap: each picture stretched by itself
# ------------------------------------------
#
# Stretch every single map from its own least to its own largest, and a channel that found nothing looks as lively as one that
# found much: noise fills the whole range. Compare only what was stretched together.

quiet, loud = 0.01 * torch.randn(1, 1, 8, 8), torch.randn(1, 1, 8, 8)
both = torch.cat([quiet, loud])
alone = torch.cat([channels_in_grey(quiet), channels_in_grey(loud)])
together = channels_in_grey(both)
print(f"spread of the quiet map: stretched alone {alone[0].std():.2f}, together {together[0].std():.3f}")
assert alone[0].std() > 20 * together[0].std()

# %%
# Three things to try
# -------------------
#
# 1. Show the six kernels themselves, (6, 3, 5, 5): these do have three channels. What must be done to their negative numbers?
# 2. How does ``permute(2, 0, 3, 1, 4)`` come about? Write the five sizes down before and after.
# 3. Show the 32 channels of a deeper layer as colours by a principal component analysis to three channels.
#
# Then write the grid without a loop: ``groundup learn start image_grids``.
