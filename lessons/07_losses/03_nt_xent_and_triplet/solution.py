"""The answer to `batch_hard`."""

import torch
from torch import Tensor


def batch_hard(features: Tensor, labels: Tensor, margin: float = 0.3) -> Tensor:
    """The hardest triplet of every anchor."""
    squares = (features[:, None] - features).square().sum(-1)  # (anchor, other)
    apart = squares > 0
    distance = torch.where(apart, torch.where(apart, squares, 1.0).sqrt(), 0.0)
    same = labels[:, None] == labels
    alike, unlike = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device), ~same
    kept = alike.any(1) & unlike.any(1)
    if not kept.any():
        return features.sum() * 0
    furthest = distance.masked_fill(~alike, -torch.inf).amax(1)[kept]
    nearest = distance.masked_fill(~unlike, torch.inf).amin(1)[kept]
    return (margin + furthest - nearest).clamp(min=0).mean()
