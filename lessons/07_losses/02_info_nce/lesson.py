"""
InfoNCE: which of these belongs to that?
========================================

Nobody has labelled the pictures. But each has a caption, or a second crop of itself, and that much is known: these two
belong together, and the others in the batch do not. Is that enough to learn what is in a picture?
"""

# %%
# Make of it a question with one right answer: here is a query, here are the keys of the whole batch; which one is its own?
# The scores are the similarities, the right class is its own place, the loss is cross-entropy. That is InfoNCE (van den
# Oord, Li & Vinyals 2018, https://arxiv.org/abs/1807.03748), and CLIP's loss is it both ways.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Sequential

from groundup.data.images import digits
from groundup.layers.activation import ReLU
from groundup.layers.linear import Linear
from groundup.losses.contrastive import InfoNCELoss, clip_loss
from groundup.ops.cross_entropy import cross_entropy
from groundup.optim.adam import AdamW


def info_nce(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """The loss of finding each query's own key among all. Shapes: two of (batch, features) -> ()."""
    query, key = query / query.norm(dim=1, keepdim=True), key / key.norm(dim=1, keepdim=True)
    scores = query @ key.T / temperature  # (batch, batch)
    return cross_entropy(scores, torch.arange(len(query)))


generator = torch.Generator().manual_seed(0)
query, key = torch.randn(6, 4, generator=generator), torch.randn(6, 4, generator=generator)
torch.testing.assert_close(InfoNCELoss(temperature=0.2)(query, key), info_nce(query, key, 0.2))
both_ways = (info_nce(query, key, 0.2) + info_nce(key, query, 0.2)) / 2
unit = [rows / rows.norm(dim=1, keepdim=True) for rows in (query, key)]
scale = torch.tensor(1 / 0.2).log()  # CLIP learns the logarithm of 1 / temperature
torch.testing.assert_close(clip_loss(*unit, scale), both_ways)
print("one way", round(info_nce(query, key, 0.2).item(), 4), " both ways", round(both_ways.item(), 4))

# %%
# What it learns without labels
# -----------------------------
#
# Two views of each digit: noise here, noise there, half of the pixels gone. The network never sees a label. It is asked
# which view belongs to which.

train, test = digits(split="train"), digits(split="test")
images, labels = train.columns["image"].float().flatten(1) / 255, train.columns["label"]


def view(images: Tensor) -> Tensor:
    """The picture, with half of its pixels gone and the rest disturbed."""
    kept = torch.rand(images.shape, generator=generator) < 0.6
    return (images + 0.2 * torch.randn(images.shape, generator=generator)) * kept


torch.manual_seed(0)
encoder = Sequential(Linear(in_features=64, out_features=128), ReLU(), Linear(in_features=128, out_features=32))
optimizer, losses = AdamW(encoder.parameters(), lr=3e-3), []
for _ in range(300):
    rows = torch.randint(len(images), (128,), generator=generator)
    loss = info_nce(encoder(view(images[rows])), encoder(view(images[rows])), 0.2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}; one that guesses among 128 has log 128 = {torch.tensor(128.0).log():.3f}")

# %%
# Now ask, with labels for looking only: is the nearest other picture of the same class?


@torch.no_grad()
def neighbours(features: Tensor) -> float:
    """How often the most similar other picture is of the same class."""
    rows = features / features.norm(dim=1, keepdim=True)
    similar = rows @ rows.T
    similar.fill_diagonal_(-1)
    return (labels[similar.argmax(1)] == labels).float().mean().item()


with torch.no_grad():
    noisy, features = view(images), encoder(view(images))
print(f"nearest is of the same class: noisy pixels {neighbours(noisy):.1%}, features {neighbours(features):.1%}")
assert neighbours(features) > neighbours(noisy)

chosen = torch.cat([(labels == digit).nonzero()[:8, 0] for digit in range(10)])
figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
for axis, (name, rows) in zip(axes, (("noisy pixels", noisy), ("features", features))):
    unit_rows = rows[chosen] / rows[chosen].norm(dim=1, keepdim=True)
    axis.imshow(unit_rows @ unit_rows.T, cmap="viridis")
    axis.set_xticks(range(4, 80, 8), range(10))
    axis.set_yticks(range(4, 80, 8), range(10))
    axis.set_title(f"how similar, by {name}")
plt.show()

# %%
# The temperature
# ---------------
#
# Similarities of unit vectors lie between -1 and 1. Divided by 1, the softmax of a hundred of them is nearly flat, and the
# loss cannot fall far whatever the network does. Divided by 0.05, the few most similar wrong ones take all the weight: it
# learns from hard cases.

scores = torch.tensor([0.9, 0.7, 0.3, 0.0, -0.5])
for temperature in (1.0, 0.2, 0.05):
    print(f"T = {temperature:4}: shares", [round(share, 3) for share in (scores / temperature).softmax(0).tolist()])

# %%
# The trap: two that are the same
# -------------------------------
#
# "All others are wrong" is an assumption. If two of the batch are near the same thing (two pictures of one dog, two
# captions that say the same), the loss pushes them apart and is told off for being right. Here every key occurs twice: even
# perfect features have a loss of log 2.

twice = torch.nn.functional.one_hot(torch.tensor([0, 0, 1, 1, 2, 2])).float()
print("perfect features, each key twice:", round(info_nce(twice, twice, 0.01).item(), 4), "= log 2")
assert abs(info_nce(twice, twice, 0.01) - torch.tensor(2.0).log()) < 1e-3

# %%
# Two more of the kind: forget to bring vectors to length 1, and long ones win every comparison; compute query and key on
# several cards without gathering them, and each sees only its own few others.
#
# Three things to try
# -------------------
#
# 1. Batches of 16 and of 512. What does log(batch) say about the least that a guess costs, and which features are better?
# 2. Let both views be the same picture without any change. What does the network learn?
# 3. Where does CLIP in the multimodal part use this loss, and what are its two views?
#
# Then write it with a queue of old keys: ``groundup learn start info_nce``.
