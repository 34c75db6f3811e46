"""Dropout: in training, numbers are struck out at random."""

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder


def check_dropout(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p is a probability between 0 and 1, not {p}")


def dropout_tensors(input: Tensor, p: float = 0.5, training: bool = True, *, mask: Tensor | None = None) -> Tensor:
    """Each number is 0 with probability p; those kept are divided by 1 - p, so that the mean stays as it was.

    `mask`, a tensor of bool, says which are kept; without it they are drawn from the global generator. Outside of
    training the input comes back as it is.

    Paper: Dropout, https://jmlr.org/papers/v15/srivastava14a.html, section 4 (there p is the probability to keep, and the
    weights are scaled after training instead).
    Shapes: any -> the same; mask: one that broadcasts to it.
    Raises: ValueError for a p outside 0 to 1.
    Equals: torch.nn.functional.dropout; on the CPU also number by number after the same seed.
    """
    check_dropout(p)
    if not training or (p == 0 and mask is None):
        return input
    if p == 1:
        return input * 0
    if mask is None:
        mask = torch.empty_like(input).bernoulli_(1 - p)
    return input * mask / (1 - p)


def dropout_fused(input: Tensor, p: float = 0.5, training: bool = True, *, mask: Tensor | None = None) -> Tensor:
    check_dropout(p)
    return F.dropout(input, p, training) if mask is None else dropout_tensors(input, p, training, mask=mask)


dropout = Ladder(dropout_tensors, fused=dropout_fused)
