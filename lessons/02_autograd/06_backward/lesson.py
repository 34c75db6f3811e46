"""
requires_grad, backward, and what stays behind
==============================================

In the last lesson we worked the gradient out on paper. PyTorch does it for any formula, if asked. What exactly does one ask,
where does the answer appear, and why does it double when one asks twice?
"""

# %%
# Three things are asked. Mark the numbers whose gradient you want (``requires_grad``); compute something from them; call
# ``backward`` on the one number that came out. The gradients then hang on the marked tensors, as ``.grad``.

import matplotlib.pyplot as plt
import torch
from torch import Tensor

x = torch.linspace(-2, 2, 20)
y = 2 * x + 1

w = torch.tensor(0.0, requires_grad=True)
b = torch.tensor(0.0, requires_grad=True)
print("before:", w.grad, b.grad)
error = ((w * x + b - y) ** 2).mean()
error.backward()
print("after: ", w.grad, b.grad)

# %%
# They are what thinking gives: how wrong each prediction is, times how much it depends on the number in question.

wrong = 2 * (0 * x + 0 - y) / len(x)
torch.testing.assert_close(w.grad, (wrong * x).sum())
torch.testing.assert_close(b.grad, wrong.sum())

# %%
# Whatever is computed from a marked tensor is marked itself, and remembers how it came about (``grad_fn``). Numbers that were
# given, such as x and y, are not marked, and nothing is kept for them.

prediction = w * x + b
print("marked:", prediction.requires_grad, "  how it came about:", prediction.grad_fn)
print("x is marked:", x.requires_grad)

# %%
# ``no_grad``: steps that are not part of the formula
# ---------------------------------------------------
#
# A step of training changes w. That change is no part of any formula whose gradient we want, and PyTorch refuses to change a
# marked tensor while it keeps its books. Inside ``torch.no_grad()`` no books are kept.

try:
    w -= 0.1 * w.grad
except RuntimeError as refusal:
    print("refused:", str(refusal).splitlines()[0])

with torch.no_grad():
    w -= 0.1 * w.grad
    b -= 0.1 * b.grad
    print("inside no_grad a product of w is not marked:", (w * x).requires_grad)

# %%
# The same block saves memory wherever no gradient is wanted, as when a trained model is only used: nothing is remembered.

# %%
# The trap: gradients add up
# --------------------------
#
# ``backward`` does not set ``.grad``; it **adds** to it. That is useful (a large batch can be computed in parts), and it is
# the mistake that everybody makes once: forget to clear it, and each step is taken along the sum of all gradients so far.


def fit(clear: bool, steps: int = 60) -> list[float]:
    """The error after each step of gradient descent on the line, with or without clearing the gradients."""
    w, b = (torch.tensor(0.0, requires_grad=True) for _ in range(2))
    errors = []
    for _ in range(steps):
        error = ((w * x + b - y) ** 2).mean()
        error.backward()
        with torch.no_grad():
            for number in (w, b):
                number -= 0.05 * number.grad
                if clear:
                    number.grad = None
        errors.append(error.item())
    return errors


cleared, kept = fit(clear=True), fit(clear=False)
print(f"after 60 steps: {cleared[-1]:.6f} with clearing, {kept[-1]:.3f} without")
assert cleared[-1] < 0.01 < max(kept[30:])

plt.figure(figsize=(7, 3.5), layout="constrained")
plt.plot(cleared, label="cleared after each step")
plt.plot(kept, label="never cleared")
plt.xlabel("step")
plt.ylabel("error")
plt.legend()
plt.show()

# %%
# The line that was never cleared swings to and fro like a pendulum: old gradients act as momentum without friction. No
# error is raised, the loss even falls at times. ``optimizer.zero_grad()`` is this clearing, for all parameters; it sets
# ``.grad`` to ``None``, so that a parameter that took no part shows up as ``None`` and not as a gradient of zero.
#
# What ``backward`` wants
# -----------------------
#
# It starts from one number, since "how fast does it rise" has one answer only for one number. For a tensor, say how much each
# of its numbers counts: that is the argument of ``backward``, and ``sum().backward()`` is the case that all count 1.


def gradients_of_sum(values: Tensor, at: Tensor) -> Tensor:
    """How fast the sum of the values rises with each number of `at`."""
    return torch.autograd.grad(values, at, torch.ones_like(values))[0]


numbers = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
torch.testing.assert_close(gradients_of_sum(numbers**2, numbers), 2 * numbers.detach())
try:
    (numbers**2).backward()
except RuntimeError as refusal:
    print("refused:", refusal)

# %%
# Three things to try
# -------------------
#
# 1. Call ``error.backward()`` twice on the same error. What is said, and what does ``retain_graph=True`` change about w.grad?
# 2. Mark an integer tensor. Why can that not be?
# 3. Write ``w = w - 0.1 * w.grad`` inside ``no_grad`` instead of ``w -= ...``. Why does the next ``backward`` fail?
#
# Then write the whole loop: ``groundup learn start backward``.
