"""Hooks: record what layers give, and what gradient reaches them.

Write `record`. It runs a model on an input, and afterwards walks back from the sum of the output; for each named submodule it
notes the output and the gradient that reached that output. When it is done, or when the model fails in its middle, no hook of
it is left anywhere, and the gradients of the model's parameters are as they were.
"""

import torch
from torch import Tensor
from torch.nn import Module


def record(model: Module, names: list[str], input: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """What the submodules of these names give for an input, and the gradient of the sum of the model's output by it.

    Names are as `model.named_modules()` has them; each of these submodules is called once. What is returned remembers nothing:
    no tensor in it requires a gradient.
    Raises: KeyError for a name that the model does not have, before the model is run.
    """
    raise NotImplementedError
