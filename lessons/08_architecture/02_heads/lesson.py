"""
Several heads
=============

One attention gives each word one mixture of the others. But a verb wants its subject and its object, and an adjective the
noun beside it. How does a layer look for several things at once, without costing more than one?
"""

# %%
# It cuts its vectors into pieces. A width of 512 becomes 8 heads of 64; each head has queries, keys and values of its own,
# and attends by itself; the eight answers are laid side by side again and mixed by one more linear layer. Altogether that
# is as many products as one head of 512.

import math

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module

from groundup.layers.attention import MultiHeadAttention
from groundup.layers.linear import Linear
from groundup.losses.classification import CrossEntropyLoss
from groundup.optim.adam import AdamW


def split(x: Tensor, heads: int) -> Tensor:
    """(batch, length, width) -> (batch, heads, length, width / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def join(x: Tensor) -> Tensor:
    """(batch, heads, length, head width) -> (batch, length, width)."""
    return x.transpose(1, 2).flatten(2)


class MyAttention(Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (Linear(in_features=width, out_features=width) for _ in range(4))

    def weights(self, x: Tensor) -> Tensor:
        q, k = split(self.query(x), self.heads), split(self.key(x), self.heads)
        return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)  # (batch, heads, length, length)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(join(self.weights(x) @ split(self.value(x), self.heads)))


torch.manual_seed(0)
package, mine = MultiHeadAttention(embed_dim=16, num_heads=4), MyAttention(16, 4)
mine.load_state_dict(package.state_dict())
x = torch.randn(2, 5, 16)
torch.testing.assert_close(mine(x), package(x))
print("equal to the package's; weights of its heads:", tuple(mine.weights(x).shape))

# %%
# Do heads look for different things? A task that needs two: in a row of letters, say at each place which letter stands
# **before** it and which stands **first** of all. Each answer is a place to look at; a single head can look at one place,
# or at a mixture of two.

LETTERS, LENGTH = 6, 8


def rows(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Letters with their places as vectors, and for each place the pair (letter before, first letter) as one of 36 classes."""
    letters = torch.randint(LETTERS, (count, LENGTH), generator=generator)
    before = letters.roll(1, 1)
    what = torch.nn.functional.one_hot(letters, LETTERS).float()
    where = torch.eye(LENGTH).expand(count, -1, -1)
    where_before = torch.eye(LENGTH).roll(1, 0).expand(count, -1, -1)
    return torch.cat([what, where, where_before], -1), before * LETTERS + letters[:, :1]


class Reader(Module):
    def __init__(self, heads: int):
        super().__init__()
        self.inner = Linear(in_features=LETTERS + 2 * LENGTH, out_features=24)
        self.attention = MyAttention(24, heads)
        self.outer = Linear(in_features=24, out_features=LETTERS**2)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(torch.relu(self.attention(self.inner(x))))


figure, axes = plt.subplots(1, 3, figsize=(11, 3.3), layout="constrained")
for heads in (1, 2):
    torch.manual_seed(2)
    reader, generator, losses = Reader(heads), torch.Generator().manual_seed(0), []
    optimizer = AdamW(reader.parameters(), lr=0.01)
    for _ in range(500):
        inputs, answers = rows(32, generator)
        loss = CrossEntropyLoss()(reader(inputs)[:, 1:].flatten(0, 1), answers[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    axes[0].plot(torch.tensor(losses).unfold(0, 20, 5).mean(1), label=f"{heads} head{'s' if heads > 1 else ''}")
    print(heads, "heads: loss at the end", round(sum(losses[-20:]) / 20, 3))
axes[0].legend()
axes[0].set_title("loss")
with torch.no_grad():
    looked = reader.attention.weights(reader.inner(rows(64, generator)[0])).mean(0)
for axis, weights, name in zip(axes[1:], looked, ("the first head", "the second head")):
    axis.imshow(weights, cmap="viridis", vmin=0, vmax=1)
    axis.set_title(f"{name} looks from row to column")
plt.show()

# %%
# With two heads the two questions share the work as they like. (Which head does what is decided by the weights that they
# began with; in large models some heads do nothing at all, and can be cut off.)
#
# Fewer keys and values
# ---------------------
#
# When a text is written, keys and values of all words before are kept. Several heads of queries may share one head of keys
# and values, which makes this memory smaller (grouped-query attention, Ainslie et al. 2023,
# https://arxiv.org/abs/2305.13245).

for kv in (8, 2, 1):
    layer = MultiHeadAttention(embed_dim=512, num_heads=8, num_kv_heads=kv)
    weights = sum(parameter.numel() for parameter in layer.parameters())
    print(f"{kv} heads of keys and values: {2 * kv * 64} numbers kept for each word, {weights:,} weights")

# %%
# The trap: cutting the wrong way
# -------------------------------
#
# To get from (batch, length, heads · d) to (batch, heads, length, d) one must cut and then **turn**. A single ``view`` to
# the wanted shape has the right sizes and mixes words with each other: head 0 gets the first words, and not a piece of
# every word.

words = torch.arange(6.0).view(1, 6, 1).expand(1, 6, 4)  # each word's vector holds its own number
right, wrong = split(words, 2), words.reshape(1, 2, 6, 2)
print("head 0, cut and turned:", right[0, 0, :, 0].tolist())
print("head 0, by view alone: ", wrong[0, 0, :, 0].tolist())
assert right.shape == wrong.shape and not torch.equal(right, wrong)

# %%
# Three things to try
# -------------------
#
# 1. Four heads in the reader. Do the two that are not needed still learn something?
# 2. Heads of size 1. What can such a head compare?
# 3. Leave the output layer away. What can the heads no longer do together?
#
# Then write the splitting for shared heads: ``groundup learn start heads``.
