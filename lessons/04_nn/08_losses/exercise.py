"""Losses: cross-entropy, from one score to a map of them.

Write `cross_entropy`: the mean over the targets of log(sum over classes of exp(score)) - score of the right class. The
classes stand in dimension 1, behind the batch; what follows (places of a sentence, pixels) is matched by the target. Targets
that equal `ignore_index` do not count, neither in the sum nor in what it is divided by. Scores may be large: nothing may
overflow. Do not call torch's own loss, softmax or logsumexp: exp, log, sums and maxima are what it is made of.
"""

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100) -> Tensor:
    """The mean surprise at the right class.

    Shapes: input (batch, classes) or (batch, classes, ...), target (batch) or (batch, ...) of int64 -> ().
    """
    raise NotImplementedError
