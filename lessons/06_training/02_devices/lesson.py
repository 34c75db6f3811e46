"""
Training on a GPU, or on whatever is there
==========================================

A GPU does in a minute what a laptop does in an hour. What has to be changed in the page of the last lesson for it? Two ways are
seen in programs: ``.cuda()``, and ``.to(device)``. One of them runs everywhere.
"""

# %%
# Three things must be where the computing is: the **model**, the **batches**, and the **loss** if it has weights of its own.
# The optimiser follows its parameters.

import time

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.data.images import digits
from groundup.layers.activation import ReLU
from groundup.layers.linear import Linear
from groundup.losses.classification import CrossEntropyLoss
from groundup.optim.adam import AdamW

train = digits(split="train")


def network() -> Sequential:
    torch.manual_seed(0)
    return Sequential(Linear(in_features=64, out_features=64), ReLU(), Linear(in_features=64, out_features=10))


def batches(seed: int = 0):
    for numbers in torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).split(64):
        batch = train.batch(numbers)
        yield batch["image"].float().flatten(1) / 255, batch["label"]


# %%
# **The first way**: ``.cuda()``. It says which device, and that is its fault: without an NVIDIA card it fails. So it is
# written three times behind an ``if``, and each ``if`` can be forgotten.

model, loss_of = network(), CrossEntropyLoss()
if torch.cuda.is_available():
    model = model.cuda()
    loss_of = loss_of.cuda()
images, labels = next(iter(batches()))
if torch.cuda.is_available():
    images, labels = images.cuda(), labels.cuda()
print("the first way, loss", round(loss_of(model(images), labels).item(), 4))
try:
    torch.zeros(1).cuda()
    print("there is a GPU here")
except (AssertionError, RuntimeError) as refusal:
    print("without the if:", str(refusal).splitlines()[0])

# %%
# **The second way**: choose once, then say ``.to(device)``. The same program runs on a card, on an Apple processor and on a
# laptop, and a person may choose another by an argument.

device = torch.device("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")


def fit(device: torch.device, epochs: int = 3) -> tuple[Module, list[float]]:
    model, loss_of = network().to(device), CrossEntropyLoss().to(device)
    optimizer, losses = AdamW(model.parameters(), lr=0.01), []  # after the move
    for epoch in range(epochs):
        for images, labels in batches(epoch):
            images, labels = images.to(device, non_blocking=True), labels.to(device, non_blocking=True)
            loss = loss_of(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
    return model, torch.stack(losses).tolist()


model, losses = fit(device)
print(f"on {device}: loss {losses[0]:.3f} -> {losses[-1]:.3f}")
plt.figure(figsize=(6.5, 3), layout="constrained")
plt.plot(losses)
plt.title(f"three epochs on {device}")
plt.xlabel("step")
plt.ylabel("loss")
plt.show()

# %%
# Two small things in it matter on a card. ``losses.append(loss.detach())`` and not ``loss.item()``: to read a number waits
# until the card has caught up, at every step. And ``.to`` of a **module** moves it in place, while ``.to`` of a **tensor**
# gives a new one: ``images.to(device)`` alone on a line does nothing.

module = Linear(in_features=2, out_features=2)
assert module.to(torch.float64) is module and module.weight.dtype == torch.float64
tensor = torch.zeros(2)
tensor.to(torch.float64)
print("the module is now of", module.weight.dtype, "- the tensor still of", tensor.dtype)

# %%
# Whether a card is worth its while depends on how much there is to do at once. This network's step is so small that a card
# spends it waiting for Python. Here, what a step costs by its size:


def step_time(width: int, batch: int) -> float:
    model = Sequential(Linear(in_features=64, out_features=width), ReLU(), Linear(in_features=width, out_features=10)).to(device)
    x = torch.randn(batch, 64, device=device)
    times = []
    for _ in range(4):
        start = time.perf_counter()
        model(x).sum().backward()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times)


for width in (64, 512, 2048):
    print(f"width {width:5}: {1e3 * step_time(width, 64):6.2f} ms for 64 examples, {1e3 * step_time(width, 512):6.2f} ms for 512")

# %%
# The trap: half of it moved
# --------------------------
#
# A tensor that a module makes for itself in ``forward`` (``torch.zeros(3)``, ``torch.arange(n)``) is made on the CPU,
# whatever the module is on. The message then says "expected all tensors to be on the same device". The cure: make it where
# the input is, or register it as a buffer. There is a device to find such places without a card: on ``meta`` tensors have
# shapes and no numbers, and the same mistake is refused.


class Forgetful(Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(x.shape[-1])


class Careful(Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(x.shape[-1], device=x.device)


for kind in (Forgetful, Careful):
    try:
        print(kind.__name__, "works:", tuple(kind()(torch.zeros(2, 3, device="meta")).shape))
    except RuntimeError as refusal:
        print(kind.__name__, "is refused:", str(refusal)[:80])

# %%
# Three things to try
# -------------------
#
# 1. Save the model's state on the device and load it with ``map_location="cpu"``. Where are its tensors?
# 2. Make the optimiser before ``model.to(device)``. Does it still hold the right parameters? (Look at ``data_ptr()``.)
# 3. ``torch.set_default_device("meta")``, then build the largest model you know. How long does it take, and how much memory?
#
# Then write what moves a batch of anything: ``groundup learn start devices``.
