"""
DataLoader: batches, epochs, workers
====================================

A Dataset gives item number i. Training wants batches of 64, in a new order each epoch, and does not want to wait for the disk.
What stands between the two, and what makes it the most common cause of a slow training and of one that cannot be repeated?
"""

# %%
# A ``DataLoader`` draws an order, cuts it into batches, fetches the items, and puts them together. In ten lines:

import time

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from groundup.data.images import digits

train = digits(split="train")


def batches(dataset: Dataset, batch_size: int, generator: torch.Generator):
    """Shuffled batches of one epoch."""
    order = torch.randperm(len(dataset), generator=generator)
    for numbers in order.split(batch_size):
        items = [dataset[number] for number in numbers.tolist()]
        yield {name: torch.stack([item[name] for item in items]) for name in items[0]}


ours = [batch["label"] for batch in batches(train, 64, torch.Generator().manual_seed(0))]
loader = DataLoader(train, batch_size=64, shuffle=True, generator=torch.Generator().manual_seed(0))
print(len(ours), "batches;", len(loader), "says the loader; the last one has", len(ours[-1]), "items")
assert len(ours) == len(loader) == -(-len(train) // 64)
assert torch.equal(torch.cat(ours).sort().values, torch.cat([batch["label"] for batch in loader]).sort().values)

# %%
# 1437 items make 22 batches of 64 and one of 29. ``drop_last=True`` leaves the short one out: a batch norm dislikes a batch
# of one, and a sum of losses should not weigh it like the others. For scoring nothing may be left out.
#
# An **epoch** is once through all. Each time the loader is asked for an iterator it draws a new order, from the generator
# where it stands then.

loader = DataLoader(train, batch_size=64, shuffle=True, drop_last=True, generator=torch.Generator().manual_seed(0))
firsts = [next(iter(loader))["label"][:8].tolist() for _ in range(3)]
for epoch, labels in enumerate(firsts):
    print("epoch", epoch, "begins with", labels)
again = DataLoader(train, batch_size=64, shuffle=True, generator=torch.Generator().manual_seed(0))
assert next(iter(again))["label"][:8].tolist() == firsts[0]

# %%
figure, axes = plt.subplots(2, 12, figsize=(10, 2.2), layout="constrained")
for row, batch in zip(axes, (next(iter(DataLoader(train, batch_size=12))), next(iter(loader)))):
    for axis, image, label in zip(row, batch["image"], batch["label"]):
        axis.imshow(image[0], cmap="gray_r")
        axis.set_title(label.item())
        axis.set_axis_off()
plt.suptitle("above: the first items in order; below: a shuffled batch")
plt.show()

# %%
# Putting items together: ``collate``
# -----------------------------------
#
# Pictures of one size are stacked. Sentences are not of one length, so somebody must say how a batch of them is made: fill up
# with zeros, and say which places count.


def pad(items: list[Tensor]) -> dict[str, Tensor]:
    """Rows of different length as one table, and where it holds a token."""
    longest = max(map(len, items))
    tokens = torch.zeros(len(items), longest, dtype=torch.int64)
    for row, item in zip(tokens, items):
        row[: len(item)] = item
    return {"tokens": tokens, "mask": torch.arange(longest) < torch.tensor([[len(item)] for item in items])}


sentences = [torch.arange(1, length) for length in (4, 7, 3, 5)]
batch = next(iter(DataLoader(sentences, batch_size=4, collate_fn=pad)))
print(batch["tokens"])

# %%
# Workers
# -------
#
# ``num_workers=4`` starts four processes that fetch batches while the network computes. It pays where an item takes long
# (decoding a photograph, 5 ms) and costs where it does not: the digits lie in memory, and sending them between processes
# takes longer than taking them. Then there is a better way than a loader: take the whole batch by one index.

start = time.perf_counter()
for _ in DataLoader(train, batch_size=64):
    pass
by_items = time.perf_counter() - start
start = time.perf_counter()
for numbers in torch.randperm(len(train)).split(64):
    train.batch(numbers)
print(f"an epoch by items {1e3 * by_items:.0f} ms, by whole batches {1e3 * (time.perf_counter() - start):.1f} ms")

# %%
# The trap: the same random numbers in every worker
# -------------------------------------------------
#
# Random numbers that an item draws come from its worker's generators. PyTorch seeds its own anew in each worker and each
# epoch; NumPy's is copied as it stands when a worker is forked, so four workers draw the same "random" crops, and the same
# again in each epoch. Draw from torch, or give each item numbers of its own from (seed, epoch, index), as here: then it
# matters not who fetches it.


def own_numbers(seed: int, epoch: int, index: int) -> Tensor:
    """Random numbers that depend on nothing but these three."""
    return torch.rand(2, generator=torch.Generator().manual_seed(hash((seed, epoch, index)) % 2**63))


assert torch.equal(own_numbers(0, 1, 7), own_numbers(0, 1, 7))
assert not torch.equal(own_numbers(0, 1, 7), own_numbers(0, 2, 7))

# %%
# A second trap: ``shuffle=True`` on the test split changes nothing about the score, and everything about which prediction
# belongs to which file.
#
# Three things to try
# -------------------
#
# 1. How many different first batches can 1437 items give? Why does no run ever see two equal epochs?
# 2. Time ``num_workers=2`` on the digits. Where does the time of the first batch go?
# 3. A run is killed in the middle of an epoch. What must it have saved to go on with the very batch that came next?
#
# Then write the order of batches, so that it can be taken up anywhere: ``groundup learn start data_loader``.
