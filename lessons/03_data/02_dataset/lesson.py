"""
A Dataset: a length, and item number i
======================================

The pictures of a data set may fill a disk, and a training run looks at each a hundred times, in another order each time. What is
the least that a program must know about data to shuffle it, to split it, to load it with eight workers?
"""

# %%
# Two things: how many there are, and how to get number i. A class with ``__len__`` and ``__getitem__`` is a ``Dataset``.
# Nothing is read before it is asked for.

import matplotlib.pyplot as plt
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, Dataset, Subset

from groundup.data.image_folder import image_folder
from groundup.learn.stand_in import ants_and_bees


class Pictures(Dataset):
    """The pictures of a folder with one folder for each class."""

    def __init__(self, folder):
        self.classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
        self.files = sorted(folder.glob("*/*.jpg"))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int):
        file = self.files[index]
        with Image.open(file) as picture:
            return picture.convert("RGB"), self.classes.index(file.parent.name)


root = ants_and_bees()
train, validation = Pictures(root / "train"), Pictures(root / "val")
picture, label = train[0]
print(len(train), "for training,", len(validation), "for validation; the first is", picture.size, train.classes[label])

# %%
# Whatever else one wants is built on these two. A part of it, two of them in a row, a random half: each is again a length and
# an item number i, and opens no file.

half = Subset(train, range(0, len(train), 2))
both = ConcatDataset([train, validation])
order = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))
shuffled = Subset(train, order.tolist())
assert len(both) == len(train) + len(validation)
assert both[len(train)][1] == validation[0][1]  # behind the last of the first comes the first of the second
print(len(half), "in every other;", len(both), "in both")

# %%

figure, axes = plt.subplots(2, 5, figsize=(9.5, 4), layout="constrained")
for row, (dataset, name) in zip(axes, ((train, "as they lie"), (shuffled, "shuffled"))):
    for index, axis in enumerate(row):
        picture, label = dataset[index]
        axis.imshow(picture)
        axis.set_title(train.classes[label])
        axis.set_xticks([])
        axis.set_yticks([])
    row[0].set_ylabel(name)
plt.show()

# %%
# As they lie, a whole batch is of one class: a network trained in this order learns "ant" for a while, then "bee". That is
# why one shuffles.
#
# Items with names
# ----------------
#
# A pair (picture, label) is enough here. A detector's item has boxes, a captioner's a sentence; so ``groundup``'s data sets
# give dicts with standard keys, and everything behind them asks by name.

package = image_folder(split="train", root=root)
item = package[0]
print({name: tuple(value.shape) if hasattr(value, "shape") else value for name, value in item.items()})
assert len(package) == len(train)

# %%
# The trap: work in the wrong place
# ---------------------------------
#
# ``__init__`` runs once, ``__getitem__`` for each item of each epoch. Whoever opens all pictures in ``__init__`` waits
# minutes and fills the memory; whoever sorts the folder in ``__getitem__`` does so a hundred thousand times. And an item
# must depend on its number alone: a counter inside goes wrong as soon as two workers share the work.


class Counting(Dataset):
    """Goes wrong: gives the next one, whichever is asked for."""

    def __init__(self, count: int):
        self.count, self.next = count, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        self.next += 1
        return self.next - 1


counting = Counting(6)
print("asked for 3, then 3 again:", counting[3], counting[3])
assert counting[3] == 2

# %%
# One more thing belongs to a sequence: past its end it raises ``IndexError``. A ``for`` loop over a Dataset asks for 0, 1, 2
# ... and stops at that error; without it, it never stops.

try:
    train[len(train)]
except IndexError:
    print("behind the end: IndexError, and so `for picture, label in train` ends")

# %%
# Three things to try
# -------------------
#
# 1. ``train[-1]`` works. Why? And ``train[0:3]``? Make both give what a list would.
# 2. Split ``train`` into 80 and 20 percent so that both have as many ants as bees in proportion.
# 3. Keep the last 16 opened pictures in a dict. For which order of asking does that help, and for which not?
#
# Then write one of your own: ``groundup learn start dataset``.
