"""What is known of a set's colours before training: their mean and deviation, and filters that make patches uncorrelated."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

LARGEST = 10_000  # pictures that are looked at, evenly over the set
SMALL_VARIANCE = 5e-4  # added to each component's variance: what has less is noise, and is not amplified


def pictures(dataset: Dataset) -> Iterator[Tensor]:
    """Pictures evenly over the set, one a time, as float64 from 0 to 1."""
    step = max(1, len(dataset) // LARGEST)
    for index in range(0, len(dataset), step):
        yield dataset[index]["image"].double() / 255


def colour_facts(dataset: Dataset) -> dict[str, object]:
    """The `mean` and the `std` of each channel of the training pictures, in units of 0 (black) to 1 (white)."""
    count, total, squares = 0, 0.0, 0.0
    for image in pictures(dataset):
        count += image[0].numel()
        total = total + image.sum((1, 2))
        squares = squares + image.square().sum((1, 2))
    mean = total / count
    std = (squares / count - mean.square()).clamp_min(0).sqrt()
    return {"mean": mean.tolist(), "std": std.clamp_min(1e-3).tolist()}


def whitening_facts(dataset: Dataset, *, mean: Sequence[float], std: Sequence[float], kernel_size: int = 2) -> dict[str, object]:
    """`whitening`: filters that turn patches into uncorrelated numbers of variance 1, and the negatives of those filters.

    They are the eigenvectors of the patches' second moments, each over the root of its eigenvalue; patches are those of
    pictures that are normalized by `mean` and `std`.
    Source: Page, "How to train your ResNet 8: bag of tricks", 2019; https://arxiv.org/abs/2404.00498, section 3.2.
    Shapes: -> nested lists (2 * channels * kernel_size ** 2, channels, kernel_size, kernel_size), the largest components first.
    """
    mean, std = (torch.tensor(value, dtype=torch.float64)[:, None, None] for value in (mean, std))
    count, moments = 0, 0.0
    for image in pictures(dataset):
        windows = ((image - mean) / std).unfold(1, kernel_size, 1).unfold(2, kernel_size, 1)  # (channels, rows, columns, k, k)
        patches = windows.permute(1, 2, 0, 3, 4).flatten(2).flatten(0, 1)  # (patches, channels * k * k)
        count += len(patches)
        moments = moments + patches.T @ patches
    variances, vectors = torch.linalg.eigh(moments / count)
    filters = (vectors / (variances + SMALL_VARIANCE).sqrt()).T.flip(0)
    filters = filters * torch.where(filters.sum(1, keepdim=True) < 0, -1.0, 1.0)  # of the two signs always the same one
    filters = torch.cat([filters, -filters]).view(-1, len(mean), kernel_size, kernel_size)
    return {"whitening": filters.tolist()}
