"""
ToTensor: what a picture is to a network
========================================

A photograph on disk is a JPEG. Pillow opens it, Matplotlib shows it, and a convolution refuses it. Between the file and the first
layer lie three small changes that every program makes. Which, and what happens if one is forgotten and no error is raised?
"""

# %%
# To Pillow a picture is rows of pixels, each of three bytes. To a layer it is channels, each a plane of fractions.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from groundup.data.decode import decode
from groundup.learn.stand_in import ants_and_bees

root = ants_and_bees()
file = sorted((root / "train").glob("*/*.jpg"))[0]
picture = Image.open(file).convert("RGB")
pixels = np.asarray(picture)
print("Pillow:", picture.size, "(width, height), bytes", pixels.shape, "(height, width, channels)", pixels.dtype)


def to_tensor(pixels: np.ndarray) -> Tensor:
    """Bytes (height, width, channels) as fractions (channels, height, width)."""
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255


tensor = to_tensor(pixels)
print("tensor:", tuple(tensor.shape), tensor.dtype, f"from {tensor.min():.2f} to {tensor.max():.2f}")

# %%
# Three changes, then: channels first, fractions instead of bytes, a tensor instead of an array. The package's reader keeps
# bytes for as long as possible (a quarter of the memory), and ``prepare`` makes fractions of a whole batch at once.

read = decode(file)
torch.testing.assert_close(read.float() / 255, tensor)
print("the package reads", tuple(read.shape), read.dtype)

# %%
# Each channel is a picture in grey: bright where there is much of that colour.

figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")
axes[0].imshow(picture)
axes[0].set_title("the picture")
for axis, plane, name in zip(axes[1:], tensor, ("red", "green", "blue")):
    axis.imshow(plane, cmap="gray", vmin=0, vmax=1)
    axis.set_title(name)
for axis in axes:
    axis.set_axis_off()
plt.show()

# %%
# What Pillow opens is not always RGB
# -----------------------------------
#
# A drawing may be one channel of grey, a PNG have a fourth channel for how opaque each pixel is, a GIF hold numbers of a
# palette. ``convert`` brings them to what is asked for; without it, the same folder gives tensors of different shapes.

for mode in ("L", "RGBA", "P"):
    array = np.asarray(picture.convert(mode))
    print(f"{mode:5} gives {array.shape}")

# %%
# The traps: three silent mistakes
# --------------------------------
#
# **Not divided.** Bytes as floats go up to 255. A network runs with them, its first outputs are 255 times too large, and
# training hardly moves. Look at ``tensor.max()`` once.
#
# **Reshaped instead of permuted.** The shape is right, the picture is not.
#
# **Turned.** A phone stores every photograph as its sensor lies, and a note (EXIF) that says how to turn it. Pillow does not
# turn it by itself.

reshaped = torch.from_numpy(pixels.copy()).reshape(3, *pixels.shape[:2]).float() / 255
assert reshaped.shape == tensor.shape and not torch.equal(reshaped, tensor)

noted = Image.fromarray(pixels)
exif = noted.getexif()
exif[0x0112] = 6  # "turn me by a quarter": how a phone held upright writes it
turned_file = Path(tempfile.mkdtemp()) / "turned.jpg"
noted.save(turned_file, exif=exif)
plain = Image.open(turned_file)
upright = ImageOps.exif_transpose(plain)
print("as stored", plain.size, " as it was seen", upright.size, " the package reads", tuple(decode(turned_file).shape))

figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for axis, image, title in zip(axes, (reshaped.permute(1, 2, 0), plain, upright), ("reshaped", "as stored", "as it was seen")):
    axis.imshow(image)
    axis.set_title(title)
    axis.set_axis_off()
plt.show()

# %%
# Three things to try
# -------------------
#
# 1. Save the tensor as a PNG again, byte for byte the same picture. Where must you round?
# 2. Which of these lose something: uint8 to float32 and back, uint8 to bfloat16 and back, a JPEG saved twice?
# 3. A 16-bit PNG from a microscope: what does ``Image.open(...).mode`` say, and by what must one divide?
#
# Then write a reader that takes whatever Pillow opens: ``groundup learn start to_tensor``.
