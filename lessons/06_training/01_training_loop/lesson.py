"""
The whole training loop
=======================

Data, a network, a loss, an optimiser: every part has had its lesson. Put together they fill one page, and that page is what
every training program is at its heart. What stands on it, in which order, and what has to be printed so that one knows whether
it works?
"""

# %%
# The data: CIFAR-10 (or its stand-in), in memory, as bytes. The network: three convolutions, two linear layers.

import time

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.layers.activation import ReLU
from groundup.layers.convolution import Conv2d
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm2d
from groundup.layers.pooling import MaxPool2d
from groundup.learn.stand_in import ten_classes
from groundup.losses.classification import CrossEntropyLoss
from groundup.optim.sgd import SGD

train_data, test_data = ten_classes("train"), ten_classes("test")


def prepare(batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Bytes as numbers around zero."""
    return (batch["image"].float() / 255 - 0.5) * 4, batch["label"]


class Net(Module):
    def __init__(self, width: int = 24):
        super().__init__()
        sizes = (3, width, 2 * width, 2 * width)
        parts = [
            Sequential(Conv2d(in_channels=i, out_channels=o, kernel_size=3, padding=1), BatchNorm2d(num_features=o), ReLU(),
                       MaxPool2d(kernel_size=2))
            for i, o in zip(sizes, sizes[1:])
        ]  # fmt: skip
        self.body = Sequential(*parts)
        self.head = Linear(in_features=2 * width * 16, out_features=10)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.body(images).flatten(1))


# %%
# The page itself. In each epoch: training mode, all batches, a step each. Then, in evaluation mode and without books, all
# test pictures: how many are right?


def train_epoch(model: Module, loss_of: Module, optimizer, generator: torch.Generator, batch_size: int = 64) -> float:
    """One epoch of steps; the mean loss over all examples."""
    model.train()
    total, count = 0.0, 0
    for numbers in torch.randperm(len(train_data), generator=generator).split(batch_size):
        images, labels = prepare(train_data.batch(numbers))
        loss = loss_of(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total, count = total + loss.item() * len(labels), count + len(labels)
    return total / count


@torch.no_grad()
def evaluate(model: Module, loss_of: Module, batch_size: int = 250) -> tuple[float, float]:
    """The mean loss and the share that is right, over the whole test split."""
    model.eval()
    total, right, count = 0.0, 0, 0
    for numbers in torch.arange(len(test_data)).split(batch_size):
        images, labels = prepare(test_data.batch(numbers))
        scores = model(images)
        total += loss_of(scores, labels).item() * len(labels)
        right += (scores.argmax(1) == labels).sum().item()
        count += len(labels)
    return total / count, right / count


torch.manual_seed(0)
model, loss_of = Net(), CrossEntropyLoss()
optimizer, generator = SGD(model.parameters(), lr=0.05, momentum=0.9), torch.Generator().manual_seed(0)
epochs, rows = 4, []
print("before any step:", "loss {:.3f}, right {:.1%}".format(*evaluate(model, loss_of)))
for epoch in range(epochs):
    start = time.perf_counter()
    for group in optimizer.param_groups:
        group["lr"] = 0.05 * (1 - epoch / epochs)  # longer steps at first, shorter ones at the end
    row = (train_epoch(model, loss_of, optimizer, generator), *evaluate(model, loss_of))
    rows.append(row)
    print(
        "epoch {}: training loss {:.3f}, test loss {:.3f}, right {:.1%}, {:.1f} s".format(
            epoch + 1, *row, time.perf_counter() - start
        )
    )

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
training, test, right = zip(*rows)
axes[0].plot(range(1, epochs + 1), training, "o-", label="training")
axes[0].plot(range(1, epochs + 1), test, "o-", label="test")
axes[0].set_ylabel("loss")
axes[0].legend()
axes[1].plot(range(1, epochs + 1), right, "o-", color="tab:green")
axes[1].set_ylabel("right")
for axis in axes:
    axis.set_xlabel("epoch")
plt.show()
assert right[-1] > 0.3

# %%
# ``groundup train`` runs this page, with everything around it that a real run wants: checkpoints from which it goes on,
# TensorBoard, precision, a signal handler. Its heart is ``engine/trainer.py``, one loop as here.
#
# The trap: the mean of unequal batches
# -------------------------------------
#
# 5,000 pictures make 78 batches of 64 and one of 8. The mean of the 79 batch means gives each of those eight pictures eight
# times the weight of the others. It is a small error, and the reason that two programs disagree about the same model in the
# third digit.


@torch.no_grad()
def careless(model: Module, batch_size: int) -> float:
    model.eval()
    losses = []
    for numbers in torch.arange(len(test_data)).split(batch_size):
        images, labels = prepare(test_data.batch(numbers))
        losses.append(loss_of(model(images), labels).item())
    return sum(losses) / len(losses)


print("careless, by the size of a batch:", [round(careless(model, size), 5) for size in (100, 300, 999)])
print("right:                           ", [round(evaluate(model, loss_of, size)[0], 5) for size in (100, 300, 999)])

# %%
# Three things to try
# -------------------
#
# 1. Which of the ten classes are taken for which? (The exercise on indexing makes the table.)
# 2. Mirror half of the training pictures in ``prepare``. After how many epochs does it pay?
# 3. Save the model after the best epoch, chosen by the test score. What is that score worth then?
#
# Then write the two functions of the page: ``groundup learn start training_loop``.
