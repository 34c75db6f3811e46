"""Batches of a data set, in an order that is a pure function of (seed, epoch): a position in training is one number."""

import hashlib
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from groundup.errors import UserError

Collate = Callable[[Sequence[dict]], dict]


def mixed_seed(*parts: object) -> int:
    """A seed made of several parts, alike on every platform."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:8], "little") >> 1


def collate_items(items: Sequence[dict]) -> dict:
    """Stack what can be stacked; texts stay lists."""
    return {
        name: [item[name] for item in items]
        if isinstance(items[0][name], str)
        else default_collate([item[name] for item in items])
        for name in items[0]
    }


def take(dataset: Dataset, indices: Tensor, collate: Collate | None) -> dict:
    """The batch of these indices; whole where the data set holds its columns in memory."""
    if collate is None and hasattr(dataset, "batch"):
        return dataset.batch(indices)
    return (collate or collate_items)([dataset[index] for index in indices.tolist()])


class TrainingBatches:
    """Endless batches of shuffled epochs. Items that fill no whole batch are left out of that epoch, others each time.

    A data set with `buckets`, such as `data.bucketing.ByLength`, says itself which items make a batch.
    Raises: UserError for a batch larger than the data set.
    """

    def __init__(self, dataset: Dataset, collate: Collate | None, *, batch_size: int, seed: int, num_workers: int = 0):
        if batch_size > len(dataset):
            raise UserError(f"a batch of {batch_size} is larger than the training set: give at most {len(dataset)}")
        self.dataset, self.collate = dataset, collate
        self.batch_size, self.seed, self.num_workers = batch_size, seed, num_workers
        self.buckets = dataset.buckets(batch_size) if hasattr(dataset, "buckets") else None
        self.per_epoch = self.buckets.per_epoch if self.buckets else len(dataset) // batch_size

    def order(self, epoch: int) -> Sequence[Tensor]:
        """The indices of an epoch's batches, each (batch_size)."""
        generator = Generator().manual_seed(mixed_seed(self.seed, "order", epoch))
        if self.buckets:
            return self.buckets.order(generator)
        order = torch.randperm(len(self.dataset), generator=generator)
        return order[: self.per_epoch * self.batch_size].view(self.per_epoch, self.batch_size)

    def from_batch(self, position: int) -> Iterator[dict]:
        """All batches from this one on, counted over all epochs."""
        epoch, first = divmod(position, self.per_epoch)
        while True:
            yield from self.epoch(epoch, first)
            epoch, first = epoch + 1, 0

    def keys(self, epoch: int, indices: Tensor) -> list:
        """What a batch asks the data set for: indices; with a seed beside each where the data set takes seeds, as one whose
        items are random does. So no worker and no moment of stopping leaves a trace in an item.
        """
        if not getattr(self.dataset, "takes_seeds", False):
            return indices.tolist()
        return [(index, mixed_seed(self.seed, "item", epoch, index)) for index in indices.tolist()]

    def epoch(self, epoch: int, first: int) -> Iterator[dict]:
        order = self.order(epoch)[first:]
        collate = self.collate or collate_items
        if not self.num_workers and self.collate is None and hasattr(self.dataset, "batch"):
            yield from map(self.dataset.batch, order)
        elif not self.num_workers:
            yield from (collate([self.dataset[key] for key in self.keys(epoch, indices)]) for indices in order)
        else:
            loader = DataLoader(
                self.dataset,
                batch_sampler=[self.keys(epoch, indices) for indices in order],
                collate_fn=collate,
                num_workers=self.num_workers,
                generator=Generator().manual_seed(mixed_seed(self.seed, "workers", epoch)),
            )
            try:
                yield from loader
            except UserError as error:  # a worker's comes with its traceback; the user's line is the last
                raise UserError(str(error).rstrip().rpartition("groundup.errors.UserError: ")[2]) from None


def in_order(dataset: Dataset, collate: Collate | None, batch_size: int) -> Iterator[dict]:
    """Every item once, in its order."""
    for indices in torch.arange(len(dataset)).split(batch_size):
        yield take(dataset, indices, collate)
