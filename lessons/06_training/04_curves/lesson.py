"""
Seeing a run: a bar, a curve, a dashboard
=========================================

A program that says nothing for an hour may be working, or not. A program that prints every step hides what matters among ten
thousand lines. What is worth showing while a network trains, and in which of three ways?
"""

# %%
# **A bar** (tqdm) says: it is alive, so far along, so much longer. It wraps whatever is looped over, and shows a few
# numbers at its end.

import io
import math
import tempfile
import time

import matplotlib.pyplot as plt
import torch
from torch.nn import Sequential
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from groundup.data.images import digits
from groundup.layers.activation import ReLU
from groundup.layers.linear import Linear
from groundup.losses.classification import CrossEntropyLoss
from groundup.optim.adam import AdamW

train, test = digits(split="train"), digits(split="test")
images, labels = train.columns["image"].float().flatten(1) / 255, train.columns["label"]
new, new_labels = test.columns["image"].float().flatten(1) / 255, test.columns["label"]
torch.manual_seed(0)
model = Sequential(Linear(in_features=64, out_features=64), ReLU(), Linear(in_features=64, out_features=10))
optimizer = AdamW(model.parameters(), lr=3e-3)
logs = tempfile.mkdtemp()


def bar(done: int, total: int, seconds: float, width: int = 30) -> str:
    """What a progress bar is: a share, drawn, and the time that is left if it goes on like this."""
    share = done / total
    left = seconds / max(share, 1e-9) * (1 - share)
    return f"{'#' * round(share * width):<{width}} {share:4.0%}, {left:.0f} s left"


print(bar(30, 120, 10.0))

# %%
# **A curve** (Matplotlib) is for the end, or for a page such as this. **A dashboard** (TensorBoard) is for looking in
# between, and for many runs side by side. Here all three at once. The bar writes to a text so that this page stays one
# page.

out, losses, smooth, scores = io.StringIO(), [], [], []
mean, epochs = 0.0, 8
with SummaryWriter(logs) as writer:
    steps = tqdm(range(epochs * (len(labels) // 64)), file=out, mininterval=0)
    for step in steps:
        rows = torch.randint(len(labels), (64,))
        loss = CrossEntropyLoss()(model(images[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        length = math.sqrt(sum(parameter.grad.square().sum().item() for parameter in model.parameters()))
        optimizer.step()
        losses.append(loss.item())
        mean = 0.95 * mean + 0.05 * losses[-1]
        smooth.append(mean / (1 - 0.95 ** (step + 1)))
        if step % 10 == 0:
            steps.set_postfix(loss=f"{smooth[-1]:.3f}")
            writer.add_scalar("loss", losses[-1], step)
            writer.add_scalar("gradient", length, step)
        if step % 22 == 21:
            with torch.no_grad():
                scores.append((step, (model(new).argmax(1) == new_labels).float().mean().item()))
            writer.add_scalar("right", scores[-1][1], step)
print(out.getvalue().replace("\r", "\n").strip().splitlines()[-1])

# %%
# What to draw
# ------------
#
# The loss of single batches is ragged; the running mean says where it goes. A logarithmic axis shows whether it still falls.
# The score on new data stands in a picture of its own, since it is another kind of number.

figure, axes = plt.subplots(1, 3, figsize=(12, 3.3), layout="constrained")
axes[0].plot(losses, alpha=0.3)
axes[0].plot(smooth)
axes[0].set_title("loss, straight axis")
axes[1].semilogy(losses, alpha=0.3)
axes[1].semilogy(smooth)
axes[1].set_title("the same, logarithmic")
axes[2].plot(*zip(*scores), "o-", color="tab:green")
axes[2].set_ylim(0.5, 1)
axes[2].set_title("right on new digits")
for axis in axes:
    axis.set_xlabel("step")
plt.show()

# %%
# How to read it
# --------------
#
# .. code-block:: text
#
#     falls, then bends into a flat line      as it should be
#     flat from the first step on             the rate is far too small, or no gradient arrives
#     falls, then leaps up, or NaN            the rate is too large: clip, warm up, or make it smaller
#     training falls, new data rises          learnt by heart: more data, augmentation, stop earlier
#     saw teeth, one an epoch                 the data comes in order: shuffle
#
# The trap: watching slows down what is watched
# ---------------------------------------------
#
# ``loss.item()`` waits for the device; a scalar written at each step is a line in a file; a bar that is redrawn ten thousand
# times a second does nothing else. None of it matters once, all of it matters at each step.


def seconds(log_every: int) -> float:
    start = time.perf_counter()
    with SummaryWriter(tempfile.mkdtemp()) as writer:
        for step in range(150):
            loss = model(images[:8]).sum()
            if step % log_every == 0:
                writer.add_scalar("loss", loss.item(), step)
                writer.add_histogram("weights", model[0].weight, step)
    return time.perf_counter() - start


each, seldom = seconds(1), seconds(50)
print(f"150 small steps, logged each time: {1e3 * each:.0f} ms; every fifty: {1e3 * seldom:.0f} ms")
assert each > seldom

# %%
# Three things to try
# -------------------
#
# 1. Draw the learning rate and the length of the gradient below the loss. When the loss leaps, which of the three moved
#    first?
# 2. Train with three seeds, draw the mean and a band of one deviation. Which differences between two ideas does one seed
#    show?
# 3. ``tqdm.write`` prints a line without breaking the bar. Why does ``print`` break it?
#
# Then write what stands at the end of a bar: ``groundup learn start curves``.
