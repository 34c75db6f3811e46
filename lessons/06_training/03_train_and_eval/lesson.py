"""
Two modes: train and eval
=========================

The same network, the same picture, asked twice: two answers. Or: 95% in training, 60% in use, and the data is the same. In most
such stories one line is missing, ``model.eval()``. What does it do, what does it not do, and what does ``torch.no_grad()`` have
to do with it?
"""

# %%
# It sets one flag, ``training``, on the module and on all within it. That is all. What a layer makes of it is the layer's
# business, and only few make anything: dropout, which then drops nothing, and batch norm, which then uses what it remembers.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn import Module, Sequential

from groundup.data.images import digits
from groundup.layers.activation import ReLU
from groundup.layers.dropout import Dropout
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm1d
from groundup.losses.classification import CrossEntropyLoss
from groundup.optim.adam import AdamW

torch.manual_seed(0)
model = Sequential(Linear(in_features=64, out_features=128), BatchNorm1d(num_features=128), ReLU(), Dropout(p=0.5),
                   Linear(in_features=128, out_features=10))  # fmt: skip
print("training:", [module.training for module in model.modules()])
model.eval()
print("eval:    ", [module.training for module in model.modules()])

# %%
# ``eval`` is no more than this:


def set_mode(module: Module, training: bool) -> None:
    module.training = training
    for child in module.children():
        set_mode(child, training)


set_mode(model, True)
assert all(module.training for module in model.modules())

# %%
# The difference, seen
# --------------------
#
# Train the network, then ask it about one digit two hundred times in each mode.

train, test = digits(split="train"), digits(split="test")


def inputs_of(dataset) -> tuple[Tensor, Tensor]:
    return dataset.columns["image"].float().flatten(1) / 255, dataset.columns["label"]


images, labels = inputs_of(train)
optimizer = AdamW(model.parameters(), lr=3e-3)
model.train()
for _ in range(6):
    for rows in torch.randperm(len(labels)).split(64):
        loss = CrossEntropyLoss()(model(images[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

new, new_labels = inputs_of(test)
question = new[:32]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained", sharey=True)
for axis, mode in zip(axes, (True, False)):
    model.train(mode)
    with torch.no_grad():
        believed = torch.stack([model(question).softmax(1)[0] for _ in range(200)])
    axis.boxplot(believed.T.tolist(), showfliers=False)
    axis.set_xticks(range(1, 11), range(10))
    axis.set_title(f"{'train' if mode else 'eval'}: spread of the answers {believed.std(0).max():.2f}")
axes[0].set_ylabel("believed, of 200 times")
plt.show()

# %%
# In training mode every question is asked of another, thinned-out network. (Asking many times **on purpose** tells how sure a
# network is: that is called Monte Carlo dropout.)

scores = {}
for mode in (True, False):
    model.train(mode)
    with torch.no_grad():
        scores["train" if mode else "eval"] = (model(new).argmax(1) == new_labels).float().mean().item()
print("right on new digits:", {name: f"{score:.1%}" for name, score in scores.items()})
assert scores["eval"] > scores["train"]

# %%
# ``no_grad`` is something else
# -----------------------------
#
# ``eval()`` changes what layers compute. ``no_grad()`` changes what PyTorch remembers. Neither implies the other, and in use
# one wants both.
#
# ================== ============================ ============================
# call               layers as in use             no books kept
# ================== ============================ ============================
# ``model.eval()``   yes                          no
# ``no_grad()``      no                           yes
# ================== ============================ ============================

model.eval()
print("eval alone keeps books:", model(question).requires_grad)
with torch.no_grad():
    print("no_grad keeps none:    ", model(question).requires_grad)

# %%
# The trap: the mode that stays
# -----------------------------
#
# A function that scores a model calls ``model.eval()`` and returns. The training goes on, in evaluation mode: without
# dropout, with norms that no longer learn. Nothing is said. The number of epochs after which one begins to score decides
# how the network is trained.


def careless_score(model: Module) -> float:
    model.eval()
    with torch.no_grad():
        return (model(new).argmax(1) == new_labels).float().mean().item()


model.train()
careless_score(model)
print("after scoring the model is in training mode:", model.training)
assert not model.training

# %%
# So who changes the mode puts it back; and a frozen part that was in evaluation mode on purpose must be found in it again: it
# is not enough to call ``model.train()`` at the end.
#
# Three things to try
# -------------------
#
# 1. Ask in training mode with a batch of all test digits, then in batches of two. Which layer makes the difference?
# 2. Train with dropout of 0, 0.2, 0.5, 0.8. Draw the score in both modes.
# 3. After loading weights, in which mode is a model? And after ``copy.deepcopy``?
#
# Then write the block that leaves no trace: ``groundup learn start train_and_eval``.
