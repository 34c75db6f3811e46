"""Pictures in which every pixel has a class, at the one size that a network works at; and what training fixes of them.

A set's pictures may have any size. A network sees each of them whole, brought into `image_shape` with its proportions kept and
filled up with black on the right and below; in training it sees a part, at a scale drawn by chance around that one. The mask of a
whole picture stays at the picture's own size: that is where the network is scored.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset, default_collate

from groundup.data.annotated import VOID
from groundup.data.transforms.geometry import pad, resize, size_of
from groundup.data.transforms.random_geometry import random_crop, random_flip, uniform
from groundup.errors import UserError

LARGEST = 2_000  # pictures whose pixels are counted, evenly over the set


class WholePictures(Dataset):
    """The pictures of a set, each brought into `image_shape` by `fitted_in`.

    Shapes: image `image_shape` uint8, size (2) int64, the picture's own height and width; mask (height, width) int64.
    """

    def __init__(self, *, dataset: Dataset, image_shape: Sequence[int]):
        check_shape(image_shape)
        self.dataset, self.image_shape, self.labels = dataset, tuple(image_shape), list(dataset.labels)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, object]:
        item = self.dataset[index]
        image, size = fitted_in(item["image"], self.image_shape)
        return {"image": image, "size": size, "mask": item["mask"]}


class RandomParts(WholePictures):
    """A part of each picture with its mask, anew each time it is asked for.

    The picture is brought to the size at which `WholePictures` shows it, times a factor from `scale` (evenly on a logarithmic
    scale), mirrored every other time, and a part of `image_shape` is cut out; what lies outside of it is black and of no class.
    An item is a function of its index and of a seed; asked for an index alone, it is the whole picture.
    Shapes: image `image_shape` uint8, mask (height, width) of `image_shape`, int64.
    Raises: UserError for a range of scales that is empty or not above 0.
    """

    takes_seeds = True

    def __init__(
        self, *, dataset: Dataset, image_shape: Sequence[int], scale: tuple[float, float] = (0.5, 2.0), mirror: bool = True
    ):
        super().__init__(dataset=dataset, image_shape=image_shape)
        if len(scale) != 2 or not 0 < scale[0] <= scale[1]:
            raise UserError(f"scale is a range of factors above 0, the lower one first; got {scale}")
        self.scale, self.mirror = tuple(scale), mirror

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, object]:
        if not isinstance(key, tuple):
            return super().__getitem__(key)
        index, generator = key[0], Generator().manual_seed(key[1])
        _, height, width = self.image_shape
        item = {name: value for name, value in self.dataset[index].items() if name in ("image", "mask")}
        factor = math.exp(uniform(*map(math.log, self.scale), generator)) * scale_of(size_of(item), height, width)
        rows, columns = (max(1, round(side * factor)) for side in size_of(item))
        item = random_crop(resize(item, height=rows, width=columns), generator, height=height, width=width)
        item = random_flip(item, generator) if self.mirror else item
        return {"image": item["image"].contiguous(), "mask": item["mask"].contiguous()}


class ObjectPixels(Dataset):
    """A set of objects, each with its own mask, as classes of pixels: 0 where there is no object, else 1 and the object's label.

    Shapes: image (channels, height, width) uint8, mask (height, width) int64.
    """

    def __init__(self, *, dataset: Dataset, ground: str = "background"):
        self.dataset, self.labels = dataset, [ground, *dataset.labels]

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, object]:
        item = self.dataset[index]
        mask = torch.zeros(size_of(item), dtype=torch.int64)
        for label, covered in zip(item["labels"].tolist(), item["masks"], strict=True):
            mask[covered] = label + 1
        return {"image": item["image"], "mask": mask}


def check_shape(image_shape: Sequence[int]) -> None:
    """Raises: UserError for what is no (channels, height, width) of a picture in colour."""
    if len(image_shape) != 3 or image_shape[0] != 3 or min(image_shape) < 1:
        raise UserError(f"image_shape is (3, height, width) of at least a pixel each; got {tuple(image_shape)}")


def scale_of(size: Sequence[int], height: int, width: int) -> float:
    """By what a picture of (height, width) is multiplied to lie just within others."""
    return min(height / size[0], width / size[1])


def fitted_in(image: Tensor, image_shape: Sequence[int]) -> tuple[Tensor, Tensor]:
    """A picture brought into `image_shape`, its proportions kept, black on the right or below; and the size that it had.

    Shapes: uint8 (channels, any, any) -> (channels, height, width), and (2) int64.
    """
    _, height, width = image_shape
    rows, columns = fitted_size(tuple(image.shape[1:]), height, width)
    item = pad(resize({"image": image}, height=rows, width=columns), right=width - columns, bottom=height - rows)
    return item["image"].contiguous(), torch.tensor(image.shape[1:])


def fitted_size(size: Sequence[int], height: int, width: int) -> tuple[int, int]:
    """The rows and columns that a picture of this (height, width) takes within others."""
    scale = scale_of(size, height, width)
    return min(height, max(1, round(size[0] * scale))), min(width, max(1, round(size[1] * scale)))


def collate_pixels(items: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Stack what has one shape; masks of many sizes stay a list, as texts do."""
    batch: dict[str, object] = {}
    for name in items[0]:
        column = [item[name] for item in items]
        alike = isinstance(column[0], Tensor) and len({value.shape for value in column}) == 1
        batch[name] = default_collate(column) if alike else column
    return batch


def pixel_facts(dataset: Dataset) -> dict[str, object]:
    """The classes' names and the pictures' shape: `labels`, `num_classes`, `image_shape`, `in_channels`.

    Raises: UserError for a set that names no classes, or has no mask.
    """
    item, labels = dataset[0], list(getattr(dataset, "labels", ()))
    if not labels or "mask" not in item:
        raise UserError(f"a set for segmentation has labels, and a mask in each item; this one has {', '.join(item)}")
    shape = list(item["image"].shape)
    return {"labels": labels, "num_classes": len(labels), "image_shape": shape, "in_channels": shape[0]}


def class_frequencies(dataset: Dataset, labels: Sequence[str]) -> dict[str, object]:
    """How large a part each class takes of the pictures that it is in: `frequencies`, 0 for a class that is in none."""
    pixels, there = torch.zeros(len(labels)), torch.zeros(len(labels))
    for index in range(0, len(dataset), max(1, len(dataset) // LARGEST)):
        mask = dataset[index]["mask"]
        found = mask[mask != VOID].bincount(minlength=len(labels)).float()
        pixels += found
        there += (found > 0) * found.sum()
    return {"frequencies": torch.where(there > 0, pixels / there.clamp_min(1), 0).tolist()}
