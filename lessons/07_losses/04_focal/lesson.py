"""
Focal loss: do not count what is easy
=====================================

A detector looks at ten thousand places of a picture and finds two dogs. 9,998 answers are "nothing here", and nearly all of
them are easy. Each costs next to nothing, and together they cost more than the two dogs. How does one keep the many from
drowning the few?
"""

# %%
# Weigh each answer by how wrong it still is. With p the probability that was given to what is true, cross-entropy is -log
# p; focal loss multiplies it by (1 - p) to a power (Lin et al. 2017, https://arxiv.org/abs/1708.02002, section 3.2).
#
# .. math:: \mathrm{FL}(p) = -(1 - p)^\gamma \log p

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.losses.classification import FocalLoss, sigmoid_focal_loss


def focal(scores: Tensor, labels: Tensor, gamma: float) -> Tensor:
    """The mean focal loss of a batch of scores."""
    p = scores.softmax(1)[torch.arange(len(labels)), labels]
    return (-((1 - p) ** gamma) * p.log()).mean()


generator = torch.Generator().manual_seed(0)
scores, labels = torch.randn(6, 4, generator=generator), torch.tensor([0, 1, 2, 3, 0, 1])
torch.testing.assert_close(FocalLoss(gamma=2.0)(scores, labels), focal(scores, labels, 2.0))
torch.testing.assert_close(FocalLoss(gamma=0.0)(scores, labels), torch.nn.functional.cross_entropy(scores, labels))

p = torch.linspace(0.01, 1, 200)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for gamma in (0.0, 0.5, 1.0, 2.0, 5.0):
    axes[0].plot(p, -((1 - p) ** gamma) * p.log(), label=f"gamma {gamma:g}")
    axes[1].semilogy(p[:-1], ((1 - p) ** gamma)[:-1])
axes[0].set_ylim(0, 4)
axes[0].set_title("the loss")
axes[0].legend()
axes[1].set_title("what it is multiplied by")
for axis in axes:
    axis.set_xlabel("probability given to the truth")
plt.show()

# %%
# An answer that is right with 0.9 counts a hundredth at gamma 2; one that is right with 0.1 counts four fifths. Nothing is
# switched off: it is turned down.
#
# What it does to the sum
# -----------------------
#
# Ten thousand easy questions (p about 0.95) and two hard ones (p = 0.1): whose gradient is it?

p = torch.cat([torch.full((10_000,), 0.95), torch.full((2,), 0.1)]).requires_grad_()
for gamma in (0.0, 2.0):
    (slope,) = torch.autograd.grad((-((1 - p) ** gamma) * p.log()).sum(), p)
    share = slope[-2:].abs().sum() / slope.abs().sum()
    print(f"gamma {gamma:g}: the two hard ones have {share:.1%} of all the slope")

# %%
# A detector in small
# -------------------
#
# One feature, and one place in a hundred is a thing. Yes or no for each, by a line. What rises is how sure it becomes of
# the things, at the same number of steps.

count = 4000
truth = (torch.rand(count, generator=generator) < 0.01).float()
feature = torch.randn(count, generator=generator) + 2.5 * truth


def fit(gamma: float, alpha: float) -> list[float]:
    w, b, found = torch.zeros((), requires_grad=True), torch.zeros((), requires_grad=True), []
    for _ in range(300):
        loss = sigmoid_focal_loss(w * feature + b, truth, alpha=alpha, gamma=gamma, reduction="sum") / truth.sum()
        for number, slope in zip((w, b), torch.autograd.grad(loss, (w, b))):
            number.data -= 0.02 * slope.clamp(-5, 5)
        found.append((w * feature + b).sigmoid()[truth == 1].mean().item())
    return found


plt.figure(figsize=(7, 3.2), layout="constrained")
for name, gamma, alpha in (("cross-entropy", 0.0, -1), ("focal, gamma 2", 2.0, -1), ("focal, gamma 2, alpha 0.25", 2.0, 0.25)):
    plt.plot(fit(gamma, alpha), label=name)
plt.xlabel("step")
plt.ylabel("believed of the things")
plt.legend()
plt.show()

# %%
# ``alpha`` weighs yes against no beside it. That 0.25 for the **rare** answer turns out best beside gamma 2 surprises at
# first: gamma has already turned the easy noes down so far that they need help.
#
# The trap: the first step of ten thousand
# ----------------------------------------
#
# A network begins at p = 0.5 for everything: ten thousand noes, each half wrong. None is easy yet, so gamma turns nothing
# down, and the first steps are all about "no". The paper's remedy is a bias: begin at a probability of 0.01 for "yes", by
# setting the last bias to -log(99).

start = torch.zeros(10_000)
noes = torch.zeros(10_000)
for name, bias in (("bias 0", 0.0), ("bias -log 99", -torch.tensor(99.0).log())):
    loss = sigmoid_focal_loss(start + bias, noes, reduction="sum")
    print(f"{name:13} the noes cost {loss:10.3f} in all")
assert sigmoid_focal_loss(start - torch.tensor(99.0).log(), noes, reduction="sum") < 1

# %%
# Also: divide by the number of **things**, not of places; a picture with two dogs and one with twenty should not teach
# equally much per place.
#
# Three things to try
# -------------------
#
# 1. Gamma 10. Which answers still count at all? Does the little detector learn?
# 2. Wrong labels: turn two in a hundred around. Which loss suffers more, and why would you expect that?
# 3. Is a network trained with gamma 2 as sure as it is right? (The next lesson draws the picture for that.)
#
# Then write the yes-and-no version, safe for any score: ``groundup learn start focal``.
