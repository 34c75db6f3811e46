"""
What is on this machine, and a playground
=========================================

Before the first tensor: is everything there? Which Python runs, which PyTorch, is there a GPU, and does a number come out
right? And how does one find out what something does without a browser at hand?
"""

# %%
# Two functions answer nearly every question of a beginner. ``dir`` says what is in something, ``help`` says how to use it.
# Think of a library as of a cupboard: ``dir`` opens a drawer, ``help`` reads the label on a tool.

import platform
import sys

import matplotlib.pyplot as plt
import torch

import groundup
from groundup.cli.doctor import machine

print(
    "Python", platform.python_version(), "at", "a virtual environment" if sys.prefix != sys.base_prefix else "the system's place"
)
print("torch", torch.__version__, " groundup", groundup.__version__)
print("in the drawer torch.cuda:", [name for name in dir(torch.cuda) if name.startswith("is_")])
print(torch.cuda.is_available.__doc__.strip().splitlines()[0])

# %%
# The GPU
# -------
#
# ``torch.cuda.is_available()`` is the one line that everybody types first. False has three usual reasons: there is no
# NVIDIA card; there is one and its driver is missing; or the PyTorch that was installed is the one for processors alone.
# Everything in this course runs on a laptop without one.

device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
print("CUDA:", torch.cuda.is_available(), "  Apple's MPS:", torch.backends.mps.is_available(), "  so we compute on:", device)
print("built for CUDA:", torch.version.cuda, "  threads:", torch.get_num_threads())

# %%
# Is it right?
# ------------
#
# A broken installation may import and compute nonsense. A few things with known answers:

generator = torch.Generator().manual_seed(0)
a, b = torch.randn(50, 60, generator=generator), torch.randn(60, 40, generator=generator)
slow = torch.stack([torch.stack([(row * column).sum() for column in b.T]) for row in a])
torch.testing.assert_close(a @ b, slow, rtol=1e-4, atol=1e-4)
x = torch.tensor(3.0, requires_grad=True)
(x**2).backward()
assert x.grad == 6
print("products are right, and so are slopes")

# %%
# ``groundup doctor`` looks at all of it: versions, processor, memory, which data sets lie here, and which promises hold on
# this machine. From a program:

for finding in machine():
    print(f"{finding.name:12} {finding.text}")

# %%
# Where to try things
# -------------------
#
# - A **console** (``python``, or ``ipython``) forgets nothing while it runs, and keeps nothing when it ends: for one line,
#   for a question.
# - A **notebook** keeps cells and their pictures: for exploring. Its trap stands below.
# - A **file** runs from the top, each time the same: for what must be right.
#
# This page is a file with cells (``# %%``): an editor runs them one by one, ``python lesson.py`` runs all.

figure, axis = plt.subplots(figsize=(6, 2.8), layout="constrained")
times = torch.linspace(0, 4 * torch.pi, 300)
for phase in range(5):
    axis.plot(times, (times + phase / 3).sin() * (-0.15 * times).exp())
axis.set_title("if you see five waves, pictures work too")
plt.show()

# %%
# The trap: what the notebook remembers
# -------------------------------------
#
# In a notebook (and a console) a name stays what it was last made, whatever the page above shows now. Rename a variable, and
# the cell below goes on with the old one; delete the cell that made it, and everything still runs, until tomorrow.

batch_size = 32  # a cell that was run, and then deleted
del batch_size  # tomorrow
try:
    print(batch_size)
except NameError as error:
    print("tomorrow:", error)

# %%
# "Restart and run all" before you believe a notebook.
#
# Three things to try
# -------------------
#
# 1. ``help(torch.Tensor.clamp)``, then ``torch.Tensor.clamp?`` in IPython: what does the question mark add?
# 2. ``dir(torch)`` is long. Filter it for names that contain "arg".
# 3. Set ``torch.set_num_threads(1)`` and time a product of two 2000 x 2000 matrices; then with all threads.
#
# The next lesson has the first exercise. ``groundup learn`` shows the whole path.
