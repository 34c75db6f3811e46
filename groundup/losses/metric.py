"""Metric learning with the triplets chosen inside the loss."""

import torch
from torch import Tensor
from torch.nn import Module

from groundup.losses.similarity import check_embeddings
from groundup.ops.distance import pairwise_distance
from groundup.ops.reduction import can_look_into


class BatchHardTripletLoss(Module):
    """The triplet loss with, for every anchor of a batch, the farthest of its own class and the nearest of the others.

    loss = mean over anchors a of max(max over p of d(a, p) - min over n of d(a, n) + margin, 0)

    p goes over the examples of a's class, a itself among them, and n over all others; d is the Euclidean distance.

    Shapes: embeddings (batch, features), label (batch) -> ().
    Raises: ValueError for shapes that do not match, a margin that is not positive and, on the CPU, a batch of one class only.
    Paper: https://arxiv.org/abs/1703.07737 (section 2, the batch hard loss, as a mean; margin is m).
    """

    def __init__(self, *, margin: float = 0.3):
        super().__init__()
        if not margin > 0:
            raise ValueError(f"BatchHardTripletLoss: margin must be positive; it was given {margin}")
        self.margin = margin

    def forward(self, embeddings: Tensor, label: Tensor) -> Tensor:
        check_embeddings("BatchHardTripletLoss", 2, embeddings=embeddings)
        if label.shape != embeddings.shape[:1]:
            raise ValueError(
                f"BatchHardTripletLoss: {len(embeddings)} embeddings take {len(embeddings)} labels; label is {tuple(label.shape)}"
            )
        alike = label.unsqueeze(1) == label
        if can_look_into(label) and alike.all():
            raise ValueError("BatchHardTripletLoss: the batch is of one class, so that no example has a negative")
        distances = pairwise_distance(embeddings.unsqueeze(1), embeddings, eps=0.0)  # (anchor, other)
        farthest = distances.masked_fill(~alike, -torch.inf).amax(1)
        nearest = distances.masked_fill(alike, torch.inf).amin(1)
        return (farthest - nearest + self.margin).clamp(min=0).mean()
