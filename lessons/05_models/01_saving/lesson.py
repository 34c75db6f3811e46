"""
Saving and loading, both ways
=============================

After a night of training the weights are all one has. There are two ways to write them to disk. One is a single line and keeps
everything; the other needs two lines and keeps only numbers. Why does everybody tell you to use the second?
"""

# %%
# The whole model at once: ``torch.save(model)``. It writes a *pickle*, which holds the numbers and, for everything else,
# **names**: "an object of the class Net in the module net". Loading it looks for that class, as it is then.

import os
import pickle
import sys
import tempfile
import types
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import Module

from groundup.layers.linear import Linear
from groundup.weights.foreign import read_weights

folder = Path(tempfile.mkdtemp())
net = types.ModuleType("net")  # stands for a file net.py of one's own
sys.modules["net"] = net


class Net(Module):
    def __init__(self, width: int = 16):
        super().__init__()
        self.first, self.second = Linear(in_features=4, out_features=width), Linear(in_features=width, out_features=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).tanh())


Net.__module__, Net.__qualname__, net.Net = "net", "Net", Net

torch.manual_seed(0)
model, x = Net(), torch.randn(3, 4)
torch.save(model, folder / "whole.pth")
again = torch.load(folder / "whole.pth", weights_only=False)
assert torch.equal(again(x), model(x))
print("the whole model:", (folder / "whole.pth").stat().st_size, "bytes, and it works - today")

# %%
# Only the numbers: ``state_dict`` is a dict of names and tensors. Make the model first, then fill it.

torch.save(model.state_dict(), folder / "state.pth")
fresh = Net()
print(fresh.load_state_dict(torch.load(folder / "state.pth", weights_only=True)))
assert torch.equal(fresh(x), model(x))

# %%
# What happens to the first when the program changes? Somebody tidies up: ``first`` is now called ``inner``. The state dict
# says at once what does not fit. The whole model loads without a word, as an object of the **new** class with the **old**
# attributes, and fails where it is used.


class Tidy(Module):
    def __init__(self, width: int = 16):
        super().__init__()
        self.inner, self.second = Linear(in_features=4, out_features=width), Linear(in_features=width, out_features=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.inner(x).tanh())


Tidy.__module__, Tidy.__qualname__, Tidy.__name__, net.Net = "net", "Net", "Net", Tidy
old = torch.load(folder / "whole.pth", weights_only=False)
try:
    old(x)
except AttributeError as error:
    print("the whole model, when it is used:", error)
try:
    Tidy().load_state_dict(torch.load(folder / "state.pth", weights_only=True))
except RuntimeError as error:
    print("the state dict, when it is loaded:", " ".join(str(error).split())[:150], "...")

# %%
# And in another program, which has no ``net``, the whole model cannot be loaded at all.

del sys.modules["net"]
try:
    torch.load(folder / "whole.pth", weights_only=False)
except (ModuleNotFoundError, AttributeError) as error:
    print("elsewhere:", error)
sys.modules["net"] = net

# %%
# The trap: a pickle is a program
# -------------------------------
#
# To load a pickle is to run what it says. It may say anything: any function of any module, with any arguments. Here a "model"
# that writes a file when it is loaded. It could as well have deleted one.


class Harmless:
    def __reduce__(self):
        return os.mkdir, (str(folder / "it could have been anything"),)


(folder / "model.pth").write_bytes(pickle.dumps(Harmless(), protocol=2))
pickle.loads((folder / "model.pth").read_bytes())
print("after loading there is:", [path.name for path in folder.iterdir() if path.is_dir()])
try:
    torch.load(folder / "model.pth", weights_only=True)
except pickle.UnpicklingError as error:
    print("weights_only=True refuses it:", str(error).splitlines()[0][:90])

# %%
# So: ``weights_only=True`` for what others wrote (it is the default since PyTorch 2.6), and better still a format in which
# there is nothing but numbers. **safetensors** is such a format, and what ``groundup`` writes. Files of strangers it reads
# in a process of its own.

save_file(model.state_dict(), folder / "state.safetensors")
assert all(torch.equal(value, model.state_dict()[name]) for name, value in load_file(folder / "state.safetensors").items())
print(sorted(read_weights(folder / "state.pth").state))

sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.is_file() and path.name != "model.pth"}
numbers = sum(value.numel() * 4 for value in model.state_dict().values())
plt.figure(figsize=(7, 2.4), layout="constrained")
plt.barh(list(sizes), list(sizes.values()), color="tab:blue")
plt.axvline(numbers, color="black", linestyle="--")
plt.title(f"bytes on disk; the numbers alone are {numbers}")
plt.show()

# %%
# Where it was trained
# --------------------
#
# A tensor remembers its device. Weights saved on a GPU ask for that GPU when they are loaded, and on a laptop that fails.
# ``map_location="cpu"`` brings them here; move the model afterwards.

state = torch.load(folder / "state.pth", map_location="cpu", weights_only=True)
print("loaded to:", {value.device.type for value in state.values()})

# %%
# To go on with a training one needs more than weights: the optimiser's memory, the step, the random numbers. ``groundup train
# --resume`` is about that.
#
# Three things to try
# -------------------
#
# 1. ``load_state_dict(state, strict=False)`` returns what was missing and what was left over. When is it right to ignore
#    that?
# 2. Save a model of 16-bit weights, load it into one of 32 bits. What are its weights then?
# 3. Look into the pickle without running it: ``python -m pickletools``. Where does it say what it will call?
#
# Then write the loading that says what it did: ``groundup learn start saving``.
