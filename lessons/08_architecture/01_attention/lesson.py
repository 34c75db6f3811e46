"""
Attention: looking something up, softly
=======================================

"The animal did not cross the street because **it** was too tired." To know what "it" is, a network must look back, not
three words or seven, but at the word that fits. A recurrent network carries everything along and hopes. How does one let a
word go and look?
"""

# %%
# As in a library. You come with a **query**; each book has a **key** on its spine, and a **value** inside. Compare the
# query with all keys, and take the values; not of the best one alone (that has no slope), but of all, each by how well its
# key fits.

import math

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.ops.attention import scaled_dot_product_attention


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """What each query takes, and how much of each value. Shapes: (queries, d), (keys, d), (keys, e) -> (queries, e),
    (queries, keys)."""
    scores = query @ key.T / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(-1)
    return weights @ value, weights


generator = torch.Generator().manual_seed(0)
query, key, value = (torch.randn(5, 8, generator=generator) for _ in range(3))
ours, weights = attend(query, key, value)
torch.testing.assert_close(scaled_dot_product_attention(query[None, None], key[None, None], value[None, None])[0, 0], ours)
print("each query takes shares that sum to", [round(total, 4) for total in weights.sum(1).tolist()])

# %%
# A lookup that is learnt from nothing: a row of pairs (letter, number), and a letter that is asked for. The query is the
# letter asked for, the keys are the letters, the values are the numbers. No training is needed to see that it works: with
# letters as distinct vectors, the right one is found.

letters = torch.nn.functional.one_hot(torch.tensor([3, 0, 4, 1, 2]), 5).float() * 12
numbers = torch.tensor([[30.0], [0.0], [40.0], [10.0], [20.0]])
found, weights = attend(torch.nn.functional.one_hot(torch.tensor([4, 1]), 5).float() * 12, letters, numbers)
print("asked for letters 4 and 1, found", [round(number, 2) for number in found[:, 0].tolist()])
figure, axis = plt.subplots(figsize=(5.5, 2), layout="constrained")
axis.imshow(weights, cmap="viridis", vmin=0, vmax=1)
axis.set_yticks([0, 1], ["asks for 4", "asks for 1"])
axis.set_xticks(range(5), ["key 3", "key 0", "key 4", "key 1", "key 2"])
axis.set_title("how much is taken of each value")
plt.show()

# %%
# Why divide by the root
# ----------------------
#
# A product of two vectors of d random numbers has a spread of √d. At d = 512 scores are around 20, the softmax takes one
# key and forgets the others, and its slope is nearly 0: nothing is learnt. Divided by √d they spread by 1, whatever d is.

dims, sharpness = [2, 8, 32, 128, 512], {"divided by √d": [], "as they are": []}
for dim in dims:
    q, k = torch.randn(200, dim, generator=generator), torch.randn(50, dim, generator=generator)
    for name, scale in (("divided by √d", math.sqrt(dim)), ("as they are", 1.0)):
        sharpness[name].append((q @ k.T / scale).softmax(1).amax(1).mean().item())
plt.figure(figsize=(6.5, 3), layout="constrained")
for name, curve in sharpness.items():
    plt.semilogx(dims, curve, "o-", label=name)
plt.axhline(1 / 50, color="gray", linestyle="--")
plt.xlabel("d")
plt.ylabel("largest share, of 50 keys")
plt.legend()
plt.show()

# %%
# Masks
# -----
#
# Some keys may not be seen: padding, or, in a text that is being written, everything that comes later. Their scores become
# minus infinity, **before** the softmax, so that they get no share and the others share all of it.

causal = torch.ones(5, 5, dtype=torch.bool).tril()
seen, weights = attend(query, key, value, causal)
whole = scaled_dot_product_attention(query[None, None], key[None, None], value[None, None], is_causal=True)[0, 0]
torch.testing.assert_close(whole, seen)
changed = value.clone()
changed[3:] = 100.0
assert torch.equal(attend(query, key, changed, causal)[0][:3], seen[:3])  # what comes later changes nothing
print("the first three answers do not know what comes after them")

# %%
# What it does not know: order
# ----------------------------
#
# Shuffle keys and values alike, and every answer stays the same. To attention a sentence is a bag of words; where a word
# stands must be told it otherwise (a later lesson).

order = torch.randperm(5, generator=generator)
torch.testing.assert_close(attend(query, key[order], value[order])[0], ours)

# %%
# The trap: the mask after the softmax
# ------------------------------------
#
# Multiply the **weights** by the mask, and hidden keys get nothing, as they should. But the shares of a row no longer sum
# to 1, and what was hidden has still changed the others: it took part in the sum below. Through it the model sees the
# future.

weights = (query @ key.T / math.sqrt(8)).softmax(-1) * causal
print("shares of each row sum to", [round(total, 2) for total in weights.sum(1).tolist()])
later = key.clone()
later[4] += 5
after = (query @ later.T / math.sqrt(8)).softmax(-1) * causal
print("a key that row 0 may not see changes its share by", round((weights[0, 0] - after[0, 0]).abs().item(), 3))
assert not torch.equal(weights[0], after[0])

# %%
# A row that may see nothing at all is 0 / 0, NaN. Libraries differ; here it gives 0.
#
# Three things to try
# -------------------
#
# 1. How large is the table of weights for a text of 100,000 tokens? How does one compute attention without ever having it
#    whole?
# 2. Add a bias of -0.5 for each step of distance to the scores. What does such attention prefer?
# 3. Let the query be the mean of all keys. What is computed then?
#
# Then write it with batches, heads and masks: ``groundup learn start attention``.
