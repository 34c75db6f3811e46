"""
The graph: who remembers what
=============================

``backward`` walks from a loss back to the weights. There must be a road, then, and somebody built it. What does it look like,
who may leave it, and why may it be walked only once?
"""

# %%
# Every operation on marked tensors leaves a note: which operation it was, and whose results went into it. The note is
# ``grad_fn``; its ``next_functions`` lead on to the notes before it. At the end of each road stands a **leaf**, a tensor that
# nobody computed: that is where ``.grad`` is kept.

import matplotlib.pyplot as plt
import torch

w = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(1.0, requires_grad=True)
x = torch.tensor(3.0)
loss = ((w * x + b) ** 2).exp().log()


def road(note, depth: int = 0) -> list[tuple[int, str]]:
    """All notes behind one, each with its distance."""
    found = [(depth, type(note).__name__)]
    for before, _ in note.next_functions:
        if before is not None:
            found += road(before, depth + 1)
    return found


for depth, name in road(loss.grad_fn):
    print("  " * depth + name)

# %%
# ``AccumulateGrad`` is the note of a leaf: it adds what arrives to ``.grad``. Of x there is no trace as a leaf, since nobody
# asked for its gradient; but its value is kept in the note of the product, because the slope of ``w * x`` by w **is** x.

print("leaves:", [name for name, tensor in dict(w=w, x=x, loss=loss).items() if tensor.is_leaf])
product = w * x
print("the product's note keeps", product.grad_fn._saved_self, "and", product.grad_fn._saved_other)

# %%
# A picture of the road, drawn from the notes themselves.


def draw(note, axis, place: tuple[float, float], spread: float) -> None:
    axis.text(*place, type(note).__name__.removesuffix("0").removesuffix("Backward"), ha="center", va="center",
              bbox=dict(boxstyle="round", facecolor="white"), fontsize=9)  # fmt: skip
    before = [step for step, _ in note.next_functions if step is not None]
    for number, step in enumerate(before):
        there = (place[0] + spread * (number - (len(before) - 1) / 2), place[1] - 1)
        axis.annotate("", there, place, arrowprops=dict(arrowstyle="->", shrinkA=14, shrinkB=14, color="gray"))
        draw(step, axis, there, spread / 1.6)


figure, axis = plt.subplots(figsize=(7, 5), layout="constrained")
draw(loss.grad_fn, axis, (0.0, 0.0), 2.0)
axis.set_xlim(-2.5, 2.5)
axis.set_ylim(-5.6, 0.5)
axis.set_axis_off()
axis.set_title("back from log(exp((w x + b)²)): the arrows are the way that gradients take")
plt.show()

# %%
# Walked once
# -----------
#
# What the notes keep may be large: the activations of a whole network. ``backward`` lets go of it as it walks, so that memory
# is free for the next step. Whoever wants to walk again must say so before.

loss.backward(retain_graph=True)
first = w.grad.clone()
loss.backward()
assert torch.equal(w.grad, 2 * first)  # added, as gradients are
try:
    loss.backward()
except RuntimeError as refusal:
    print("refused:", str(refusal).split(".")[0])

# %%
# If you meet this message in a training loop, ``retain_graph=True`` is hardly ever what is missing. Something from the step
# before is still in the formula: a hidden state, a running mean, a loss that was summed up over steps. Cut it off there.
#
# Leaving the road: ``detach``
# ----------------------------
#
# ``detach`` gives the same numbers without a note. For the formula it is a constant from then on. That is a decision, not a
# trick: in many algorithms one side of a loss is a **target**, which shall not move towards the prediction.

a = torch.tensor(3.0, requires_grad=True)
((a - (a * 2)) ** 2).backward()
moving = a.grad.item()
a.grad = None
((a - (a * 2).detach()) ** 2).backward()
print(f"gradient where both sides move: {moving}, where the target stands still: {a.grad.item()}")
assert (moving, a.grad.item()) == (6.0, -6.0)

# %%
# The two even differ in sign. With a target that moves, the way down is to shrink a; with one that stands still, to grow.
#
# The trap: a running mean that remembers everything
# --------------------------------------------------
#
# To print a smooth loss, somebody keeps ``mean = 0.9 * mean + 0.1 * loss``. The mean is computed from marked tensors, so it
# is marked, and it keeps the notes of every step that went into it. Nothing fails; memory grows until the program is
# killed.


def length(tensor: torch.Tensor) -> int:
    """How long the longest road behind a tensor is."""
    return 1 + max((depth for depth, _ in road(tensor.grad_fn)), default=0) if tensor.grad_fn else 0


kept, cut = torch.tensor(0.0), torch.tensor(0.0)
for _ in range(50):
    step_loss = (w - 1) ** 2
    kept = 0.9 * kept + 0.1 * step_loss
    cut = 0.9 * cut + 0.1 * step_loss.detach()
print("length of the road behind the mean:", length(kept), "and with detach:", length(cut))
assert length(kept) > 50 and length(cut) == 0

# %%
# Three things to try
# -------------------
#
# 1. ``c = w * 1; c.retain_grad(); (c**2).backward()``: what is ``c.grad``, and what without the second call? What is
#    ``w.grad``?
# 2. Multiply a leaf in place inside a formula (``w *= 2``). What is said? Why would the road be broken otherwise?
# 3. ``torch.exp`` keeps its result and ``torch.log`` its input (look at ``_saved_result`` and ``_saved_self``). Why each?
#
# Then cut a formula at the right place: ``groundup learn start graph``.
