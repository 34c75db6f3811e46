"""
Tensors: numbers, and a way of walking through them
===================================================

A photograph is 150,000 numbers, a sentence is a row of whole numbers, a network's memory is a hundred million of them. All of
deep learning happens to one kind of object. What is in it, and why does turning a large one on its side take no time at all?
"""

# %%
# A tensor is a flat row of numbers, and beside it a few integers that say how to walk through the row. Its **shape** says how
# many steps there are in each direction; its **stride** says how far along the row one step in that direction goes.

import time

import matplotlib.pyplot as plt
import torch
from torch import Tensor

grid = torch.arange(12).view(3, 4)
print(grid)
print("shape", tuple(grid.shape), "stride", grid.stride(), "type", grid.dtype, "on", grid.device)

# %%
# One step down skips 4 numbers of the row, one step to the right skips 1. That is enough to find any number by hand.


def look_up(tensor: Tensor, row: int, column: int) -> Tensor:
    """The number at a place, read from the flat row that lies beneath the tensor."""
    flat = torch.tensor([], dtype=tensor.dtype).set_(tensor.untyped_storage())
    return flat[tensor.storage_offset() + row * tensor.stride(0) + column * tensor.stride(1)]


assert look_up(grid, 2, 1) == grid[2, 1] == 9

# %%
# To turn the grid on its side, nothing is moved: rows and columns trade their strides. The same is true of a slice, which
# begins at another number (its offset) or takes longer steps. Such tensors are **views**: other walks through the same row.

turned, corner, every_other = grid.T, grid[1:, 2:], grid[:, ::2]
for name, view in (("turned", turned), ("corner", corner), ("every other", every_other)):
    print(f"{name:12} shape {tuple(view.shape)} stride {view.stride()} begins at {view.storage_offset()}")
    assert view.untyped_storage().data_ptr() == grid.untyped_storage().data_ptr()
    assert look_up(view, 0, 1) == view[0, 1]

# %%
# The picture shows the one row of twelve numbers, and in which order each of the four walks through it.

figure, axes = plt.subplots(4, 1, figsize=(8, 4.2), layout="constrained")
for axis, (name, view) in zip(axes, (("grid", grid), ("turned", turned), ("corner", corner), ("every other", every_other))):
    order = torch.full((1, 12), -1)
    for step, value in enumerate(view.flatten().tolist()):
        order[0, value] = step
    axis.imshow(torch.where(order < 0, torch.nan, order), cmap="viridis", vmin=0, vmax=11)
    for place, step in enumerate(order[0].tolist()):
        axis.text(place, 0, "" if step < 0 else str(step), ha="center", va="center", color="white")
    axis.set_yticks([0], [name])
    axis.set_xticks([])
plt.show()

# %%
# That is why ``.T`` of a large tensor takes no time, and why ``.contiguous()``, which lays the numbers down anew in the order
# of the walk, takes as long as copying does.

large = torch.zeros(4000, 4000)
for name, work in (("turn", lambda: large.T), ("turn and copy", lambda: large.T.contiguous())):
    start = time.perf_counter()
    work()
    print(f"{name:14} {1e6 * (time.perf_counter() - start):10.1f} microseconds")

# %%
# Types
# -----
#
# Every number of a tensor is of one type. Weights and activations are ``float32``, labels and tokens ``int64``, pictures on
# disk ``uint8``, masks ``bool``. Types do not change behind your back where that would lose something, with one exception
# that people meet: dividing whole numbers gives fractions, and ``//`` rounds down.

print(torch.tensor([1, 2]).dtype, torch.tensor([1.0]).dtype, (torch.tensor([7]) / 2).item(), (torch.tensor([7]) // 2).item())
print("bytes wrap around:", (torch.tensor([250], dtype=torch.uint8) + 10).item())

# %%
# The trap: a view is not a copy
# ------------------------------
#
# Someone keeps the first row "as it was", then sets the grid to zero.

kept = grid[0]
grid.zero_()
print("the row that was kept:", kept.tolist())
assert kept.tolist() == [0, 0, 0, 0]

# %%
# The row was never kept: ``kept`` is another walk through the same numbers. ``grid[0].clone()`` has numbers of its own. The
# rule: slices, ``view``, ``T``, ``transpose``, ``permute``, ``expand`` and ``unsqueeze`` give views; anything that computes a
# number gives a new tensor; and ``reshape`` gives a view where it can and a copy where it must, without telling which.
#
# Three things to try
# -------------------
#
# 1. What are shape and stride of ``torch.zeros(3).expand(1000, 3)``, and how many numbers lie beneath it?
# 2. ``grid.T.view(12)`` is refused and ``grid.T.reshape(12)`` is not. Say why before you run them.
# 3. What happens to ``grid`` when you write into ``grid.flatten()``? And into ``grid.T.flatten()``?
#
# Then write a view of your own, one that numpy's users know as a sliding window: ``groundup learn start tensors``.
