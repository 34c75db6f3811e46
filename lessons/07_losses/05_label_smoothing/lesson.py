"""
Label smoothing, and how sure is sure
=====================================

A network is 99.9% sure that it sees a 4, and it is a 9. Not that it is wrong is the trouble, but that it is so sure.
Cross-entropy rewards it for that: a score can always be raised, and the loss always falls. What if the labels themselves
were a little less sure?
"""

# %%
# In place of "this class with 1, all others with 0", tell the network "this class with 0.9, and 0.1 shared among all"
# (Szegedy et al. 2015, https://arxiv.org/abs/1512.00567, section 7). The best answer then is no longer at infinity.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Sequential

from groundup.data.images import digits
from groundup.layers.activation import ReLU
from groundup.layers.linear import Linear
from groundup.losses.classification import CrossEntropyLoss
from groundup.optim.adam import AdamW


def smoothed(scores: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy with labels that leave a share for all classes."""
    log_p, classes = scores.log_softmax(1), scores.shape[1]
    wanted = torch.nn.functional.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    return -(wanted * log_p).sum(1).mean()


generator = torch.Generator().manual_seed(0)
scores, labels = torch.randn(5, 4, generator=generator), torch.tensor([0, 1, 2, 3, 0])
torch.testing.assert_close(CrossEntropyLoss(label_smoothing=0.1)(scores, labels), smoothed(scores, labels, 0.1))

# %%
# How far should the right score stand above the others? Draw the loss by that distance, for ten classes.

gap = torch.linspace(-2, 14, 300)
rows = torch.cat([gap[:, None], torch.zeros(300, 9)], 1)
plt.figure(figsize=(7, 3.2), layout="constrained")
for smoothing in (0.0, 0.05, 0.1, 0.3):
    curve = torch.stack([smoothed(row[None], torch.tensor([0]), smoothing) for row in rows])
    best = gap[curve.argmin()].item()
    plt.plot(gap, curve, label=f"smoothing {smoothing}: best at {best:.1f}")
plt.legend()
plt.xlabel("how far the right score stands above the others")
plt.ylabel("loss")
plt.show()

# %%
# Without smoothing it falls for ever. With 0.1 it is least at 4.5, and rises again behind: to be surer than that costs.
# (The least loss is not 0 either: with smoothed labels it is their own entropy.)
#
# How sure is sure?
# -----------------
#
# Of all answers given with 80%, 80% should be right: then a network is **calibrated**. Sort the answers into bins by how
# sure they were, and compare.

train, test = digits(split="train"), digits(split="test")
images, truth = train.columns["image"].float().flatten(1) / 255, train.columns["label"]
new, new_truth = test.columns["image"].float().flatten(1) / 255, test.columns["label"]
few = torch.arange(300)  # few examples: it will learn them by heart


def train_with(smoothing: float) -> Sequential:
    torch.manual_seed(0)
    model = Sequential(Linear(in_features=64, out_features=256), ReLU(), Linear(in_features=256, out_features=10))
    optimizer = AdamW(model.parameters(), lr=3e-3)
    for _ in range(250):
        loss = CrossEntropyLoss(label_smoothing=smoothing)(model(images[few]), truth[few])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def disturbed(pictures: Tensor) -> Tensor:
    """Harder pictures than those that it learnt from."""
    return pictures + 0.35 * torch.randn(pictures.shape, generator=torch.Generator().manual_seed(1))


def bins(model: Sequential) -> tuple[list[float], list[float], float, float]:
    """How sure, how often right, in each of ten bins; the gap between the two on average; how many are right."""
    with torch.no_grad():
        sure, said = model(disturbed(new)).softmax(1).max(1)
    right = (said == new_truth).float()
    which = (sure * 10).long().clamp(max=9)
    filled = [number for number in range(10) if (which == number).any()]
    surety = [sure[which == number].mean().item() for number in filled]
    rightness = [right[which == number].mean().item() for number in filled]
    shares = [(which == number).float().mean().item() for number in filled]
    gap = sum(share * abs(a - b) for share, a, b in zip(shares, surety, rightness))
    return surety, rightness, gap, right.mean().item()


figure, axes = plt.subplots(1, 3, figsize=(10, 3.5), layout="constrained", sharey=True)
gaps = {}
for axis, smoothing in zip(axes, (0.0, 0.1, 0.4)):
    surety, rightness, gaps[smoothing], right = bins(train_with(smoothing))
    axis.plot([0, 1], [0, 1], "k--")
    axis.plot(surety, rightness, "o-")
    axis.set_title(f"smoothing {smoothing}: {right:.0%} right, gap {gaps[smoothing]:.2f}")
    axis.set_xlabel("how sure")
axes[0].set_ylabel("how often right")
plt.show()
assert gaps[0.1] < gaps[0.0]

# %%
# Below the dashed line: surer than right. Without smoothing the network is far too sure; with a little it comes close to
# the line, with much it is not sure enough. How many it gets right hardly changes.
#
# The trap: a teacher who smooths teaches worse
# ---------------------------------------------
#
# Smoothing tells the network that all wrong classes are **equally** wrong. It learns so, and forgets that a 4 looks rather
# like a 9. To a student that learns from what it believes of all classes (distillation), it has nothing left to say
# (Müller, Kornblith & Hinton 2019, https://arxiv.org/abs/1906.02629, section 4).

fours = images[truth == 4][:60]
for smoothing in (0.0, 0.1):
    model = train_with(smoothing)
    with torch.no_grad():
        believed = model(fours).log_softmax(1).mean(0)
    others = torch.cat([believed[:4], believed[5:]])
    print(
        f"smoothing {smoothing}: the wrong classes of a 4 differ by a factor of up to {(others.max() - others.min()).exp():.0f}"
    )

# %%
# And: a validation loss **with** smoothing cannot be compared with one without. Compare how many are right, or the plain
# loss.
#
# Three things to try
# -------------------
#
# 1. Divide the unsmoothed network's scores by a temperature that makes the validation loss least. How near the line does
#    that come, without training anew?
# 2. Turn a tenth of the training labels around. What does smoothing do then?
# 3. Smoothing of 1.0: what is learnt?
#
# Then measure how far a network is off: ``groundup learn start label_smoothing``.
