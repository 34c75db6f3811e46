"""
Augmentation: the same cat, seen differently
============================================

Two hundred photographs are few, and a network with ten million weights knows each of them by heart after a minute. But a
photograph turned over still shows an ant. How much can one change about a picture before it stops being what its label says?
"""

# %%
# Whatever a person would not call another thing, one may do. Here are the usual means, each applied eight times to one
# picture. The rows differ in what they claim: that the subject may stand elsewhere, be mirrored, be nearer, be lit
# otherwise, be partly hidden.

from functools import partial

import matplotlib.pyplot as plt
import torch
from torch import Generator, Tensor

from groundup.data.augment import crop_and_flip, cutout
from groundup.data.augment_color import color_jitter
from groundup.data.augment_mix import cutmix, mixup
from groundup.data.augment_random import rand_augment
from groundup.data.augment_resize import random_resized_crop
from groundup.data.decode import decode
from groundup.data.images import digits
from groundup.learn.stand_in import ants_and_bees

root = ants_and_bees()
files = [sorted(folder.glob("*.jpg"))[1] for folder in sorted((root / "train").iterdir()) if folder.is_dir()]


def square(picture: Tensor, size: int = 96) -> Tensor:
    """The middle of a picture, as bytes of a fixed size."""
    side = min(picture.shape[1:])
    top, left = (picture.shape[1] - side) // 2, (picture.shape[2] - side) // 2
    middle = picture[None, :, top : top + side, left : left + side].float()
    return torch.nn.functional.interpolate(middle, (size, size), mode="bilinear", antialias=True)[0].round().to(torch.uint8)


first, second = (square(decode(file)) for file in files)
batch = {"image": first.expand(8, -1, -1, -1).contiguous(), "label": torch.zeros(8, dtype=torch.int64)}
ways = {
    "crop and flip": partial(crop_and_flip, padding=12),
    "resized crop": partial(random_resized_crop, size=96),
    "colour jitter": partial(color_jitter, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1),
    "cutout": partial(cutout, size=40),
    "rand augment": partial(rand_augment, num_ops=2, magnitude=9),
}
figure, axes = plt.subplots(len(ways), 8, figsize=(10, 6.4), layout="constrained")
for row, (name, way) in zip(axes, ways.items()):
    changed = way(batch, Generator().manual_seed(0))["image"]
    for axis, picture in zip(row, changed):
        axis.imshow(picture.permute(1, 2, 0))
        axis.set_xticks([])
        axis.set_yticks([])
    row[0].set_ylabel(name)
plt.show()

# %%
# The simplest by hand
# --------------------
#
# Half of the pictures of a batch are mirrored, each by its own coin. No loop: mirror all, and choose.


def random_flip(images: Tensor, generator: Generator) -> Tensor:
    """Each picture mirrored or not. Shapes: (batch, channels, height, width) -> the same."""
    mirrored = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(mirrored[:, None, None, None], images.flip(3), images)


flipped = random_flip(batch["image"], Generator().manual_seed(0))
print("mirrored:", [not torch.equal(picture, first) for picture in flipped])
assert all(torch.equal(picture, first) or torch.equal(picture.flip(2), first) for picture in flipped)

# %%
# The package does the crop and the flip of a batch in one gathering, and draws each picture's numbers from the generator that
# it is given: so a run that is resumed sees the same crops. With no padding the crop changes nothing, and each comes out
# mirrored or not.

crops = crop_and_flip(batch, Generator().manual_seed(0), padding=0)["image"]
assert all(torch.equal(picture, first) or torch.equal(picture.flip(2), first) for picture in crops)

# %%
# Mixing two pictures
# -------------------
#
# **Mixup** lays two pictures over each other, **CutMix** pastes a part of one into the other; the label becomes a mixture
# too. Nobody would call the result a photograph, and yet it helps: between two examples the network is told to answer
# something between.

pair = {"image": torch.stack([first, second]), "label": torch.tensor([0, 1])}
figure, axes = plt.subplots(2, 5, figsize=(10, 4.2), layout="constrained")
for row, way in zip(axes, (partial(mixup, num_classes=2, alpha=1.0), partial(cutmix, num_classes=2, alpha=1.0))):
    for seed, axis in enumerate(row):
        mixed = way(pair, Generator().manual_seed(seed))
        axis.imshow(mixed["image"][0].permute(1, 2, 0).to(torch.float32).div(255).clamp(0, 1))
        share = mixed["label"][0].tolist()
        axis.set_title(f"{share[0]:.2f} and {share[1]:.2f}")
        axis.set_axis_off()
plt.show()

# %%
# The trap: changing what the label says
# --------------------------------------
#
# A mirrored 3 is no digit; a 6 turned by half is a 9; a traffic light whose colours are shifted lies; a detector's boxes must
# be moved with the picture, and a mask too. An augmentation is a statement about the world, and it can be false.

figure, axes = plt.subplots(1, 4, figsize=(7, 2.1), layout="constrained")
sample = digits(split="train")
six = sample.columns["image"][(sample.columns["label"] == 6).nonzero()[0, 0], 0]
three = sample.columns["image"][(sample.columns["label"] == 3).nonzero()[0, 0], 0]
for axis, image, title in zip(axes, (six, six.flip(0, 1), three, three.flip(1)), ("a 6", "turned: a 9", "a 3", "mirrored")):
    axis.imshow(image, cmap="gray_r")
    axis.set_title(title)
    axis.set_axis_off()
plt.show()

# %%
# And it belongs to training alone: a test picture that is cropped at random gives another score each time.
#
# Three things to try
# -------------------
#
# 1. Raise the magnitude of ``rand_augment`` until you can no longer tell the class. Where would you set it?
# 2. Which of the five rows would you use for satellite pictures, for X-rays, for handwriting?
# 3. Score a trained model on a picture and on its mirror image, and take the mean of both. Why does that help even a little?
#
# Then write mixup: ``groundup learn start augmentation``.
