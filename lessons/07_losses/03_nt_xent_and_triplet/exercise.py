"""The triplet loss that chooses its own triplets: batch-hard.

Write `batch_hard` (Hermans, Beyer & Leibe 2017, https://arxiv.org/abs/1703.07737, section 2, equation 5). A batch holds
several pictures of each class. Every picture is an anchor once: the alike one is the FURTHEST other picture of its
class, the unlike one the NEAREST of another class, by Euclidean distance.

    loss = mean over anchors of max(margin + furthest alike - nearest unlike, 0)

Anchors that have no other picture of their class, or none of another, are left out, also of the mean; if that leaves
none, the loss is 0, and can still be walked back from. A distance of 0 must not give a gradient of NaN.
"""

import torch
from torch import Tensor


def batch_hard(features: Tensor, labels: Tensor, margin: float = 0.3) -> Tensor:
    """The hardest triplet of every anchor. Shapes: features (batch, features), labels (batch) of int64 -> ()."""
    raise NotImplementedError
