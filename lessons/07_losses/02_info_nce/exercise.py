"""InfoNCE with a queue.

Write `info_nce`. Query i belongs to key i. Wrong answers are the keys of others: those of the batch, or, where a `queue`
is given, its rows alone (MoCo, He et al. 2019, https://arxiv.org/abs/1911.05722, section 3.1: each query then is
compared with its own key and with the queue, and not with the other keys of the batch). Queries and keys are brought to
length 1; the queue's rows are used as they are and take no gradient. Similarities are divided by the temperature; the
loss is the mean cross-entropy of finding the right one.
"""

import torch
from torch import Tensor


def info_nce(query: Tensor, key: Tensor, temperature: float, queue: Tensor | None = None) -> Tensor:
    """How hard it is to find each query's own key.

    Shapes: query and key (batch, features), queue (length, features) -> ().
    Raises: ValueError for a temperature of 0 or below; without a queue, for a batch of one, which has no others.
    """
    raise NotImplementedError
