"""
CIFAR-10: fifty thousand pictures of 32 x 32
============================================

Aeroplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck: five thousand of each for training, a thousand for
testing. It has been the bench of small networks since 2009. What does such a data set look like from inside, and what does a
transform do to it?
"""

# %%
# It fits into memory as bytes: 50,000 x 3 x 32 x 32 is 154 MB. As floats it would be four times that, so it stays bytes
# until a batch is taken.

import time

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.data.augment import crop_and_flip
from groundup.data.whitening import colour_facts
from groundup.learn.stand_in import ten_classes

train, test = ten_classes("train"), ten_classes("test")
images, labels = train.columns["image"], train.columns["label"]
print("pictures", tuple(images.shape), images.dtype, " labels", tuple(labels.shape), labels.dtype)
print("classes:", ", ".join(train.labels))

# %%
# Look at it first. Ten of each class, a row a class:

figure, axes = plt.subplots(10, 10, figsize=(7, 7.4), layout="constrained")
for number, row in enumerate(axes):
    for axis, index in zip(row, (labels == number).nonzero()[:10, 0]):
        axis.imshow(images[index].permute(1, 2, 0))
        axis.set_xticks([])
        axis.set_yticks([])
    row[0].set_ylabel(train.labels[number], rotation=0, ha="right", va="center")
plt.show()

# %%
# How often is each class there? A classifier that always names the most frequent one is the bar that every other must pass.

counts = torch.bincount(labels, minlength=10)
print("of each class:", counts.tolist(), f" always naming the first would be right {counts.max() / counts.sum():.0%} of the time")

# %%
# The numbers of the colours
# --------------------------
#
# Mean and spread of each channel, over all pictures. In one go it would need all of them as floats; a batch at a time needs
# sums of the numbers and of their squares, and nothing else.


def colours(images: Tensor, batch_size: int = 1000) -> tuple[Tensor, Tensor]:
    """Mean and spread of each channel, of bytes as fractions. Shapes: (pictures, channels, height, width) -> twice (channels)."""
    count, total, squares = 0, 0.0, 0.0
    for batch in images.split(batch_size):
        batch = batch.double() / 255
        count += batch[:, 0].numel()
        total = total + batch.sum((0, 2, 3))
        squares = squares + batch.square().sum((0, 2, 3))
    mean = total / count
    return mean, (squares / count - mean**2).sqrt()


mean, std = colours(images)
print("mean  ", [round(number, 4) for number in mean.tolist()])
print("spread", [round(number, 4) for number in std.tolist()])
facts = colour_facts(train)
torch.testing.assert_close(mean.float(), torch.tensor(facts["mean"]), rtol=1e-4, atol=1e-5)
torch.testing.assert_close(std.float(), torch.tensor(facts["std"]), rtol=1e-3, atol=1e-4)

# %%
# Transforms on a whole batch
# ---------------------------
#
# In the usual way a transform is applied to one picture after another, in Python. For small pictures that is where the time
# goes. A batch can be cropped and turned over as a whole, each picture by its own random numbers.

generator = torch.Generator().manual_seed(0)
batch = {"image": images[:256]}
start = time.perf_counter()
whole = crop_and_flip(batch, generator, padding=4)["image"]
at_once = time.perf_counter() - start
start = time.perf_counter()
for picture in images[:256]:
    crop_and_flip({"image": picture[None]}, generator, padding=4)
print(f"256 pictures at once: {1e3 * at_once:.1f} ms; one by one: {1e3 * (time.perf_counter() - start):.0f} ms")

figure, axes = plt.subplots(2, 8, figsize=(10, 2.8), layout="constrained")
for row, pictures, name in zip(axes, (images, whole), ("as they are", "cropped, turned")):
    for axis, picture in zip(row, pictures):
        axis.imshow(picture.permute(1, 2, 0))
        axis.set_xticks([])
        axis.set_yticks([])
    row[0].set_ylabel(name)
plt.show()

# %%
# The trap: statistics of what one may not see
# --------------------------------------------
#
# Mean and spread are learnt from data, as weights are. Measured on training and test pictures together, they carry a little
# of the test into the training; of ten thousand pictures that is harmless, of thirty it is not. The same mistake with class
# means, with a vocabulary, or with the choice of the best epoch by the test score has spoilt published results.

for name, part in (("train", images), ("test", test.columns["image"])):
    print(f"{name:5} mean {[round(number, 4) for number in colours(part)[0].tolist()]}")

# %%
# In ``groundup`` such numbers are *facts*: they are fitted on the training split by the recipe, and kept with the run.
#
# Three things to try
# -------------------
#
# 1. The mean picture of each class: which classes can you recognise, and why the ship?
# 2. A nearest-neighbour classifier on the raw bytes (the lesson on broadcasting has the distances). How far above the bar
#    is it?
# 3. Subtracting two large numbers loses digits: compute ``squares / count - mean**2`` in float32 over all 50,000. How wrong
#    is it?
#
# Then write the statistics so that nothing is lost: ``groundup learn start cifar10``.
