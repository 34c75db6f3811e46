"""
Learning by hand: y = 2x + 1
============================

Somebody measured twenty points that lie near a line, and did not say which. A line is two numbers. How can a program that
knows nothing of lines find those two, and why will the same few lines of code train a network of a hundred million numbers?
"""

# %%
# Begin with any two numbers, and ask of each: if I raised it a little, would the error rise or fall, and how fast? That
# rate is the **gradient**. Then move both a little the way that lets the error fall, and ask again.

import matplotlib.pyplot as plt
import torch
from torch import Tensor

generator = torch.Generator().manual_seed(0)
x = torch.linspace(-2, 2, 20)
y = 2 * x + 1 + 0.3 * torch.randn(20, generator=generator)


def error(w: float, b: float) -> float:
    """The mean squared error of the line w x + b."""
    return ((w * x + b - y) ** 2).mean().item()


small = 1e-3
print("error at w = 0, b = 0:", round(error(0, 0), 3))
print("raising w changes it at the rate", round((error(small, 0) - error(-small, 0)) / (2 * small), 3))
print("raising b changes it at the rate", round((error(0, small) - error(0, -small)) / (2 * small), 3))

# %%
# Trying every number out costs two evaluations for each, far too much for a hundred million. But the rate can be had by
# thinking. With :math:`\hat y_i = w x_i + b` and the error :math:`E = \frac1n \sum_i (\hat y_i - y_i)^2`, the chain rule says
#
# .. math:: \frac{\partial E}{\partial w} = \frac1n \sum_i 2 (\hat y_i - y_i) \, x_i, \qquad
#           \frac{\partial E}{\partial b} = \frac1n \sum_i 2 (\hat y_i - y_i)
#
# How wrong each prediction is, times how much it depends on the number in question.


def gradient(w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The rates at which the error rises with w and with b."""
    wrong = 2 * (w * x + b - y) / len(x)
    return (wrong * x).sum(), wrong.sum()


w, b = torch.tensor(0.0), torch.tensor(0.0)
print("by thinking:", [round(rate.item(), 3) for rate in gradient(w, b)])

# %%
# The same answer, for one pass over the data whatever the number of weights. Now walk downhill.

path = [(w.item(), b.item())]
for _ in range(40):
    rate_w, rate_b = gradient(w, b)
    w, b = w - 0.1 * rate_w, b - 0.1 * rate_b
    path.append((w.item(), b.item()))
print(f"after 40 steps: y = {w:.3f} x + {b:.3f}, error {error(w, b):.4f}")

# %%
# PyTorch finds the same gradient by itself, for any formula that you write: that is what ``autograd`` is. The next lessons
# are about how.

w0, b0 = torch.tensor(0.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
((w0 * x + b0 - y) ** 2).mean().backward()
torch.testing.assert_close((w0.grad, b0.grad), gradient(torch.tensor(0.0), torch.tensor(0.0)))

# %%
# Seen from above, the error is a bowl, and the path runs down its side.

figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
axes[0].scatter(x, y, s=12, color="black")
for step in (0, 3, 40):
    axes[0].plot(x, path[step][0] * x + path[step][1], label=f"after {step} steps")
axes[0].legend()
ws, bs = torch.linspace(-1, 5, 60), torch.linspace(-2, 4, 60)
bowl = ((ws[:, None, None] * x + bs[None, :, None] - y) ** 2).mean(-1)
axes[1].contourf(ws, bs, bowl.T.log(), levels=20, cmap="viridis")
axes[1].plot(*zip(*path), "w.-", markersize=4)
axes[1].set_xlabel("w")
axes[1].set_ylabel("b")
axes[1].set_title("the error, and the way down")
plt.show()

# %%
# The trap: too long a step
# -------------------------
#
# The gradient tells the direction and the steepness right here, and nothing of what comes behind. A step that is too long
# lands higher up on the other side of the bowl, where it is steeper, and the next one is longer still.

for rate in (0.1, 0.5, 0.75):
    w, b = torch.tensor(0.0), torch.tensor(0.0)
    errors = []
    for _ in range(20):
        errors.append(error(w, b))
        rate_w, rate_b = gradient(w, b)
        w, b = w - rate * rate_w, b - rate * rate_b
    print(f"steps of {rate} times the gradient: error {errors[0]:.2f}, {errors[1]:.2f}, ... {errors[-1]:.4g}")
assert errors[-1] > errors[0]

# %%
# How long is too long depends on how curved the bowl is: beyond 2 divided by the largest curvature, every step makes it
# worse. It is the first thing to suspect when a loss grows or becomes NaN.
#
# Three things to try
# -------------------
#
# 1. The curvature in w is the mean of :math:`2x^2`. From which rate on should the steps diverge? Try just below and just
#    above.
# 2. Multiply x by 100 (metres into centimetres) and find a rate that works. Why is one rate for both numbers now a bad
#    idea?
# 3. Take the absolute error instead of the square. What is the gradient, and what happens near the end of the path?
#
# Then take the step yourself, for many inputs at once: ``groundup learn start manual_gradient``.
