"""SSD's changes of pictures with boxes: seen closer, seen from further away, mirrored; a new view each time.

Paper: SSD, https://arxiv.org/abs/1512.02325 (section 2.2, "data augmentation", and section 3.6 for what is further away).
"""

from collections.abc import Sequence

import torch
from torch import Generator
from torch.utils.data import Dataset

from groundup.data.annotated import keep_objects
from groundup.data.boxed import stretched
from groundup.data.transforms.geometry import Item, crop, pad, size_of
from groundup.data.transforms.random_geometry import random_flip, random_part, uniform, whole_number
from groundup.errors import UserError
from groundup.ops.box_iou import box_iou

OVERLAPS = (None, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9)  # of a part with an object, at least; None leaves the picture whole
TRIES = 40


def random_closer(
    item: Item,
    generator: Generator,
    *,
    overlaps: Sequence[float | None] = OVERLAPS,
    scale: tuple[float, float] = (0.3, 1.0),
    ratio: tuple[float, float] = (0.5, 2.0),
) -> dict[str, object]:
    """A part of the picture that overlaps one of its objects at least by as much as is drawn from `overlaps`.

    Objects whose middle lies in the part stay; a part without any is not taken, and after forty that will not do the picture
    stays whole, as does one without objects.
    Units and ranges: overlaps in IoU of part and box; scale is the share of the area, ratio width over height.
    """
    least = overlaps[whole_number(len(overlaps), generator)]
    if least is None or not len(item["boxes"]):
        return dict(item)
    middle = (item["boxes"][:, :2] + item["boxes"][:, 2:]) / 2
    for _ in range(TRIES):
        top, left, height, width = random_part(size_of(item), generator, scale=scale, ratio=ratio)
        part = torch.tensor([left, top, left + width, top + height], dtype=torch.float32)
        inside = ((middle > part[:2]) & (middle < part[2:])).all(dim=1)
        if inside.any() and box_iou(item["boxes"][inside], part[None]).amax() >= least:
            return crop(keep_objects(item, inside), top=top, left=left, height=height, width=width)
    return dict(item)


def random_further(item: Item, generator: Generator, *, most: float = 3.0, probability: float = 0.5) -> dict[str, object]:
    """With this probability the picture at random within a black one of up to `most` times its sides: its objects get small.

    Raises: UserError for `most` below 1.
    """
    if most < 1:
        raise UserError(f"a picture is laid into one of at least its own size; got most={most}")
    if uniform(0, 1, generator) >= probability:
        return dict(item)
    times = uniform(1, most, generator)
    right, below = (int(side * times) - side for side in reversed(size_of(item)))
    left, top = whole_number(right + 1, generator), whole_number(below + 1, generator)
    return pad(item, left=left, top=top, right=right - left, bottom=below - top)


class RandomViews(Dataset):
    """A set of pictures with boxes in which each picture is seen anew every time: further away, closer, mirrored.

    A view is a function of the item and of the seed that comes with its index; without a seed the item is as it was.
    Pictures come stretched to size x size, so that batches of them are made at once. `further` is the `most` of
    `random_further`, 1 to leave that out. Classes and facts are the set's own.
    """

    takes_seeds = True

    def __init__(self, *, dataset: Dataset, size: int, further: float = 3.0):
        self.dataset, self.size, self.further = dataset, size, further
        self.labels = dataset.labels

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, object]:
        if not isinstance(key, tuple):
            return self.dataset[key]
        index, seed = key
        generator, item = Generator().manual_seed(seed), self.dataset[index]
        item = random_further(item, generator, most=self.further) if self.further > 1 else item
        item = random_flip(random_closer(item, generator), generator)
        return stretched(item, self.size)
