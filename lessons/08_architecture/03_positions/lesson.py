"""
Where a word stands
===================

To attention, "dog bites man" and "man bites dog" are the same bag of three words. Somebody must tell it the order. One
could number the words; why does a whole table of sines and cosines do better?
"""

# %%
# What is added to a word's vector must tell places apart, be no larger at place 1000 than at place 1, and make it easy to
# ask "three words before me". A number fails the second. A row of waves of different lengths, like the hands of a clock,
# does all three (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.5).

import math

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.layers.position import LearnedPosition, SinusoidalPosition
from groundup.ops.attention import scaled_dot_product_attention
from groundup.ops.position import sinusoidal_positions


def clock(length: int, dim: int, base: float = 10000.0) -> Tensor:
    """A row for each place: pairs of sine and cosine, each pair slower than the one before."""
    places = torch.arange(length)[:, None].double()
    speeds = base ** (-torch.arange(0, dim, 2).double() / dim)
    return torch.stack([(places * speeds).sin(), (places * speeds).cos()], -1).flatten(1).float()


table = clock(60, 32)
torch.testing.assert_close(table, sinusoidal_positions(60, 32))
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
axes[0].imshow(table.T, cmap="RdBu", aspect="auto")
axes[0].set_xlabel("place")
axes[0].set_ylabel("feature")
axes[0].set_title("fast hands above, slow hands below")
axes[1].imshow(table @ table.T, cmap="viridis")
axes[1].set_title("how alike two places are: only their distance counts")
plt.show()

# %%
# "Three words before me" is one fixed turn of all the hands, the same from every place. A linear layer can learn it.


def turn(steps: int, dim: int, base: float = 10000.0) -> Tensor:
    """The matrix that moves every row of the table by so many places."""
    speeds = base ** (-torch.arange(0, dim, 2).double() / dim)
    matrix = torch.zeros(dim, dim, dtype=torch.float64)
    for pair, speed in enumerate(speeds.tolist()):
        c, s = math.cos(steps * speed), math.sin(steps * speed)
        matrix[2 * pair : 2 * pair + 2, 2 * pair : 2 * pair + 2] = torch.tensor([[c, s], [-s, c]])
    return matrix.float()


torch.testing.assert_close(table[:-3] @ turn(3, 32).T, table[3:], rtol=1e-3, atol=1e-4)
print("one matrix leads from every place to the one three further on")

# %%
# With it, attention knows the order: shuffle the words, and their answers change.

words = torch.randn(1, 1, 5, 32, generator=torch.Generator().manual_seed(0))
order = torch.tensor([3, 1, 4, 0, 2])


def answers(words: Tensor, places: Tensor | None) -> Tensor:
    x = words if places is None else words + places
    return scaled_dot_product_attention(x, x, words)


for name, places in (("without places", None), ("with places", table[:5])):
    moved = (answers(words, places)[:, :, order] - answers(words[:, :, order], places)).abs().max()
    print(f"{name:15} shuffled words' answers differ by {moved:.3f}")

# %%
# Learned places
# --------------
#
# One may as well learn a vector for each place: a table like that of words. Models of a fixed length (BERT, GPT-2, ViT) do.
# It cannot be asked for a place that it has never seen, and the waves can.

learned, waves = LearnedPosition(max_seq_len=16, embed_dim=8), SinusoidalPosition(max_seq_len=16, embed_dim=8)
print("learned:", sum(p.numel() for p in learned.parameters()), "weights; waves:", sum(p.numel() for p in waves.parameters()))
try:
    learned(torch.zeros(1, 17, 8))
except ValueError as refusal:
    print("place 17 is refused:", refusal)

# %%
# The trap: words drowned by places
# ---------------------------------
#
# The waves are as large as 1; a word's vector, as embeddings begin, may be a hundred times smaller. Then the sum is nearly
# all place, and words are hardly heard. The paper multiplies words by the root of the width first, and that line is often
# forgotten.

embedded = 0.02 * torch.randn(5, 512, generator=torch.Generator().manual_seed(0))
places = clock(5, 512)
for name, scale in (("as they are", 1.0), ("times the root of 512", math.sqrt(512))):
    share = (scale * embedded).norm() / ((scale * embedded).norm() + places.norm())
    print(f"{name:22} words are {share:.0%} of what is added up")

# %%
# Another: padding at the **front** moves all places. Two sentences in one batch, the shorter one padded at the left, then
# begin at place 3. Count places from each sentence's own first word.
#
# Three things to try
# -------------------
#
# 1. Let the base be 10 in place of 10000. From which distance on can two places no longer be told apart?
# 2. Plot ``table[0] @ table.T`` over the distance. Is it always falling?
# 3. Pictures: give half of the features to rows and half to columns. What does "left of me" become?
#
# Then write the table: ``groundup learn start positions``.
