"""
NumPy and devices: the same numbers elsewhere
=============================================

Pictures come as NumPy arrays, plots want NumPy arrays, and a GPU wants the numbers in its own memory. When does a tensor share
its numbers with an array, when are they copied, and what must a program look like that runs with a GPU and without one?
"""

# %%
# ``torch.from_numpy`` and ``tensor.numpy()`` copy nothing: the array and the tensor are two views of the same memory. What is
# written into the one is read in the other.

import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

array = np.zeros(4, dtype=np.float32)
tensor = torch.from_numpy(array)
array[1] = 7
tensor[2] = 9
print("the array ", array)
print("the tensor", tensor)
assert tensor.data_ptr() == array.ctypes.data

# %%
# ``torch.tensor(array)`` copies. The rule of thumb: the function whose name says where the numbers come **from** shares, the
# one that **makes** a tensor copies.

apart = torch.tensor(array)
array[:] = 0
print("shared:", tensor.tolist(), "  copied:", apart.tolist())

# %%
# NumPy computes in ``float64`` unless told otherwise, PyTorch in ``float32``. A tensor made from an array keeps the array's
# type, and the first layer refuses it. This line is in every program that reads data:

measured = np.array([0.5, 1.5])
print("from NumPy:", torch.from_numpy(measured).dtype, "  wanted:", torch.from_numpy(measured).float().dtype)

# %%
# Pictures differ in order as well. NumPy's world (Pillow, Matplotlib) has the colours last, (height, width, channels), in
# bytes; PyTorch's layers want them first, (channels, height, width), in fractions. Both ways in two lines:


def to_layers(picture: np.ndarray) -> Tensor:
    """(height, width, channels) of bytes -> (channels, height, width) from 0 to 1."""
    return torch.from_numpy(picture).permute(2, 0, 1).float() / 255


def to_plot(picture: Tensor) -> np.ndarray:
    """(channels, height, width) -> (height, width, channels), on the CPU and without a graph."""
    return picture.detach().cpu().permute(1, 2, 0).numpy()


ramp = np.linspace(0, 255, 64, dtype=np.uint8)
picture = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], np.uint8(96)), -1)
there_and_back = to_plot(to_layers(picture))
assert np.array_equal((there_and_back * 255).round().astype(np.uint8), picture)

figure, axes = plt.subplots(1, 2, figsize=(6, 3), layout="constrained")
axes[0].imshow(there_and_back)
axes[0].set_title("permute(1, 2, 0)")
axes[1].imshow(to_layers(picture).reshape(64, 64, 3))
axes[1].set_title("reshape(64, 64, 3)")
for axis in axes:
    axis.set_axis_off()
plt.show()

# %%
# The picture at the right is the classic mistake: ``reshape`` keeps the row of numbers and cuts it anew, and only ``permute``
# moves the dimensions.
#
# Devices
# -------
#
# A tensor lives in the memory of one device. What is computed from two tensors is computed where both are; there is no silent
# travel. So a program picks its device once, and sends there what it makes.

device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
print("this machine computes on:", device)

weights = torch.randn(512, 512, device=device)  # made there
batch = torch.randn(64, 512).to(device)  # sent there
answer = batch @ weights
print("the answer is on", answer.device, "and comes back by .cpu():", answer.cpu().device)

# %%
# ``.to`` is no errand where there is nowhere to go: on the same device and of the same type it returns the tensor itself.

assert batch.to(device) is batch

# %%
# A GPU works while Python goes on: a call hands over work and returns at once. To measure a time, wait for it to finish;
# numbers that were only handed over look as if they took no time at all.


def seconds(work) -> float:
    """How long some work takes, whatever the device."""
    start = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


print(f"a product of two 512 x 512 matrices: {1e3 * seconds(lambda: weights @ weights):.2f} ms")

# %%
# The trap: ``.numpy()`` of what has a graph, or of what is not here
# ------------------------------------------------------------------
#
# NumPy knows no gradients and no devices, so PyTorch refuses to hand over what would lose them. The words that mend it are
# always the same three, in this order.

loss = (torch.ones(2, requires_grad=True) * 3).sum()
try:
    loss.numpy()
except RuntimeError as refusal:
    print("refused:", refusal)
print("and so it works:", loss.detach().cpu().numpy())

# %%
# Three things to try
# -------------------
#
# 1. Is ``torch.from_numpy(array[::2])`` a view? And ``torch.from_numpy(array[::-1])``?
# 2. Keep the losses of a thousand steps in a list, once as ``loss`` and once as ``loss.item()``. What does the first keep
#    alive?
# 3. ``torch.as_tensor(array)`` shares where it can. When can it not?
#
# Then write the two ways yourself, for one picture and for many: ``groundup learn start numpy_and_gpu``.
