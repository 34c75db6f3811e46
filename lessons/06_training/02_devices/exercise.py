"""Devices: move a batch of anything.

Write `move`. A batch is rarely one tensor: it is a dict of tensors, a list of boxes for each picture, names of files, a
NamedTuple, nested in each other. `move` returns the same structure with every tensor on the device; everything else
(numbers, texts, None) is passed on as it is. What is given is not changed. Floating-point tensors are also brought to
`dtype` if one is given; whole numbers and masks keep their types. A tensor that stands at several places stays ONE tensor.
"""

import torch
from torch import Tensor


def move(value: object, device: str | torch.device, dtype: torch.dtype | None = None) -> object:
    """The same nest with all tensors on the device.

    Dicts, lists, tuples and NamedTuples are rebuilt as what they are; anything else that is no tensor is passed on as it is.
    """
    raise NotImplementedError
