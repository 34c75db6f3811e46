"""
Which norm?
===========

Batch norm, layer norm, instance norm, group norm, RMS norm: five names in five papers, all of which "bring numbers to mean
0 and spread 1". They differ in one question only. Which, and why do pictures take one and texts another?
"""

# %%
# The question is: mean and spread **of what**? A map is a block of numbers with three directions: examples, channels,
# places. Each norm cuts another piece out of it, and norms each piece by itself.

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.layers.instance_norm import InstanceNorm2d
from groundup.layers.normalization import BatchNorm2d, GroupNorm, LayerNorm, RMSNorm


def norm(x: Tensor, over: tuple[int, ...], eps: float = 1e-5) -> Tensor:
    """Mean 0 and spread 1, over these dimensions."""
    mean = x.mean(over, keepdim=True)
    return (x - mean) / (x.var(over, correction=0, keepdim=True) + eps).sqrt()


generator = torch.Generator().manual_seed(0)
maps = torch.randn(4, 6, 5, 5, generator=generator) * 3 + torch.arange(6.0).view(6, 1, 1)  # (batch, channels, height, width)
torch.testing.assert_close(BatchNorm2d(num_features=6)(maps), norm(maps, (0, 2, 3)))
torch.testing.assert_close(InstanceNorm2d(num_features=6)(maps), norm(maps, (2, 3)))
torch.testing.assert_close(
    GroupNorm(num_groups=2, num_channels=6)(maps), norm(maps.view(4, 2, 3, 5, 5), (2, 3, 4)).view(4, 6, 5, 5)
)
words = torch.randn(4, 7, 6, generator=generator)  # (batch, length, features)
torch.testing.assert_close(LayerNorm(normalized_shape=6)(words), norm(words, (2,)))
print("five names, one line of code")

# %%
# As a picture (after Wu & He 2018, https://arxiv.org/abs/1803.08494, figure 2): rows are examples, columns are channels,
# and what is of one colour is normed together.

pieces = {
    "batch norm": torch.arange(6).expand(4, 6),
    "instance norm": torch.arange(24).view(4, 6),
    "group norm (2)": torch.arange(8).view(4, 2).repeat_interleave(3, 1),
    "layer norm": torch.arange(4)[:, None].expand(4, 6),
}
figure, axes = plt.subplots(1, 4, figsize=(10, 2.6), layout="constrained")
for axis, (name, piece) in zip(axes, pieces.items()):
    shuffled = torch.randperm(24, generator=torch.Generator().manual_seed(3))
    axis.imshow(shuffled[piece], cmap="nipy_spectral", vmin=0, vmax=24)
    axis.set_title(name)
    axis.set_xlabel("channels")
    axis.set_xticks([])
    axis.set_yticks([])
axes[0].set_ylabel("examples")
plt.show()

# %%
# What each can and cannot
# ------------------------
#
# **Batch norm** looks at other examples. It needs a batch that is large and mixed, remembers averages for use, and in a
# text would mix words of different sentences at one place. **Layer norm** looks at one word alone: the same in training and
# in use, whatever the batch. **Group norm** is the way between, for pictures in batches of two. How much does an example's
# result depend on who else is in the batch?

alone, company = maps[:1], maps
for name, layer in {
    "batch norm": BatchNorm2d(num_features=6),
    "group norm": GroupNorm(num_groups=2, num_channels=6),
    "instance norm": InstanceNorm2d(num_features=6),
}.items():
    print(f"{name:14} the first example differs by {(layer(alone) - layer(company)[:1]).abs().max():.3f}")

# %%
# And with the size of the batch: how much do a batch's mean and spread jump?

sizes, jumps = [2, 4, 8, 16, 32, 64, 128], []
population = torch.randn(20_000, generator=generator)
for size in sizes:
    batches = population[torch.randint(20_000, (300, size), generator=generator)]
    jumps.append(batches.std(1, correction=0).std().item())
plt.figure(figsize=(6, 2.8), layout="constrained")
plt.loglog(sizes, jumps, "o-")
plt.xlabel("batch")
plt.ylabel("how much its spread jumps")
plt.show()

# %%
# Without the mean
# ----------------
#
# Is it the mean that helps, or the spread? **RMS norm** leaves the mean alone and divides by the root of the mean square:
# one pass less, one parameter less, and large language models train as well (Zhang & Sennrich 2019,
# https://arxiv.org/abs/1910.07467).


def rms_norm(x: Tensor, eps: float) -> Tensor:
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt()


torch.testing.assert_close(RMSNorm(normalized_shape=6, eps=1e-6)(words), rms_norm(words, 1e-6))
shifted, layer_norm = words + 10, LayerNorm(normalized_shape=6)
print(f"add 10 to every feature: layer norm changes by {(layer_norm(shifted) - layer_norm(words)).abs().max():.4f},")
print(f"                         RMS norm by {(rms_norm(shifted, 1e-6) - rms_norm(words, 1e-6)).abs().max():.2f}")

# %%
# What all of them share: multiply what comes in by any number, and the same comes out. So a layer with a norm behind it may
# have weights of any size; what counts is their direction, and weight decay acts on the length of steps only.

torch.testing.assert_close(norm(1000 * words, (2,)), norm(words, (2,)), rtol=1e-3, atol=1e-3)

# %%
# The trap: norming what carries the answer
# -----------------------------------------
#
# A norm takes away level and contrast. Where those **are** the answer, they are gone. Here one number is to be read off a
# row: how bright it is. Behind a layer norm nothing is left of it. (Instance norm does the same to a picture's style, which
# is what style transfer wants.)

brightness = torch.linspace(1, 5, 64)
rows = brightness[:, None] * torch.rand(1, 16, generator=generator)
seen, normed = rows, LayerNorm(normalized_shape=16)(rows)
for name, values in (("as it is", seen), ("layer norm", normed)):
    solution = torch.linalg.lstsq(
        torch.cat([values, torch.ones(64, 1)], 1).detach().double(), brightness[:, None].double()
    ).solution
    guess = torch.cat([values, torch.ones(64, 1)], 1).detach().double() @ solution
    print(f"{name:11} the best line misses the brightness by {(guess[:, 0] - brightness).abs().mean():.3f}")

# %%
# Epsilon, too, is part of a model: BERT has 1e-12, most have 1e-5, and weights loaded into the other give slightly other
# answers, with no error. It stands **inside** the root.
#
# Three things to try
# -------------------
#
# 1. Group norm with as many groups as channels, and with one. Which of the others are these?
# 2. Norm a row of equal numbers. What keeps it from dividing by zero, and what comes out?
# 3. Put the gain to 0 in every norm of a residual network. What does it compute at the start?
#
# Then write the one that holds three of them: ``groundup learn start norms``.
