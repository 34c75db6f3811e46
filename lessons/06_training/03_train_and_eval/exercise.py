"""Two modes: a block in which a model is only asked.

Write `asking`, to be used as

    with asking(model):
        answers = model(questions)

Inside, the whole model is in evaluation mode and no gradients are recorded. Afterwards every module within is in the mode in
which IT was before (a frozen part may have been in evaluation mode all along), and gradients are recorded if they were
before. That holds too where the block ends in an error. Blocks may stand inside each other.
"""

from contextlib import contextmanager

import torch
from torch.nn import Module


def asking(model: Module):
    """A context in which a model answers as in use, and after which it is as it was."""
    raise NotImplementedError
