"""KL divergence of scores, both ways, with a temperature.

Write `kl_from_scores`. Two tables of scores, (batch, classes). At temperature T their beliefs are softmax(scores / T).
Return the mean over the batch of KL(teacher || student), or with `reverse` of KL(student || teacher), times T². Scores may
be large and a probability may round to 0: work with log-softmax, and let 0 * log 0 be 0. The teacher takes no gradient.
"""

import torch
from torch import Tensor


def kl_from_scores(student: Tensor, teacher: Tensor, temperature: float = 1.0, reverse: bool = False) -> Tensor:
    """The divergence of what two tables of scores believe. Shapes: two of (batch, classes) -> ().

    Raises: ValueError for a temperature of 0 or below.
    """
    raise NotImplementedError
