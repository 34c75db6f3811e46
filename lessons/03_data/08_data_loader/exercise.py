"""DataLoader: batches that can be taken up anywhere.

Write `batch_numbers`. Counted over all epochs, batch number `step` (0, 1, 2, ...) holds which items? The order of an epoch
is a permutation that depends on the seed and the epoch alone, so that a run which was killed after 1000 batches asks for
number 1000 and goes on:

    order of epoch e  =  torch.randperm(count, generator=torch.Generator().manual_seed(seed + e))

With `drop_last` items that fill no whole batch are left out of that epoch; without, they make a last, shorter one.
"""

import torch
from torch import Tensor


def batch_numbers(step: int, count: int, batch_size: int, seed: int, drop_last: bool = True) -> Tensor:
    """The numbers of the items in batch `step`. Shapes: -> (batch size) of int64, or fewer for a last batch that is kept.

    Raises: ValueError where an epoch would have no batch at all.
    """
    raise NotImplementedError
