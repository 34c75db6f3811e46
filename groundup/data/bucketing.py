"""Batches of like lengths, so that little of a batch is padding."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset

from groundup.errors import UserError


class LengthBuckets:
    """The batches of shuffled epochs, each of items of about the same length; every item once an epoch.

    The items are shuffled and cut into pools of `pool` batches, a pool is sorted by length and cut into batches, and the
    batches of all pools are shuffled. The larger the pool, the less padding, and the more often the same items meet.
    Raises: UserError for no items, and for a batch size or pool below 1.
    """

    def __init__(self, lengths: Sequence[int] | Tensor, *, batch_size: int, pool: int = 100):
        self.lengths = torch.as_tensor(lengths, dtype=torch.int64)
        if not len(self.lengths) or batch_size < 1 or pool < 1:
            given = f"{len(self.lengths)} items, batch_size={batch_size}, pool={pool}"
            raise UserError(f"batches of like lengths need items, and a batch size and a pool of 1 or more; got {given}")
        self.batch_size, self.pool = batch_size, pool
        self.per_epoch = -(-len(self.lengths) // batch_size)

    def order(self, generator: Generator) -> list[Tensor]:
        """The indices of an epoch's batches; one of them may be short."""
        shuffled = torch.randperm(len(self.lengths), generator=generator)
        batches: list[Tensor] = []
        for pool in shuffled.split(self.pool * self.batch_size):
            batches += pool[self.lengths[pool].argsort(stable=True)].split(self.batch_size)
        return [batches[position] for position in torch.randperm(len(batches), generator=generator).tolist()]


class ByLength(Dataset):
    """A data set that is trained on in batches of like lengths: `train_data=partial(ByLength, dataset=..., texts=("source",))`.

    An item is as long as the longest of its `texts`, in characters (or in tokens, where they are lists). All else is the data
    set's own; evaluation goes through it in order.
    Raises: UserError for a text that the items do not have.
    """

    def __init__(self, *, dataset: Dataset, texts: Sequence[str], pool: int = 100):
        missing = [name for name in texts if name not in dataset[0]]
        if missing or not texts:
            raise UserError(
                f"ByLength measures one or more of the items' {', '.join(dataset[0])}; got {', '.join(texts) or 'none'}"
            )
        self.dataset, self.pool = dataset, pool
        self.lengths = [max(len(item[name]) for name in texts) for item in map(dataset.__getitem__, range(len(dataset)))]

    def buckets(self, batch_size: int) -> LengthBuckets:
        return LengthBuckets(self.lengths, batch_size=batch_size, pool=self.pool)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: object) -> dict[str, object]:
        return self.dataset[index]

    def __getattr__(self, name: str) -> object:
        if name == "dataset":  # not there yet while a worker unpacks this
            raise AttributeError(name)
        return getattr(self.dataset, name)


def padding_share(lengths: Sequence[int] | Tensor, batches: Sequence[Tensor]) -> float:
    """The part of all places that is padding, 0 to 1, where each batch is as long as its longest item."""
    lengths = torch.as_tensor(lengths)
    places = sum(len(batch) * int(lengths[batch].max()) for batch in batches)
    return 1 - sum(int(lengths[batch].sum()) for batch in batches) / places if places else 0.0
