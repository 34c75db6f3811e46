"""
The optimiser, and its loop
===========================

``parameter -= rate * gradient`` has carried us so far. Every real training says ``optimizer.zero_grad()``, ``loss.backward()``,
``optimizer.step()``. What does an optimiser know that our one line did not, and what goes wrong if the three stand in another
order?
"""

# %%
# It holds the parameters, and a memory for each. The loop is always the same:

import matplotlib.pyplot as plt
import torch
from torch.nn import Sequential

from groundup.data.images import digits
from groundup.layers.activation import ReLU
from groundup.layers.linear import Linear
from groundup.losses.classification import CrossEntropyLoss
from groundup.optim.adam import AdamW
from groundup.optim.sgd import SGD

train = digits(split="train")
images, labels = train.columns["image"].float().flatten(1) / 255, train.columns["label"]


def network() -> Sequential:
    torch.manual_seed(0)
    return Sequential(Linear(in_features=64, out_features=32), ReLU(), Linear(in_features=32, out_features=10))


def fit(model: Sequential, optimizer, epochs: int = 3, batch_size: int = 64) -> list[float]:
    """The loss of every batch."""
    generator, losses = torch.Generator().manual_seed(0), []
    for _ in range(epochs):
        for numbers in torch.randperm(len(labels), generator=generator).split(batch_size):
            loss = CrossEntropyLoss()(model(images[numbers]), labels[numbers])
            optimizer.zero_grad()  # forget the gradients of the step before
            loss.backward()  # compute those of this step
            optimizer.step()  # move
            losses.append(loss.item())
    return losses


model = network()
losses = fit(model, SGD(model.parameters(), lr=0.1))
print(f"{len(losses)} steps, loss {losses[0]:.3f} -> {sum(losses[-5:]) / 5:.3f}")

# %%
# SGD with momentum, by hand
# --------------------------
#
# Gradients of single batches point here and there. **Momentum** keeps a running sum that forgets: what all of them agree on
# adds up, what they disagree about cancels. With a coefficient of 0.9 a lasting direction is walked ten times as fast.


class Momentum:
    """Gradient descent with momentum."""

    def __init__(self, parameters, lr: float, momentum: float):
        self.parameters, self.lr, self.momentum = list(parameters), lr, momentum
        self.velocity = [torch.zeros_like(parameter) for parameter in self.parameters]

    def zero_grad(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        for parameter, velocity in zip(self.parameters, self.velocity):
            velocity.mul_(self.momentum).add_(parameter.grad)
            parameter -= self.lr * velocity


ours, theirs = network(), network()
by_hand = fit(ours, Momentum(ours.parameters(), lr=0.1, momentum=0.9), epochs=1)
package = fit(theirs, SGD(theirs.parameters(), lr=0.1, momentum=0.9), epochs=1)
torch.testing.assert_close(torch.tensor(by_hand), torch.tensor(package), rtol=1e-4, atol=1e-5)
print("equal to the package's, step for step")

# %%
# Adam
# ----
#
# **Adam** divides each step by how large that parameter's gradients usually are: a parameter with small gradients takes steps
# as long as one with large ones. It needs less tuning, and two memories per parameter.

figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
kinds = {
    "plain, 0.1": lambda p: SGD(p, lr=0.1),
    "momentum 0.9": lambda p: SGD(p, lr=0.1, momentum=0.9),
    "AdamW, 0.003": lambda p: AdamW(p, lr=3e-3),
}
for name, make in kinds.items():
    model = network()
    curve = torch.tensor(fit(model, make(model.parameters())))
    axis.plot(curve.unfold(0, 9, 1).mean(1), label=name)
axis.set_xlabel("step")
axis.set_ylabel("loss (mean of nine)")
axis.legend()
plt.show()

# %%
# The trap: the three in another order
# ------------------------------------
#
# Leave ``zero_grad`` out and gradients add up, as we saw. Put it between ``backward`` and ``step`` and nothing is learnt at
# all, without a word: there are no gradients left when the step comes.


def in_order(order: str) -> float:
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    for start in range(0, 1408, 64):
        loss = CrossEntropyLoss()(model(images[start : start + 64]), labels[start : start + 64])
        for deed in order.split():
            {"zero": optimizer.zero_grad, "backward": loss.backward, "step": optimizer.step}[deed]()
    return CrossEntropyLoss()(model(images), labels).item()


for order in ("zero backward step", "backward step zero", "backward zero step", "backward step"):
    print(f"{order:20} {in_order(order):.3f}")
assert in_order("backward zero step") > 2.2

# %%
# A second one: an optimiser knows the parameters that it was given when it was made. Replace a layer afterwards, and the new
# one is not among them.

model = network()
optimizer = SGD(model.parameters(), lr=0.1)
model[2] = Linear(in_features=32, out_features=10)
before = model[2].weight.clone()
CrossEntropyLoss()(model(images), labels).backward()
optimizer.step()
print("the new layer moved:", not torch.equal(model[2].weight, before))
assert torch.equal(model[2].weight, before)

# %%
# Three things to try
# -------------------
#
# 1. Momentum 0.99 at the same rate. What do you see, and by what should the rate be divided?
# 2. Give the two layers rates of their own: an optimiser takes a list of ``{"params": ..., "lr": ...}``.
# 3. ``AdamW`` with a rate of 0.3, and SGD with 3. Which one breaks, and how does it look?
#
# Then write SGD with everything: ``groundup learn start optimizer_loop``.
