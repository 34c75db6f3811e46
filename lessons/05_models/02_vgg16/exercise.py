"""A trained network, changed: the surgery.

Write `for_new_classes`. It takes any model whose last layer stands under a name (such as "head", or "classifier.6"), and
makes it ready for another number of classes with little data: the layer of that name is replaced by a fresh `Linear` of
groundup with the same number of inputs, and everything else is frozen. It returns the parameters that shall learn, in the
model's order. What is frozen must stay as it is in training too: every BatchNorm in it must not follow the new pictures,
however often somebody calls `model.train()` afterwards.
"""

import torch
from torch.nn import Module, Parameter

from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm1d, BatchNorm2d


def for_new_classes(model: Module, head: str, num_classes: int) -> list[Parameter]:
    """Replace the layer under the name, freeze the rest; the parameters that learn.

    The new layer has a bias if the old one had. A frozen norm computes as in evaluation mode, whatever mode the model is in.
    Raises: ValueError where no Linear stands under the name; the model is then as it was.
    """
    raise NotImplementedError
