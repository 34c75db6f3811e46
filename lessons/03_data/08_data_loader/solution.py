"""The answer to `batch_numbers`."""

import torch
from torch import Tensor


def batch_numbers(step: int, count: int, batch_size: int, seed: int, drop_last: bool = True) -> Tensor:
    """The numbers of the items in batch `step`."""
    per_epoch = count // batch_size if drop_last else -(-count // batch_size)
    if not per_epoch:
        raise ValueError(f"{count} items make no batch of {batch_size}")
    epoch, place = divmod(step, per_epoch)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed + epoch))
    return order[place * batch_size : (place + 1) * batch_size]
