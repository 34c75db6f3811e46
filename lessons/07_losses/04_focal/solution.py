"""The answer to `sigmoid_focal`."""

import torch
from torch import Tensor


def sigmoid_focal(scores: Tensor, truth: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal loss of independent questions, for each thing that is there."""
    against = torch.where(truth == 1, -scores, scores)  # how strongly the score speaks for the wrong answer
    surprise = against.clamp(min=0) + torch.log1p((-against.abs()).exp())  # softplus: -log(p_t)
    missed = torch.sigmoid(against)  # 1 - p_t
    weight = torch.where(truth == 1, alpha, 1 - alpha)
    return (weight * missed**gamma * surprise).sum() / truth.sum().clamp(min=1)
