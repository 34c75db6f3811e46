"""The answer to `asking`."""

from contextlib import contextmanager

import torch
from torch.nn import Module


@contextmanager
def asking(model: Module):
    """A context in which a model answers as in use, and after which it is as it was."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        for module, training in modes.items():
            module.training = training
