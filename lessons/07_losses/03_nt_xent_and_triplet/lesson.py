"""
NT-Xent and the triplet loss
============================

Two older and newer ways to say "these two are alike". The triplet loss takes three pictures: an anchor, one like it, one
unlike. NT-Xent takes a whole batch, two views of each, and lets every view look for its other one among all. What does each
ask of the space of features?
"""

# %%
# The triplet loss
# ----------------
#
# The one unlike must be further from the anchor than the one alike, by at least a margin. Where it is, nothing more is asked.
#
# .. math:: \ell = \max(d(a, p) - d(a, n) + m, 0)

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.losses.contrastive import NTXentLoss, TripletMarginLoss
from groundup.ops.cross_entropy import cross_entropy


def triplet(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    near, far = (anchor - positive).norm(dim=1), (anchor - negative).norm(dim=1)
    return (near - far + margin).clamp(min=0).mean()


generator = torch.Generator().manual_seed(0)
three = [torch.randn(5, 4, generator=generator) for _ in range(3)]
torch.testing.assert_close(TripletMarginLoss(margin=1.0, eps=0.0)(*three), triplet(*three, 1.0))
print("triplet loss", round(triplet(*three, 1.0).item(), 4))

# %%
# Most triplets teach nothing: once the unlike one is far enough, loss and gradient are 0. Look, for an anchor in the
# middle, at where an unlike point is pushed, and how hard.

line = torch.linspace(-3, 3, 121)
plane = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).view(-1, 2)
anchor, positive = torch.zeros(1, 2), torch.tensor([[0.8, 0.0]])
losses = torch.stack([triplet(anchor, positive, point[None], 1.0) for point in plane]).view(121, 121)
plt.figure(figsize=(5, 4.2), layout="constrained")
plt.contourf(line, line, losses, levels=20, cmap="magma")
plt.colorbar(label="loss")
plt.plot(0, 0, "wo", label="anchor")
plt.plot(0.8, 0, "w^", label="alike")
plt.legend()
plt.title("the loss, by where the unlike one is: beyond the ring, none")
plt.show()
print(f"{(losses == 0).float().mean():.0%} of the places teach nothing")

# %%
# Hence *mining*: choose, in each batch, the hardest of the unlike (and the furthest of the alike). FaceNet's trick is to
# take those that are wrong, but not too wrong (Schroff, Kalenichenko & Philbin 2015, https://arxiv.org/abs/1503.03832,
# section 3.2).
#
# NT-Xent
# -------
#
# Two views of each picture make 2N rows. Each looks for its partner among the 2N - 1 others; itself is not among them. One
# cross-entropy over all, with a temperature: hard cases count more by themselves, no mining is needed (Chen et al. 2020,
# https://arxiv.org/abs/2002.05709, algorithm 1).


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    rows = torch.cat([first, second])
    rows = rows / rows.norm(dim=1, keepdim=True)
    scores = rows @ rows.T / temperature
    scores = scores.masked_fill(torch.eye(len(rows), dtype=torch.bool), -torch.inf)  # nobody finds itself
    partner = torch.arange(len(rows)).roll(len(first))
    return cross_entropy(scores, partner)


first, second = torch.randn(4, 3, generator=generator), torch.randn(4, 3, generator=generator)
torch.testing.assert_close(NTXentLoss(temperature=0.5)(first, second), nt_xent(first, second, 0.5))
figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
rows = torch.cat([first, second])
rows = rows / rows.norm(dim=1, keepdim=True)
axes[0].imshow((rows @ rows.T).fill_diagonal_(torch.nan), cmap="viridis")
axes[0].set_title("how similar; the diagonal is left out")
axes[1].imshow(torch.nn.functional.one_hot(torch.arange(8).roll(4)), cmap="Blues")
axes[1].set_title("where each row's partner stands")
plt.show()

# %%
# Two forces are in it: partners attract, all others repel. What they make of points on a circle is seen at once: partners
# come together, and the pairs spread evenly. The triplet loss stops as soon as the margin is kept.


def settle(loss_of, steps: int = 400) -> Tensor:
    angles = (torch.rand(12, generator=torch.Generator().manual_seed(3)) * 2).requires_grad_()
    for _ in range(steps):
        points = torch.stack([angles.cos(), angles.sin()], 1)
        (slope,) = torch.autograd.grad(loss_of(points[:6], points[6:]), angles)
        angles.data -= 0.5 * slope
    return torch.stack([angles.cos(), angles.sin()], 1).detach()


def as_triplets(first: Tensor, second: Tensor) -> Tensor:
    """Each with its partner, and with the next pair's as the unlike one."""
    return triplet(first, second, second.roll(1, 0), 0.3)


figure, axes = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
for axis, (name, loss_of) in zip(axes, (("NT-Xent", lambda a, b: nt_xent(a, b, 0.2)), ("triplets", as_triplets))):
    points = settle(loss_of)
    for pair in range(6):
        axis.plot(*points[[pair, pair + 6]].T, "o-", markersize=9, alpha=0.7)
    axis.set_title(name)
    axis.set_xlim(-1.3, 1.3)
    axis.set_ylim(-1.3, 1.3)
    axis.set_axis_off()
plt.show()

# %%
# The trap: the row that finds itself
# -----------------------------------
#
# Leave the diagonal in, and each row is most similar to itself: similarity 1, always. It takes most of the probability, the
# loss can hardly fall, and the features learn little. Nothing fails.

with_itself = cross_entropy(rows @ rows.T / 0.1, torch.arange(8).roll(4))
without = nt_xent(first, second, 0.1)
perfect = torch.eye(4)
kept = cross_entropy(torch.cat([perfect, perfect]) @ torch.cat([perfect, perfect]).T / 0.1, torch.arange(8).roll(4))
print(f"random features: with itself {with_itself:.3f}, without {without:.3f}")
print(f"perfect features: with itself {kept:.3f}, without {nt_xent(perfect, perfect, 0.1):.5f}")
assert kept > 0.5 > nt_xent(perfect, perfect, 0.1)

# %%
# Three things to try
# -------------------
#
# 1. Collapse: give all rows the same features. What is the loss of each kind? Why does the triplet loss not forbid it, and
#    what does?
# 2. NT-Xent with a batch of 2 and of 256: how does the loss of random features grow?
# 3. Swap anchor and alike in the triplet loss. When does that give another loss?
#
# Then write the loss that mines its own triplets: ``groundup learn start nt_xent_and_triplet``.
