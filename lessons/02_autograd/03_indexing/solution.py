"""The answer to `mistakes`."""

import torch
from torch import Tensor


def mistakes(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Which classes are taken for which, and which pictures were got wrong, the surest first."""
    classes = probabilities.shape[1]
    sure, said = probabilities.max(1)  # (pictures)
    confusion = torch.bincount(labels * classes + said, minlength=classes**2).view(classes, classes)
    wrong = (said != labels).nonzero()[:, 0]
    return confusion, wrong[sure[wrong].argsort(descending=True)]
