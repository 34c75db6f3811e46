"""Saving and loading: take what fits, and say what did not.

Write `load_fitting`. Trained weights of a network for 1000 classes shall begin one for 10: everything fits but the head.
`model.load_state_dict` takes all or raises. `load_fitting` copies into the model every tensor of `state` whose name and
shape fit, in place, and returns three sorted lists of names: `missing` (in the model, not in the state), `unexpected` (in
the state, not in the model), `mismatched` (in both, of different shapes). If not one name fits, it is the wrong file: then
it raises ValueError. Neither then, nor where a tensor that fits holds a number that is not finite (ValueError, too), is the
model changed at all.
"""

import torch
from torch import Tensor
from torch.nn import Module


def load_fitting(model: Module, state: dict[str, Tensor]) -> tuple[list[str], list[str], list[str]]:
    """Copy what fits by name and shape; the names that are missing, unexpected and mismatched.

    The model's own types stay: weights of half precision are copied into a model of single precision as single. Parameters
    keep their place in memory and whether they learn.
    """
    raise NotImplementedError
