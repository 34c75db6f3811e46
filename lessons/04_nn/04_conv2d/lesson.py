"""
Convolution: one small window for the whole picture
===================================================

A linear layer that reads a picture of 200 x 200 pixels has 40,000 weights for each thing that it looks for, and one that has
learnt an edge in the middle knows nothing of the same edge at the top. Can a layer look for one thing everywhere, with the
few weights that it takes to describe it once?
"""

# %%
# It can: by laying a small kernel of weights over the picture, multiplying each weight with the pixel below it, and summing.
# That gives one number. Then the kernel moves on by a pixel. The whole layer is those two loops.

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.ops.convolution import conv2d


def slide(picture: Tensor, kernel: Tensor) -> Tensor:
    """What a kernel finds in a picture: (height, width) and (rows, columns) -> one number for each place where it fits."""
    rows, columns = kernel.shape
    height, width = picture.shape[0] - rows + 1, picture.shape[1] - columns + 1
    found = torch.zeros(height, width)
    for y in range(height):
        for x in range(width):
            found[y, x] = (picture[y : y + rows, x : x + columns] * kernel).sum()
    return found


picture = torch.zeros(8, 8)
picture[2:6, 2:6] = 1.0  # a bright square
upright = torch.tensor([[-1.0, 0.0, 1.0]] * 3)  # dark at the left, bright at the right

ours = slide(picture, upright)
print(ours)

# %%
# The answer is large where the square begins, negative where it ends, and zero wherever nothing changes from left to right:
# the kernel is an upright edge, and its nine weights found it in every row.

figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for axis, image, title in zip(axes, (picture, upright, ours), ("the picture", "the kernel", "what it finds")):
    axis.imshow(image, cmap="RdBu", vmin=-3, vmax=3)
    axis.set_title(f"{title}, {image.shape[0]} x {image.shape[1]}")
    axis.set_xticks([])
    axis.set_yticks([])
plt.show()

# %%
# The package's ``conv2d`` takes many pictures of many channels and many kernels at once, so it wants four dimensions:
# (batch, channels, height, width), and (kernels, channels, rows, columns). For one of each it gives what our loops give.

theirs = conv2d(picture[None, None], upright[None, None])
assert torch.equal(theirs[0, 0], ours)
print("equal, and shaped", tuple(theirs.shape))

# %%
# Several channels, several kernels
# ---------------------------------
#
# A colour picture has three channels. A kernel then has three layers of weights, one for each, and the products of all three
# are summed into **one** number: a kernel is as deep as its picture, and gives one channel. Six kernels give six.

colours = torch.randn(1, 3, 8, 8)
kernels = torch.randn(6, 3, 3, 3)
one_by_one = torch.stack([sum(slide(colours[0, c], kernel[c]) for c in range(3)) for kernel in kernels])
torch.testing.assert_close(conv2d(colours, kernels)[0], one_by_one)
print("six kernels:", tuple(conv2d(colours, kernels).shape))

# %%
# Stride and padding
# ------------------
#
# The answer above is two pixels smaller than the picture, since a kernel of three pixels does not fit over the rim. Zeros
# laid around the picture (``padding``) make room; larger steps (``stride``) make the answer smaller. Along each side
#
# .. math:: \text{out} = \left\lfloor \frac{\text{size} + 2\,\text{padding} - \text{kernel}}{\text{stride}} \right\rfloor + 1
#
# which is no formula to learn by heart: it counts how many steps fit in.

for stride, padding in ((1, 0), (1, 1), (2, 0), (2, 1)):
    size = (8 + 2 * padding - 3) // stride + 1
    shape = conv2d(picture[None, None], upright[None, None], stride=stride, padding=padding).shape
    assert shape[-2:] == (size, size)
    print(f"stride {stride}, padding {padding}: 8 x 8 becomes {size} x {size}")

# %%
# A stride skips answers, it does not change them: with stride 2 we get every second number of every second row.

assert torch.equal(conv2d(picture[None, None], upright[None, None], stride=2)[0, 0], ours[::2, ::2])

# %%
# The trap: steps that do not fit
# -------------------------------
#
# Nine pixels, a kernel of two, steps of two: the last column lies under no kernel, and nothing says so. Whatever is drawn
# there, the network cannot see it.

row = torch.zeros(1, 1, 2, 9)
seen = conv2d(row, torch.ones(1, 1, 2, 2), stride=2)
row[..., -1] = 1000.0
blind = conv2d(row, torch.ones(1, 1, 2, 2), stride=2)
assert torch.equal(seen, blind)
print("a column of a thousand changed nothing:", blind.flatten().tolist())

figure, axis = plt.subplots(figsize=(6, 2), layout="constrained")
axis.imshow(row[0, 0].clamp(max=1), cmap="Reds", vmax=2)
for step in range(4):
    axis.add_patch(plt.Rectangle((2 * step - 0.45, -0.45), 1.9, 1.9, fill=False, edgecolor="tab:blue", linewidth=2))
axis.set_title("four steps of two; the ninth column belongs to none")
axis.set_axis_off()
plt.show()

# %%
# It is not an error, since networks meet odd sizes all the time: a pooling by 2 leaves out the last row of a map of 7. It
# matters where the rim does. Padding, or a picture of another size, brings the column back.
#
# Three things to try
# -------------------
#
# 1. Turn the kernel by a quarter (``upright.T``). Which sides of the square does it find now, and what do its corners give?
# 2. A kernel of nine times 1/9 is a blur. Apply it to the picture five times over: how far does one bright pixel reach?
# 3. ``dilation=2`` spreads the kernel's pixels by gaps of one. How large must a picture be for a kernel of 3 now?
#
# Then write it yourself, with batch, channels, stride and padding: ``groundup learn start conv2d``.
