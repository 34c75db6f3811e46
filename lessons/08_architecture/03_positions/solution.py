"""The answer to `positions`."""

import torch
from torch import Tensor


def positions(places: Tensor, dim: int, base: float = 10000.0) -> Tensor:
    """Sines and cosines of places."""
    if dim < 1:
        raise ValueError(f"a row has one feature or more; got {dim}")
    exponents = torch.arange(0, dim, 2, dtype=torch.float64, device=places.device) / dim
    angles = places.double().unsqueeze(-1) / base**exponents  # (..., waves)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(-2)[..., :dim].to(torch.float32)
