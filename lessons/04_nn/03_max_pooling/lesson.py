"""
Max-pooling: the strongest of its neighbours
============================================

A convolution found an edge at pixel (17, 42). For "is there an ear?" it does not matter whether it was 42 or 43. How does a
network give up the exact place and keep what was found, and what is this ``ceil_mode`` that two libraries disagree about?
"""

# %%
# Of each window the largest number is kept. Windows usually lie side by side (the stride is the window's size), so that a map
# of half the height and width remains.

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.ops.max_pooling import max_pool2d


def pool(picture: Tensor, size: int) -> Tensor:
    """The largest number of each window of size x size. Shapes: (height, width) -> (height // size, width // size)."""
    height, width = picture.shape[0] // size, picture.shape[1] // size
    pooled = torch.empty(height, width)
    for y in range(height):
        for x in range(width):
            pooled[y, x] = picture[y * size : (y + 1) * size, x * size : (x + 1) * size].max()
    return pooled


picture = torch.tensor(
    [
        [1.0, 2.0, 0.0, 3.0, 1.0],
        [0.0, 1.0, 2.0, 3.0, 1.0],
        [1.0, 2.0, 1.0, 0.0, 0.0],
        [5.0, 2.0, 3.0, 1.0, 1.0],
        [2.0, 1.0, 0.0, 1.0, 1.0],
    ]
)
print(pool(picture, 2))
assert torch.equal(max_pool2d(picture[None], 2)[0], pool(picture, 2))

# %%
# ``ceil_mode``: what to do with the rest
# ---------------------------------------
#
# Five pixels, windows of three: one window fits, two pixels are left. Rounding **down** (the default) leaves them out;
# rounding **up** (``ceil_mode=True``) makes a window that hangs over the end, and takes the largest of what is there.

for ceil_mode in (False, True):
    pooled = max_pool2d(picture[None], 3, ceil_mode=ceil_mode)[0]
    print(f"ceil_mode={ceil_mode!s:5} gives {tuple(pooled.shape)}:", pooled.tolist())

figure, axes = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
for axis, windows, title in zip(axes, (1, 2), ("rounded down: one window", "rounded up: four, three hang over")):
    axis.imshow(picture, cmap="Blues", extent=(0, 5, 5, 0))
    for y in range(windows):
        for x in range(windows):
            box = plt.Rectangle((3 * x + 0.06, 3 * y + 0.06), 2.88, 2.88, fill=False, edgecolor="tab:red", linewidth=2)
            axis.add_patch(box)
    for y, row in enumerate(picture.int().tolist()):
        for x, number in enumerate(row):
            axis.text(x + 0.5, y + 0.5, number, ha="center", va="center")
    axis.set_xlim(-0.1, 6.1)
    axis.set_ylim(6.1, -0.1)
    axis.set_title(title)
    axis.set_axis_off()
plt.show()

# %%
# GoogLeNet's published weights were trained with ``ceil_mode=True`` (its first framework rounded up): load them into a
# network that rounds down and every map behind the first pooling has another size. A window that would begin outside
# altogether is never made.
#
# What comes back
# ---------------
#
# On the way back the gradient goes to the number that won, and to no other; of two that are equal, the first. So a pooling
# passes on the gradient of a quarter of the map.

marked = picture.clone().requires_grad_()
max_pool2d(marked[None], 2).sum().backward()
print("the winners:", [tuple(place) for place in marked.grad.nonzero().tolist()])

# %%
# To give up the place a little is what it is for: move a picture by one pixel, and the pooled map changes much less than the
# picture.

spots = torch.zeros(16, 16)
spots[torch.tensor([2, 6, 6, 11]), torch.tensor([4, 8, 12, 2])] = 1.0
moved = spots.roll(1, 1)


def moved_by(size: int) -> float:
    before, after = (max_pool2d(image[None], size) if size > 1 else image[None] for image in (spots, moved))
    return ((before - after).abs().sum() / before.sum()).item()


for size in (1, 2, 4):
    print(f"pooled by {size}: the picture moved by a pixel differs by {moved_by(size):.0%}")
assert moved_by(4) < moved_by(1)

# %%
# The trap: why it wants floats, and what stands in the padding
# -------------------------------------------------------------
#
# A tensor written as ``torch.tensor([[1, 2], [3, 0]])`` holds whole numbers, and torch has no pooling for those: the message
# says ``not implemented for 'Long'``, of which beginners make nothing. It means: say ``.float()``, or write one number with a
# point.

try:
    torch.nn.functional.max_pool2d(picture[None].long(), 2)
except RuntimeError as refusal:
    print("torch:   ", refusal)
try:
    max_pool2d(picture[None].long(), 2)
except ValueError as refusal:
    print("groundup:", refusal)

# %%
# And padding: around a convolution's picture stand zeros; around a pooling's stands minus infinity, which never wins. With
# zeros, a rim of negative numbers would be pooled to 0.

negative = -torch.ones(1, 2, 2)
assert torch.equal(max_pool2d(negative, 2, padding=1), -torch.ones(1, 2, 2))
zeros = torch.nn.functional.pad(negative, (1, 1, 1, 1))
print("padded by zeros it would be", max_pool2d(zeros, 2).flatten().tolist(), "instead of all -1")

# %%
# Three things to try
# -------------------
#
# 1. A kernel of 3 with a stride of 2 overlaps. Compare it with 2 and 2 on the moved spots.
# 2. Pool a photograph by 2 again and again: by the largest, by the mean, by every second pixel. What remains of each?
# 3. Replace the pooling of LeNet by a convolution with a stride of 2. How many weights does it cost, and does it read digits
#    better?
#
# Then write it with stride, padding and ceil_mode: ``groundup learn start max_pooling``.
