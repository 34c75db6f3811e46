"""Parameters: the table of a network.

Write `summary`: for each child of a model (`model.named_children()`), how many numbers it learns and how many of it are
frozen (requires_grad False), with all that it is made of. A parameter that stands under several names counts once, where it
comes first. Parameters that stand in the model itself, in no child, go under the name "". The model's order; children
without any parameters are listed with zeros.
"""

import torch
from torch.nn import Module


def summary(model: Module) -> dict[str, tuple[int, int]]:
    """For each child the numbers that are learnt and those that are frozen; "" first, if the model has parameters of its own."""
    raise NotImplementedError
