"""Batches of like lengths, so that little of a batch is padding."""

import hashlib
from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor

from groundup.errors import UserError


class LengthBuckets:
    """The batches of shuffled epochs, each of items of about the same length; every item once an epoch.

    An epoch's order is a pure function of (seed, epoch): the items are shuffled and cut into pools of `pool` batches, a pool is
    sorted by length and cut into batches, and the batches of all pools are shuffled. The larger the pool, the less padding, and
    the more often the same items meet.
    Raises: UserError for no items, and for a batch size or pool below 1.
    """

    def __init__(self, lengths: Sequence[int] | Tensor, *, batch_size: int, seed: int, pool: int = 100):
        self.lengths = torch.as_tensor(lengths, dtype=torch.int64)
        if not len(self.lengths) or batch_size < 1 or pool < 1:
            given = f"{len(self.lengths)} items, batch_size={batch_size}, pool={pool}"
            raise UserError(f"batches of like lengths need items, and a batch size and a pool of 1 or more; got {given}")
        self.batch_size, self.seed, self.pool = batch_size, seed, pool
        self.per_epoch = -(-len(self.lengths) // batch_size)

    def order(self, epoch: int) -> list[Tensor]:
        """The indices of an epoch's batches; one of them may be short."""
        digest = hashlib.sha256(f"{self.seed}/buckets/{epoch}".encode()).digest()
        generator = Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
        shuffled = torch.randperm(len(self.lengths), generator=generator)
        batches: list[Tensor] = []
        for pool in shuffled.split(self.pool * self.batch_size):
            batches += pool[self.lengths[pool].argsort(stable=True)].split(self.batch_size)
        return [batches[position] for position in torch.randperm(len(batches), generator=generator).tolist()]

    def from_batch(self, position: int) -> Iterator[Tensor]:
        """All batches from this one on, counted over all epochs: what a run that was interrupted goes on with."""
        epoch, first = divmod(position, self.per_epoch)
        while True:
            yield from self.order(epoch)[first:]
            epoch, first = epoch + 1, 0


def padding_share(lengths: Sequence[int] | Tensor, batches: Sequence[Tensor]) -> float:
    """The part of all places that is padding, 0 to 1, where each batch is as long as its longest item."""
    lengths = torch.as_tensor(lengths)
    places = sum(len(batch) * int(lengths[batch].max()) for batch in batches)
    return 1 - sum(int(lengths[batch].sum()) for batch in batches) / places if places else 0.0
