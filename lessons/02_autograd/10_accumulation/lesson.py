"""
Accumulation and clipping: steps of a size you choose
=====================================================

The paper trained on batches of 256, and 32 is all that fits into this machine's memory. And every few thousand batches the loss
jumps, and what was learnt in an hour is gone. Both have the same kind of answer: do something to the gradients before the step.
"""

# %%
# **Accumulation.** Gradients add up (a lesson ago that was a trap). The gradient of a sum is the sum of the gradients: so
# compute a large batch in parts, call ``backward`` for each, and step once at the end.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Sequential

from groundup.layers.activation import Tanh
from groundup.layers.linear import Linear
from groundup.losses.regression import MSELoss

torch.manual_seed(0)
model = Sequential(Linear(in_features=8, out_features=16), Tanh(), Linear(in_features=16, out_features=1))
inputs, targets = torch.randn(32, 8), torch.randn(32, 1)
loss_of = MSELoss()


def gradients() -> list[Tensor]:
    found = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    return found


loss_of(model(inputs), targets).backward()
whole = gradients()
for part, wanted in zip(inputs.chunk(4), targets.chunk(4)):
    (loss_of(model(part), wanted) / 4).backward()
in_parts = gradients()
torch.testing.assert_close(in_parts, whole)
print("four parts of 8 give the gradient of one batch of 32")

# %%
# Mind the ``/ 4``: each part's loss is a mean over 8, and the mean over 32 is the mean of the four means. Without it the step
# is four times as long. And where parts differ in how many examples count (sentences with padding), the mean of means is
# **not** the mean: sum up in each part, and divide by the count of all.

lengths = torch.tensor([8, 8, 8, 5])
cut = lengths.sum()
loss_of(model(inputs[:cut]), targets[:cut]).backward()
right = gradients()
for part, wanted in zip(inputs[:cut].split(lengths.tolist()), targets[:cut].split(lengths.tolist())):
    (loss_of(model(part), wanted) / 4).backward()
of_means = gradients()
for part, wanted in zip(inputs[:cut].split(lengths.tolist()), targets[:cut].split(lengths.tolist())):
    (loss_of(model(part), wanted) * len(part) / cut).backward()
of_sums = gradients()
print("mean of means is off by", round((of_means[0] - right[0]).abs().max().item(), 5))
torch.testing.assert_close(of_sums, right)

# %%
# **Clipping.** Rarely, a batch gives a gradient a hundred times as long as the others. Its direction is as good as any; its
# length is what does the harm. So measure the length of all gradients **together**, and where it is above a bound, scale them
# all down.


def clip(parameters: list[Tensor], most: float) -> float:
    """Scale all gradients so that together they are no longer than `most`; the length that they had."""
    length = torch.stack([parameter.grad.norm() for parameter in parameters]).norm()
    if length > most:
        for parameter in parameters:
            parameter.grad *= most / length
    return length.item()


parameters = list(model.parameters())
loss_of(model(inputs), 100 * targets).backward()
before = [parameter.grad.clone() for parameter in parameters]
print(f"a length of {clip(parameters, 1.0):.1f} was cut down to {clip(parameters, 1.0):.4f}")
scales = [(parameter.grad / old).mean() for parameter, old in zip(parameters, before)]
print("every parameter by the same factor:", [round(scale.item(), 5) for scale in scales])
model.zero_grad()

# %%
# Clipping a cliff
# ----------------
#
# The loss of a recurrent network has cliffs: it multiplies by one number again and again, and beyond 1 that explodes. Here
# is the smallest such network, one weight, fifteen steps (Pascanu, Mikolov & Bengio 2012, https://arxiv.org/abs/1211.5063,
# figure 6).


def loss_at(w: Tensor) -> Tensor:
    state = torch.full_like(w, 0.5)
    for _ in range(15):
        state = w * state
    return (state - 0.2) ** 2


def walk(most: float | None, steps: int = 25) -> list[float]:
    w = torch.tensor(1.2, requires_grad=True)
    places = [w.item()]
    for _ in range(steps):
        loss_at(w).backward()
        if most is not None:
            clip([w], most)
        with torch.no_grad():
            w -= 0.02 * w.grad
        w.grad = None
        places.append(w.item())
    return places


free, clipped = walk(None), walk(1.0)
print("without clipping the first step leads to", round(free[1], 2), "and with it, in the end, to", round(clipped[-1], 3))
ws = torch.linspace(0.6, 1.25, 300)
plt.figure(figsize=(7, 3.5), layout="constrained")
plt.plot(ws, loss_at(ws), color="gray")
plt.plot(clipped, loss_at(torch.tensor(clipped)), "o-", markersize=4, label="clipped to 1")
plt.annotate("unclipped: away it goes", (1.2, loss_at(torch.tensor(1.2))), (0.75, 40), arrowprops=dict(arrowstyle="<-"))
plt.xlabel("w")
plt.ylabel("loss")
plt.legend()
plt.show()
assert abs(clipped[-1] - 0.94) < 0.05 < abs(free[1] - 0.94)

# %%
# The trap: clipping each by itself, or at the wrong time
# -------------------------------------------------------
#
# Clipping every parameter to the bound by itself turns the direction: the long ones are cut, the short ones are not. And with
# accumulation, clip once, after the last part: clipping the parts bounds each of them and not what they add up to.

long, short = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 0.5])
together = torch.stack([long, short]) / torch.stack([long, short]).norm()
each = torch.stack([long / long.norm(), short])
print("share of the second direction:", round((together[1, 1] / together[0, 0]).item(), 3), "before, and then", each[1, 1].item())

# %%
# Three things to try
# -------------------
#
# 1. Batch norm looks at the batch. Does a network with one give the same gradients in four parts?
# 2. Print the length of the gradient at every step of a training. What bound would cut one step in a hundred?
# 3. Let the walk begin at w = 1.2 with a rate of 0.0001 instead of clipping. How many steps until it arrives?
#
# Then write the clipping that engines use: ``groundup learn start accumulation``.
