"""
Losses, by hand
===============

A network answered 2.3 where 2.0 was right, and "cat, 80%" where it was a dog. How wrong is that, in one number? Which number
one takes decides what the network will learn, and it must fall when the answer improves, however little.
"""

# %%
# Numbers: how far off?
# ---------------------
#
# The mean of the distances (L1), or of their squares (MSE). Squares care for large errors more than for small ones; so the
# number that minimises them is the mean, and the one that minimises distances is the median.

import math

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.ops.binary_loss import binary_cross_entropy_with_logits
from groundup.ops.cross_entropy import cross_entropy
from groundup.ops.regression_loss import l1_loss, mse_loss

answers, truth = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 2.0, 5.0])
print("L1 ", l1_loss(answers, truth).item(), " by hand", (answers - truth).abs().mean().item())
print("MSE", mse_loss(answers, truth).item(), " by hand", (answers - truth).square().mean().item())

values = torch.tensor([1.0, 2.0, 2.5, 3.0, 20.0])  # one is far off
guesses = torch.linspace(0, 21, 400)
curves = {
    "mean of squares": (guesses[:, None] - values).square().mean(1),
    "mean of distances": (guesses[:, None] - values).abs().mean(1),
}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for axis, (name, curve) in zip(axes, curves.items()):
    best = guesses[curve.argmin()].item()
    axis.plot(guesses, curve)
    axis.axvline(best, color="tab:red", linestyle="--")
    axis.plot(values, torch.zeros(5), "k|", markersize=14)
    axis.set_title(f"{name}: best guess {best:.1f}")
plt.show()
assert abs(guesses[curves["mean of squares"].argmin()] - values.mean()) < 0.1

# %%
# Classes: how surprised?
# -----------------------
#
# A classifier gives a score for each class; ``softmax`` makes probabilities of them. How surprised one is by an event of
# probability p is minus its logarithm: nothing at p = 1, and without end towards 0. **Cross-entropy** is the surprise at the
# right class.
#
# .. math:: \text{loss} = -\log \frac{e^{s_y}}{\sum_k e^{s_k}} = \log \sum_k e^{s_k} - s_y

scores, label = torch.tensor([[0.1, 0.2, 0.3]]), torch.tensor([1])
by_hand = math.log(sum(math.exp(score) for score in scores[0])) - scores[0, 1].item()
print("cross-entropy", cross_entropy(scores, label).item(), " by hand", by_hand)
assert math.isclose(cross_entropy(scores, label).item(), by_hand, rel_tol=1e-6)

# %%
# A network that knows nothing gives each of C classes 1/C, and has a loss of log C: 2.303 for ten classes. It is the first
# number to check when a training starts.

print("ten classes, no idea:", round(cross_entropy(torch.zeros(1, 10), label).item(), 4), "= log 10 =", round(math.log(10), 4))

# %%
# The gradient is as plain as can be: the probabilities, less 1 at the right class. Push up what was right, push down the
# others, each by how much it was believed.

marked = scores.clone().requires_grad_()
cross_entropy(marked, label).backward()
expected = scores.softmax(1) - torch.nn.functional.one_hot(label, 3)
torch.testing.assert_close(marked.grad, expected)
print("gradient:", [round(number, 3) for number in marked.grad[0].tolist()])

# %%
# Yes or no, for several things at once ("a dog? a leash? grass?"), is one such loss for each, by a sigmoid: binary
# cross-entropy.


def yes_or_no(score: Tensor, truth: Tensor) -> Tensor:
    p = score.sigmoid()
    return -(truth * p.log() + (1 - truth) * (1 - p).log()).mean()


three, present = torch.tensor([2.0, -1.0, 0.5]), torch.tensor([1.0, 0.0, 0.0])
torch.testing.assert_close(binary_cross_entropy_with_logits(three, present), yes_or_no(three, present))

# %%
# The trap: a probability too few, or a softmax too many
# ------------------------------------------------------
#
# Cross-entropy takes **scores**, of any size, and takes the softmax itself. Give it probabilities and it takes a softmax of
# them: it runs, it learns a little, and even a perfect answer has a loss far from 0.

perfect = torch.tensor([[0.0, 1.0, 0.0]])
print("a perfect answer, as scores (0, 20, 0):", round(cross_entropy(20 * perfect, label).item(), 4))
print("a perfect answer, as probabilities:    ", round(cross_entropy(perfect, label).item(), 4))
assert cross_entropy(perfect, label) > 0.5

# %%
# And the logarithm of a softmax, computed as it is written, fails where it matters: e to the 100 is infinite in float32,
# and a probability that rounds to 0 has no logarithm. That is why it is computed together, with the largest score taken
# off.

large = torch.tensor([[100.0, 0.0, -100.0]])
written = -(large.exp() / large.exp().sum()).log()[0]
print("as written:", written.tolist(), "  together:", [cross_entropy(large, torch.tensor([k])).item() for k in range(3)])
assert not written.isfinite().all()

# %%
# Three things to try
# -------------------
#
# 1. Draw the gradient of L1 and of MSE by the answer. Which one still pushes when the answer is nearly right?
# 2. Three classes, and the first is nine times as frequent. What loss has a network that always gives the frequencies?
# 3. ``reduction="sum"`` and a batch twice as large: what must you change about the learning rate, and why not with
#    ``"mean"``?
#
# Then write cross-entropy for images and for padding: ``groundup learn start losses``.
