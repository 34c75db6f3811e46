"""A set of pictures whose classes are numbered otherwise than a model numbers them: they are matched by their names."""

from collections.abc import Sequence

import torch
from torch.utils.data import Dataset

from groundup.data.annotated import VOID
from groundup.errors import UserError

NUMBERED = ("label", "labels", "mask")  # keys of an item that hold numbers of classes


class Renumbered(Dataset):
    """The items of a set, with the numbers that its classes have in `labels`; VOID in a mask stays.

    Shapes: as the set's.
    Raises: UserError for a class that is none of `labels`.
    """

    def __init__(self, *, dataset: Dataset, labels: Sequence[str]):
        strange = [name for name in dataset.labels if name not in labels]
        if strange:
            raise UserError(
                f"these data have classes that the model does not know: {some(strange)}; it tells apart {some(labels)}"
            )
        self.dataset, self.labels = dataset, list(labels)
        self.numbers = torch.arange(max(VOID + 1, len(dataset.labels)))
        self.numbers[: len(dataset.labels)] = torch.tensor([self.labels.index(name) for name in dataset.labels])

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, object]:
        item = self.dataset[index]
        return {key: self.numbers[value] if key in NUMBERED else value for key, value in item.items()}


def numbered_as(dataset: Dataset, labels: Sequence[str] | None) -> Dataset:
    """The set as it is where its classes are these in this order, or one of the two has no names; else renumbered.

    Raises: UserError as `Renumbered`.
    """
    own = list(getattr(dataset, "labels", None) or ())
    return dataset if not own or not labels or own == list(labels) else Renumbered(dataset=dataset, labels=labels)


def some(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
