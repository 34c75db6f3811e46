"""
Indexing: asking for some of the numbers
========================================

A classifier gave a thousand scores for each of 128 pictures, and we want from each row one number: the score of the class that
is right. How does one say "row 0 column 7, row 1 column 2, row 2 column 7 ..." without a loop, and when is what one gets a copy?
"""

# %%
# There are three ways to ask. By **slices**, which give views. By a **mask** of true and false, which gives the numbers where
# it is true. And by **tensors of indices**: one for each dimension, which meet by broadcasting and are walked together.

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.ops.cross_entropy import cross_entropy as package_cross_entropy

scores = torch.tensor([[0.1, 2.0, 0.3], [1.5, 0.2, 0.4], [0.0, 0.1, 3.0], [0.7, 0.9, 0.8]])
labels = torch.tensor([1, 0, 2, 0])

print("a slice    ", scores[1:3, 0].tolist())
print("a mask     ", scores[scores > 1].tolist())
print("row by row ", scores[torch.arange(4), labels].tolist())

# %%
# The last line reads: the pairs (0, 1), (1, 0), (2, 2), (3, 0). It is most of what cross-entropy does, and that is all of it:


def cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    """The mean over the rows of minus the log-probability of the right class."""
    log_probabilities = scores - scores.logsumexp(1, keepdim=True)
    return -log_probabilities[torch.arange(len(labels)), labels].mean()


torch.testing.assert_close(cross_entropy(scores, labels), package_cross_entropy(scores, labels))
print("cross-entropy", cross_entropy(scores, labels).item())

# %%
# ``gather`` says the same where the indices lie along one dimension, and takes several of each row: here the two best.

best = scores.topk(2, 1).indices  # (4, 2)
assert torch.equal(scores.gather(1, best), scores.topk(2, 1).values)
assert torch.equal(scores.gather(1, labels[:, None])[:, 0], scores[torch.arange(4), labels])

# %%
# Writing works by the same three ways. A table of zeros with a one at each label:

one_hot = torch.zeros(4, 3)
one_hot[torch.arange(4), labels] = 1
print(one_hot)

# %%
# Indices may repeat when reading, and that is how an embedding works: a table of vectors, looked up by words.

table = torch.tensor([[0.0, 0.0], [1.0, 0.5], [0.2, 1.0]])
sentence = torch.tensor([1, 2, 1, 0])
print("four words as vectors:", tuple(table[sentence].shape))

# %%
# A picture is indexed like any other tensor: turned over by a list of columns, cut, or painted where a mask is true.

y, x = torch.meshgrid(torch.linspace(-1, 1, 80), torch.linspace(-1, 1, 80), indexing="ij")
picture = torch.stack([(x + 1) / 2, (y + 1) / 2, torch.full_like(x, 0.6)], -1)
disc = x**2 + y**2 < 0.5
painted = picture.clone()
painted[disc] = torch.tensor([1.0, 0.9, 0.2])
shuffled = picture[:, torch.randperm(80, generator=torch.Generator().manual_seed(0))]
figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")
shown = (picture, painted, picture[::8, ::8], shuffled)
titles = ("the picture", "picture[disc] = ...", "picture[::8, ::8]", "picture[:, order]")
for axis, image, title in zip(axes, shown, titles):
    axis.imshow(image)
    axis.set_title(title)
    axis.set_axis_off()
plt.show()

# %%
# The trap: writing into a copy, and adding to the same place twice
# -----------------------------------------------------------------
#
# A mask or a tensor of indices gives a **copy**. To write through it works only in one step, with the index on the left.

numbers = torch.zeros(4)
numbers[torch.tensor([0, 2])][0] = 5.0  # writes into a copy that nobody keeps
print("two steps:", numbers.tolist())
numbers[torch.tensor([0, 2])] = 5.0
print("one step: ", numbers.tolist())

# %%
# And where an index stands twice, ``+=`` adds once: it reads all, adds, and writes all. Counting needs ``index_add_`` (or
# ``bincount``), which adds again for each time that an index stands there.

counts = torch.zeros(3)
counts[labels] += 1
print("by +=          ", counts.tolist(), "though label 0 stands there twice")
counts = torch.zeros(3).index_add_(0, labels, torch.ones(4))
print("by index_add_  ", counts.tolist())
assert torch.equal(counts, torch.bincount(labels, minlength=3).float())

# %%
# Three things to try
# -------------------
#
# 1. ``scores[[0, 1], [1, 2]]`` and ``scores[0:2, 1:3]``: two numbers, or four? Why?
# 2. Which is a view: ``scores[0]``, ``scores[[0]]``, ``scores[scores > 0]``, ``scores[:, None]``?
# 3. The gradient of an embedding's table: which of its rows are not zero, and what if a word stands twice in a sentence?
#
# Then find what a model got wrong, and how sure it was: ``groundup learn start indexing``.
