"""
TensorBoard: scalars, pictures, the graph
=========================================

A training runs for an hour. A line of text every ten seconds tells whether it is alive; it does not tell whether the loss bends,
whether the second run is better than the first, or what the network sees. How does one watch a run from a browser?
"""

# %%
# A ``SummaryWriter`` appends to a file of events in a folder; TensorBoard is a program that draws what it finds in such
# folders. The two never talk to each other, so one may watch while it runs, or years later.

import math
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.nn import Sequential
from torch.utils.tensorboard import SummaryWriter

from groundup.data.decode import decode
from groundup.layers.activation import ReLU
from groundup.layers.linear import Linear
from groundup.learn.stand_in import ants_and_bees

logs = Path(tempfile.mkdtemp())

# %%
# Scalars
# -------
#
# A tag (what it is), a value, a step (when it was). The tag's part before the slash makes a group. One folder is one run, and
# two runs in folders side by side are drawn into one chart.

generator = torch.Generator().manual_seed(0)
for name, rate in (("slow", 0.01), ("fast", 0.05)):
    with SummaryWriter(logs / name) as writer:
        for step in range(100):
            noise = 0.2 * torch.randn((), generator=generator).item()
            writer.add_scalar("loss/train", 2 * math.exp(-rate * step) + noise, step)

# %%
# To look at them: ``tensorboard --logdir FOLDER`` in a terminal, and the address that it prints in a browser. The files can
# also be read from a program, as here, since this page has no browser of its own.


def scalars(folder: Path, tag: str) -> tuple[list[int], list[float]]:
    events = EventAccumulator(str(folder)).Reload().Scalars(tag)
    return [event.step for event in events], [event.value for event in events]


def smooth(values: list[float], weight: float) -> list[float]:
    """What TensorBoard's slider does: a running mean that forgets, corrected for its start from zero."""
    mean, found = 0.0, []
    for step, value in enumerate(values, start=1):
        mean = weight * mean + (1 - weight) * value
        found.append(mean / (1 - weight**step))
    return found


plt.figure(figsize=(7, 3.5), layout="constrained")
for name, colour in (("slow", "tab:blue"), ("fast", "tab:orange")):
    steps, values = scalars(logs / name, "loss/train")
    plt.plot(steps, values, color=colour, alpha=0.3)
    plt.plot(steps, smooth(values, 0.9), color=colour, label=name)
plt.legend()
plt.xlabel("step")
plt.title("two runs, as they are and smoothed by 0.9")
plt.show()

# %%
# Pictures
# --------
#
# ``add_image`` takes one picture. It wants channels first, in fractions from 0 to 1 or in bytes; anything else is said by
# ``dataformats``. With a step each, a slider shows how it changed.

file = sorted((ants_and_bees() / "train").glob("*/*.jpg"))[0]
picture = decode(file)  # (3, height, width), bytes
with SummaryWriter(logs / "pictures") as writer:
    writer.add_image("as it is", picture, 0)
    writer.add_image("rows first", picture.permute(1, 2, 0).numpy(), 0, dataformats="HWC")
    for step in range(3):
        writer.add_image("darker", picture.float() / 255 / (step + 1), step)
found = EventAccumulator(str(logs / "pictures")).Reload()
print({tag: len(found.Images(tag)) for tag in found.Tags()["images"]})

# %%
# The graph
# ---------
#
# ``add_graph`` runs the model once on an example and draws which layer feeds which. It records what happens for this example,
# so an ``if`` in the forward pass appears as the way that was taken.

model = Sequential(Linear(in_features=8, out_features=16), ReLU(), Linear(in_features=16, out_features=2))
with SummaryWriter(logs / "graph") as writer, warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the recorder behind it is old, and says so
    writer.add_graph(model, torch.zeros(1, 8))
graph = EventAccumulator(str(logs / "graph")).Reload().Graph()
print("nodes of the graph:", [node.name for node in graph.node if node.op in ("aten::linear", "aten::addmm", "aten::relu")])

# %%
# The trap: one folder for two runs
# ---------------------------------
#
# Run the program twice into the same folder, and the two runs are drawn as one: the line jumps back to step 0 and goes on
# as a second scrawl over the first. Nothing is lost, and nothing can be told apart.

for _ in range(2):
    with SummaryWriter(logs / "same") as writer:
        for step in range(5):
            writer.add_scalar("loss", 1 / (step + 1), step)
files = list((logs / "same").glob("events.*"))
print(len(files), "files of events in one folder, and the steps are", scalars(logs / "same", "loss")[0])

# %%
# ``groundup train`` gives each run a folder of its own (``runs/NAME``, ``runs/NAME-2`` ...), and a run that is resumed cuts
# its events back to where it goes on.
#
# Three things to try
# -------------------
#
# 1. ``add_histogram("weights", layer.weight, step)`` during a training. What do you expect to see of a layer that does not
#    learn?
# 2. Smooth by 0.999. What does the first tenth of the line tell, and what without the correction at the start?
# 3. ``add_scalars`` (with an s) makes a folder for each of its lines. When is that what you want?
#
# Then write the slider: ``groundup learn start tensorboard``.
