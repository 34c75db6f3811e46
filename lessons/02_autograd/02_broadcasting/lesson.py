"""
Broadcasting: two shapes that meet
==================================

Ten thousand points, a hundred cities: how far is each point from each city? That is a million distances, and not one loop is
needed. What does a tensor of shape (10000, 1, 2) less one of shape (100, 2) mean, and who decided?
"""

# %%
# Two rules decide, and there are no others. Lay the two shapes under each other, **aligned at the right**. In each column the
# sizes must be equal, or one of them must be 1 (or missing): that one is repeated as often as the other says.
#
# .. code-block:: text
#
#     points      10000 x   1 x 2
#     cities              100 x 2
#     result      10000 x 100 x 2

import time

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.ops.softmax import softmax as package_softmax


def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in which two shapes meet."""
    longest = max(len(a), len(b))
    a, b = (1,) * (longest - len(a)) + a, (1,) * (longest - len(b)) + b
    for left, right in zip(a, b):
        if left != right and 1 not in (left, right):
            raise ValueError(f"{a} and {b} do not meet: {left} is not {right}, and neither is 1")
    return tuple(right if left == 1 else left for left, right in zip(a, b))


for a, b in (((10000, 1, 2), (100, 2)), ((3, 4), (4,)), ((3, 1), (4,)), ((), (2, 2))):
    assert broadcast(a, b) == tuple(torch.broadcast_shapes(a, b))
    print(f"{a!s:15} and {b!s:9} meet in {broadcast(a, b)}")

# %%
# So ``unsqueeze``, or indexing with ``None``, is how one says what is repeated along what: it makes room for a size of 1.

generator = torch.Generator().manual_seed(0)
points, cities = torch.rand(10_000, 2, generator=generator), torch.rand(100, 2, generator=generator)
distance = (points[:, None] - cities).square().sum(-1).sqrt()  # (points, cities)
nearest = distance.argmin(1)
print(tuple(distance.shape), "and point 0 is nearest to city", nearest[0].item())

plt.figure(figsize=(5, 5), layout="constrained")
plt.scatter(*points.T, c=nearest % 20, s=4, cmap="tab20")
plt.scatter(*cities.T, c="black", s=12)
plt.title("each point in the colour of its city")
plt.axis("off")
plt.show()

# %%
# Nothing is copied to repeat it: the size of 1 is walked with a stride of 0, again and again over the same numbers. Only the
# result is as large as the two shapes together, and that may be large enough: a million points and a million cities would
# ask for eight terabytes.

assert points[:, None].expand(10_000, 100, 2).stride() == (2, 0, 1)

start = time.perf_counter()
for point in points[:200]:
    for city in cities:
        (point - city).square().sum().sqrt()
loops = (time.perf_counter() - start) * 50
start = time.perf_counter()
(points[:, None] - cities).square().sum(-1).sqrt()
print(f"loops would take {loops:.1f} s, broadcasting took {1000 * (time.perf_counter() - start):.1f} ms")

# %%
# What ``keepdim`` is for
# -----------------------
#
# To make each row of a table sum to 1, one divides by the sums of the rows. A sum takes its dimension away; ``keepdim=True``
# leaves a 1 in its place, so that the sums stand where they belong.

table = torch.rand(3, 4, generator=generator)
shares = table / table.sum(1, keepdim=True)  # (3, 4) and (3, 1)
torch.testing.assert_close(shares.sum(1), torch.ones(3))


def softmax(scores: Tensor) -> Tensor:
    """Rows of scores as rows of probabilities."""
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


torch.testing.assert_close(softmax(table), package_softmax(table, -1))

# %%
# The trap: shapes that meet where they should not
# ------------------------------------------------
#
# A model gives predictions of shape (batch, 1), the targets have shape (batch). Their difference should have one number for
# each example. It has one for each **pair** of examples, and the mean of that is no loss of anything.

predictions, targets = torch.arange(4.0).view(4, 1), torch.arange(4.0)
difference = predictions - targets
print("shape", tuple(difference.shape), "and the error of a perfect model is", difference.square().mean().item())
assert difference.square().mean() == 2.5
assert (predictions.squeeze(1) - targets).square().mean() == 0

# %%
# With a square table it is worse: without ``keepdim`` a table of 3 x 3 is divided by its sums column by column instead of row
# by row, and no shape is wrong. This is why losses in ``groundup`` refuse two shapes that differ.
#
# Three things to try
# -------------------
#
# 1. Which of these meet: (8, 1, 6, 1) and (7, 1, 5); (5, 4) and (5); (5, 4) and (5, 1)?
# 2. Make a multiplication table of 1 to 10 from one ``arange`` in one line.
# 3. ``x.mean(0)`` and ``x.mean((0, 2, 3), keepdim=True)`` of pictures (batch, channels, height, width): which can be taken
#    from the pictures as it is?
#
# Then write the distances of all pairs, with gradients that survive: ``groundup learn start broadcasting``.
