"""Items as a person reads them: what has no picture told in lines."""

from collections.abc import Mapping

from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.contact_sheet import TEXTS

LINES = 12  # of a row of a table; the others are counted


class Described(Dataset):
    """A data set whose items bear what a contact sheet does not know of - sentences, rows of tables - as `captions`."""

    def __init__(self, dataset: Dataset):
        self.dataset = dataset
        self.labels = list(getattr(dataset, "labels", ()))

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, object]:
        item = self.dataset[index]
        if "image" in item or any(key in TEXTS for key in item):
            return item
        rows_last = sorted(item.items(), key=lambda entry: isinstance(entry[1], Mapping))
        lines = [line for key, value in rows_last for line in told(key, value)]
        more = [f"... and {len(lines) - LINES} more"] if len(lines) > LINES else []
        return item | {"captions": lines[:LINES] + more}


def told(key: str, value: object) -> list[str]:
    """A value of an item in lines; none for the label, which the sheet writes, and for tensors of more than one number."""
    if key == "label" or (isinstance(value, Tensor) and value.numel() != 1):
        return []
    if isinstance(value, Mapping):
        return [line for name, inner in value.items() for line in told(name, inner)]
    return [f"{key}: {value.item() if isinstance(value, Tensor) else value}"]
