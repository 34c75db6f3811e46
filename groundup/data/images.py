"""Small sets of pictures in memory."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils.data import Dataset

from groundup.errors import UserError


class InMemory(Dataset):
    """Columns of equal length held in memory: an item is a row, and a whole batch is taken at once by its indices.

    `labels` are the names of the classes, where there are classes.
    """

    def __init__(self, columns: Mapping[str, Tensor], *, labels: Sequence[str] = ()):
        self.columns = dict(columns)
        self.labels = list(labels)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {name: column[index] for name, column in self.columns.items()}

    def batch(self, indices: Tensor) -> dict[str, Tensor]:
        """The rows of these indices, as one batch."""
        return {name: column.index_select(0, indices) for name, column in self.columns.items()}


def digits(*, split: str) -> Dataset:
    """Scikit-learn's handwritten digits: 1,797 grey pictures of 8x8, embedded in the library (UCI, Alpaydin and Kaynak 1998).

    `split` is "train" (1,437 pictures) or "test" (360), a stratified 80/20 cut that never changes. Ink is bright; the 17
    grey values of the set are spread over 0..255.
    Shapes: image (1, 8, 8) uint8, label () int64.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    if split not in ("train", "test"):
        raise UserError(f"digits has the splits train and test; got {split!r}")
    bunch = load_digits()
    parts = train_test_split(np.arange(len(bunch.target)), test_size=0.2, random_state=0, stratify=bunch.target)
    chosen = parts[split == "test"]
    images = torch.from_numpy(bunch.images[chosen]).mul(255 / 16).round().to(torch.uint8)
    columns = {"image": images.unsqueeze(1), "label": torch.from_numpy(bunch.target[chosen]).long()}
    return InMemory(columns, labels=[str(digit) for digit in range(10)])


def picture_facts(dataset: InMemory) -> dict[str, object]:
    """The class names and the pictures' shape: `labels`, `num_classes`, `image_shape`, `in_channels`."""
    shape = list(dataset[0]["image"].shape)
    return {"labels": dataset.labels, "num_classes": len(dataset.labels), "image_shape": shape, "in_channels": shape[0]}


def label_counts(dataset: Dataset) -> dict[str, object]:
    """How many pictures each class has, in the order of the classes: `label_counts`."""
    column = dataset.columns["label"] if isinstance(dataset, InMemory) else getattr(dataset, "label", None)
    label = column if column is not None else torch.stack([dataset[index]["label"] for index in range(len(dataset))])
    return {"label_counts": label.bincount(minlength=len(dataset.labels)).tolist()}


def enlarge(batch: Mapping[str, object], *, size: int, low: float = 0.0, high: float = 1.0) -> dict[str, object]:
    """Pictures brought to size x size by bilinear interpolation, with black at `low` and white at `high`.

    Shapes: image (batch, channels, height, width) uint8 -> (batch, channels, size, size) float.
    """
    image = batch["image"].to(torch.get_default_dtype()) / 255
    return {**batch, "image": low + (high - low) * interpolate(image, size=(size, size), mode="bilinear")}


def normalize(batch: Mapping[str, object], *, mean: Sequence[float], std: Sequence[float]) -> dict[str, object]:
    """Pictures whose channels have mean 0 and deviation 1, where `mean` and `std` are those of the set.

    Units: mean and std, one a channel, count black as 0 and white as 1.
    Shapes: image (batch, channels, height, width) uint8 -> the same, float.
    Raises: UserError for another number of channels.
    """
    image = batch["image"]
    if not len(mean) == len(std) == image.shape[1]:
        raise UserError(f"normalize needs a mean and a std for each of {image.shape[1]} channels; got {len(mean)} and {len(std)}")
    shift, scale = (torch.tensor(value, dtype=torch.get_default_dtype(), device=image.device) for value in (mean, std))
    return {**batch, "image": (image / 255 - shift[:, None, None]) / scale[:, None, None]}
