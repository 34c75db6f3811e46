"""The answer to `rotate`."""

import torch
from torch import Tensor


def rotate(x: Tensor, places: Tensor, rotary: int | None = None, base: float = 10000.0, pairing: str = "halves") -> Tensor:
    """Pairs of features turned by where their vector stands."""
    rotary = x.shape[-1] if rotary is None else rotary
    if rotary % 2 or rotary > x.shape[-1] or pairing not in ("halves", "interleaved"):
        raise ValueError(f"{rotary} of {x.shape[-1]} features cannot be turned in pairs as {pairing!r}")
    pairs = rotary // 2
    exponents = torch.arange(0, rotary, 2, dtype=torch.float64, device=x.device) / max(1, rotary)
    angles = places.double().unsqueeze(-1) / base**exponents  # (length, pairs)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    part, rest = x[..., :rotary], x[..., rotary:]
    if pairing == "halves":
        a, b = part[..., :pairs], part[..., pairs:]
        return torch.cat([a * cos - b * sin, a * sin + b * cos, rest], -1)
    a, b = part[..., ::2], part[..., 1::2]
    return torch.cat([torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2), rest], -1)
