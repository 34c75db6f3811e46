"""Sequential, by hand.

Write the class `Row`. It is made of modules, `Row(a, b, c)`, called "0", "1", "2", or of named ones, `Row(first=a,
second=b)`, or of both, the numbered ones first. It calls them in turn. `len(row)` counts them, `row[1]`, `row[-1]` and
`row["second"]` give one, and `row[1:]` gives a Row of the same modules under the same names. `row[1] = module` (or by name)
puts another in its place, under its name. Deriving from Sequential or ModuleList would be too easy: derive from Module.
"""

import torch
from torch import Tensor
from torch.nn import Module


class Row(Module):
    """Modules that are called one after the other.

    Raises: IndexError for a number and KeyError for a name that there is not; TypeError for a part that is no Module.
    """

    def __init__(self, *parts: Module, **named: Module):
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError
