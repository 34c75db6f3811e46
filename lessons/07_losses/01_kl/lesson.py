"""
Kullback-Leibler divergence, both ways
======================================

Two distributions over the same things: what is true, and what a model believes. How far apart are they? There is a number for
it, and it is not symmetric: it matters who asks. Fit a narrow distribution to a world of two peaks by the one, and by the
other, and two different models come out.
"""

# %%
# How surprised is one who believes q in a world where p is true, on average, beyond the surprise that cannot be avoided?
#
# .. math:: \mathrm{KL}(p \,\|\, q) = \sum_i p_i \log \frac{p_i}{q_i}
#
# It is 0 where the two agree, never below, and infinite where q holds something impossible that p does now and then.

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.losses.distillation import DistillationLoss
from groundup.ops.divergence import kl_div


def kl(p: Tensor, q: Tensor) -> Tensor:
    """How much worse q is as a belief where p is true. Shapes: two of (..., things) -> (...)."""
    return (p * (p.log() - q.log())).sum(-1)


p, q = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.5, 0.25, 0.25])
print("KL(p || q) =", round(kl(p, q).item(), 4), "  KL(q || p) =", round(kl(q, p).item(), 4), "  KL(p || p) =", kl(p, p).item())
torch.testing.assert_close(kl_div(q.log(), p, reduction="sum"), kl(p, q))

# %%
# The library's function takes the **logarithm** of what is believed first, and the truth second: ``kl_div(q.log(), p)`` is
# KL(p || q). Everybody turns it around once.
#
# Which way?
# ----------
#
# The world has two peaks; the model is one bell whose place and width can be chosen. **Forward**, KL(world || model):
# wherever the world is, the model must be, or it costs a lot. It spreads over both. **Reverse**, KL(model || world):
# wherever the model is, the world must be. It settles on one peak and knows nothing of the other.

x = torch.linspace(-6, 6, 400)


def bell(middle: Tensor, log_width: Tensor) -> Tensor:
    """A normal distribution on the points of x."""
    scores = -((x - middle) ** 2) / (2 * log_width.exp() ** 2)
    return scores.softmax(0)


world = 0.6 * bell(torch.tensor(-3.0), torch.tensor(-0.4)) + 0.4 * bell(torch.tensor(3.0), torch.tensor(-0.2))


def fit(forward: bool) -> Tensor:
    middle, log_width = torch.tensor(-1.0, requires_grad=True), torch.tensor(-0.3, requires_grad=True)
    for _ in range(600):
        model = bell(middle, log_width).clamp(min=1e-12)
        loss = kl(world, model) if forward else kl(model, world.clamp(min=1e-12))
        for number, slope in zip((middle, log_width), torch.autograd.grad(loss, (middle, log_width))):
            number.data -= 0.05 * slope
    return bell(middle, log_width).detach()


covers, settles = fit(forward=True), fit(forward=False)
plt.figure(figsize=(7.5, 3.4), layout="constrained")
plt.fill_between(x, world, color="lightgray", label="the world")
plt.plot(x, covers, label="forward: covers both")
plt.plot(x, settles, label="reverse: settles on one")
plt.legend()
plt.yticks([])
plt.show()
assert covers[x > 2].sum() > 0.1 > settles[x > 2].sum()

# %%
# Maximum likelihood, and so cross-entropy, is the forward way: models trained by it cover everything, also what never occurs.
# Reinforcement learning and some distillation go the reverse way: better one thing well than everything a little.
#
# Cross-entropy and KL
# --------------------
#
# They differ by the surprise that cannot be avoided, the entropy of the world, which no model changes. Their gradients are
# the same.

entropy = -(p * p.log()).sum()
torch.testing.assert_close(-(p * q.log()).sum(), entropy + kl(p, q))

# %%
# A teacher and a temperature
# ---------------------------
#
# To learn from a large network is to be told what it believes of **all** classes: that this 7 looks a little like a 1 and
# nothing like an 8. At temperature T the scores are divided by T before the softmax, which makes the small beliefs visible;
# the loss is multiplied by T², so that its gradients stay as large (Hinton, Vinyals & Dean 2015,
# https://arxiv.org/abs/1503.02531, section 2).

teacher, student = torch.tensor([[9.0, 4.0, 1.0]]), torch.tensor([[2.0, 1.0, 0.5]])
figure, axes = plt.subplots(1, 3, figsize=(8, 2.4), layout="constrained", sharey=True)
for axis, temperature in zip(axes, (1.0, 3.0, 10.0)):
    axis.bar(range(3), (teacher / temperature).softmax(1)[0], color="tab:blue")
    axis.set_title(f"the teacher at T = {temperature:.0f}")
plt.show()


def distillation(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    return kl((teacher / temperature).softmax(1), (student / temperature).softmax(1)).mean() * temperature**2


package = DistillationLoss(temperature=3.0, hard_weight=0.0)  # no labels, the teacher alone
torch.testing.assert_close(package(student, teacher, torch.tensor([0])), distillation(student, teacher, 3.0))

# %%
# The same thought, with pictures in place of classes, is SEED (Fang et al. 2021, https://arxiv.org/abs/2101.04731): the
# student learns how similar the teacher finds a picture to each of a queue of others.
#
# The trap: the mean over what?
# -----------------------------
#
# ``reduction="mean"`` of the library divides by **everything**, classes as well, and so gives KL divided by the number of
# classes. What is meant is the mean over the batch: ``"batchmean"``.

beliefs, truth = torch.randn(4, 10).log_softmax(1), torch.randn(4, 10).softmax(1)
by_mean = torch.nn.functional.kl_div(beliefs, truth, reduction="none").mean()
by_batch = kl_div(beliefs, truth, reduction="batchmean")
print(f"mean {by_mean:.4f}, batchmean {by_batch:.4f}: a factor of {by_batch / by_mean:.1f}")
assert torch.isclose(by_batch, 10 * by_mean)

# %%
# Three things to try
# -------------------
#
# 1. Start the reverse fit at +1. Which peak does it choose? And the forward fit?
# 2. Let the model be a mixture of two bells. Do the two ways still differ?
# 3. Half of KL(p || m) and half of KL(q || m), with m the mean of p and q: show that it is symmetric and never above log 2.
#
# Then write it for scores, with a temperature, both ways: ``groundup learn start kl``.
