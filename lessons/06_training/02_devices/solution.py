"""The answer to `move`."""

import torch
from torch import Tensor


def move(value: object, device: str | torch.device, dtype: torch.dtype | None = None) -> object:
    """The same nest with all tensors on the device."""
    moved: dict[int, Tensor] = {}

    def walk(value: object) -> object:
        if isinstance(value, Tensor):
            if id(value) not in moved:
                kind = dtype if value.is_floating_point() else None
                moved[id(value)] = value.to(device, kind) if kind else value.to(device)
            return moved[id(value)]
        if isinstance(value, dict):
            return {key: walk(part) for key, part in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(walk, value))
        if type(value) in (list, tuple):
            return type(value)(map(walk, value))
        return value

    return walk(value)
