"""
Rotary positions: turning instead of adding
===========================================

What attention compares is one word's query with another's key. Where each stands hardly matters; how far they are apart
does. Can places enter the comparison so that **only** the distance is left of them?
"""

# %%
# Turn the query by an angle that grows with its place, and the key by the same rule. The product of two vectors depends on
# the angle between them: both turns together leave the difference of the places, and nothing else (Su et al. 2021,
# https://arxiv.org/abs/2104.09864, section 3.2).

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.layers.position import RotaryPosition


def turn(x: Tensor, places: Tensor, base: float = 10000.0) -> Tensor:
    """Each pair of features (i, i + half) turned by its place. Shapes: x (..., length, dim), places (length) -> as x."""
    half = x.shape[-1] // 2
    angles = places[:, None] / base ** (torch.arange(half) / half)  # (length, pairs)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos()], -1)


generator = torch.Generator().manual_seed(0)
query, key = torch.randn(2, 1, 1, 8, 16, generator=generator).unbind()  # (batch, heads, length, head_dim)
package = RotaryPosition(head_dim=16)
for ours, theirs in zip((turn(query, torch.arange(8)), turn(key, torch.arange(8))), package(query, key)):
    torch.testing.assert_close(ours, theirs)
print("equal to the package's")

# %%
# The proof of what was promised: put the same two vectors at many places, three apart, and compare.

q, k = query[0, 0, :1].expand(6, 16), key[0, 0, :1].expand(6, 16)
places = torch.tensor([0, 1, 10, 100, 1000, 5000])
scores = (turn(q, places + 3) * turn(k, places)).sum(-1)
print("three apart, at 0, 1, 10, 100, 1000, 5000:", [round(score, 3) for score in scores.tolist()])
torch.testing.assert_close(scores, scores[:1].expand(6), rtol=1e-3, atol=1e-2)

# %%
# In the plane one sees it: the two vectors turn together, and the angle between them stays.

figure, axes = plt.subplots(1, 4, figsize=(10, 2.7), layout="constrained")
for axis, place in zip(axes, (0, 2, 4, 6)):
    for vector, where, colour in (
        (torch.tensor([[1.0, 0.2]]), place + 3, "tab:blue"),
        (torch.tensor([[0.6, -0.5]]), place, "tab:red"),
    ):
        x, y = turn(vector, torch.tensor([where * 0.35]))[0].tolist()
        axis.annotate("", (x, y), (0, 0), arrowprops=dict(arrowstyle="->", color=colour, linewidth=2))
    axis.add_patch(plt.Circle((0, 0), 1, fill=False, color="lightgray"))
    axis.set_xlim(-1.2, 1.2)
    axis.set_ylim(-1.2, 1.2)
    axis.set_aspect("equal")
    axis.set_title(f"places {place + 3} and {place}")
    axis.set_axis_off()
plt.show()

# %%
# Far and near
# ------------
#
# Fast pairs tell neighbours apart, slow pairs tell chapters apart. For random vectors the comparison fades with the
# distance: what is near counts more, without anybody asking for it.

distances = torch.arange(0, 400, 2)
ones = torch.ones(len(distances), 64)
fading = (turn(ones, distances) * turn(ones[:1], torch.zeros(1))).sum(-1) / 64
plt.figure(figsize=(7, 3), layout="constrained")
plt.plot(distances, fading)
plt.xlabel("how far apart")
plt.ylabel("how alike equal vectors are")
plt.show()
assert fading[0] == 1 and fading[100:].abs().max() < 0.6

# %%
# Nothing is added to the words, so none is drowned; keys in a cache are turned once, where they stand; and a text may go on
# beyond the length that was trained, the better the more slowly the hands are made to turn (that is what "rope scaling" in
# large models does).
#
# The trap: which feature goes with which
# ---------------------------------------
#
# The paper turns the pairs (0, 1), (2, 3) ...; Llama's code turns (0, half), (1, half + 1) .... Each is as good as the
# other, and weights trained with the one are useless with the other: every shape fits, and the model talks nonsense.


def interleaved(x: Tensor, places: Tensor) -> Tensor:
    a, b = x[..., ::2], x[..., 1::2]
    angles = places[:, None] / 10000.0 ** (torch.arange(a.shape[-1]) / a.shape[-1])
    return torch.stack([a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos()], -1).flatten(-2)


other = RotaryPosition(head_dim=16, pairing="interleaved")
torch.testing.assert_close(interleaved(query, torch.arange(8)), other(query, key)[0])
right = (turn(query, torch.arange(8)) @ turn(key, torch.arange(8)).mT / 4).softmax(-1)
wrong = (interleaved(query, torch.arange(8)) @ interleaved(key, torch.arange(8)).mT / 4).softmax(-1)
print(f"shares of attention differ by up to {(right - wrong).abs().max():.2f}")
assert (right - wrong).abs().max() > 0.05

# %%
# Weights can be carried over by sorting the rows of the query's and key's matrices: it is the same function in another
# order of features.

order = torch.cat([torch.arange(0, 16, 2), torch.arange(1, 16, 2)])
torch.testing.assert_close(turn(query[..., order], torch.arange(8)), interleaved(query, torch.arange(8))[..., order])

# %%
# Three things to try
# -------------------
#
# 1. Turn the values too. What is wrong with that?
# 2. Compute the angles in bfloat16. From which place on are 256 and 257 the same?
# 3. Leave half of the features unturned (GPT-J does). What can these compare?
#
# Then write the turning, both pairings, with its way back for free: ``groundup learn start rotary``.
