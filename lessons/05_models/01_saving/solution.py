"""The answer to `load_fitting`."""

import torch
from torch import Tensor
from torch.nn import Module


def load_fitting(model: Module, state: dict[str, Tensor]) -> tuple[list[str], list[str], list[str]]:
    """Copy what fits by name and shape; the names that are missing, unexpected and mismatched."""
    own = model.state_dict()
    both = own.keys() & state.keys()
    fitting = {name for name in both if own[name].shape == state[name].shape}
    if not fitting:
        raise ValueError("not one tensor fits by name and shape: these are the weights of another model")
    odd = sorted(name for name in fitting if not state[name].isfinite().all())
    if odd:
        raise ValueError(f"these tensors hold numbers that are not finite: {', '.join(odd)}")
    with torch.no_grad():
        for name in fitting:
            own[name].copy_(state[name])
    return sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys()), sorted(both - fitting)
