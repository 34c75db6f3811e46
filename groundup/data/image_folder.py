"""Pictures of one's own: a folder of class folders, or a table of paths and labels."""

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from groundup.data.class_folders import Labelled, cut, looked_over, pictures_of_classes, split_folders
from groundup.data.decode import decode, read_picture
from groundup.data.images import InMemory
from groundup.data.label_table import read_label_table, table_in
from groundup.data.picture_cache import PictureCache
from groundup.data.places import folder_of
from groundup.data.random_crop import CROPS, seeded_crop, short_side_of
from groundup.errors import UserError

SPLITS = ("train", "validation", "test")


class PictureFiles(Dataset):
    """Pictures on disk with their labels, read when they are asked for.

    Asked for an index, it gives the picture brought to `image_shape` by `read_picture`, as a prediction sees it. Where `crop`
    is set, `takes_seeds` is true; asked for (index, seed), it gives a random crop, which is a function of these two alone:
    neither the worker that reads it nor what was read before plays a part. It can be sent to workers of any kind.
    Shapes: image `image_shape` uint8, label () int64.
    """

    def __init__(
        self,
        files: Sequence[str],
        label: Sequence[int],
        *,
        labels: Sequence[str],
        image_shape: Sequence[int],
        fit: str = "stretch",
        crop: str | None = None,
        cache: PictureCache | None = None,
    ):
        self.files, self.label, self.labels = list(files), torch.tensor(label, dtype=torch.int64), list(labels)
        self.image_shape, self.fit, self.crop, self.cache = tuple(image_shape), fit, crop, cache
        self.takes_seeds = crop is not None
        self.repairs: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Tensor]:
        index, seed = key if isinstance(key, tuple) else (key, None)
        return {"image": self.image(index, seed), "label": self.label[index]}

    def image(self, index: int, seed: int | None) -> Tensor:
        if seed is None or self.crop is None:
            return read_picture(self.files[index], self.image_shape, fit=self.fit)
        whole = decode(self.files[index], channels=self.image_shape[0]) if self.cache is None else self.cache[index]
        return seeded_crop(whole, self.image_shape[1:], seed, how=self.crop)


def image_folder(
    *,
    split: str,
    root: str | Path | None = None,
    name: str | None = None,
    labels: Sequence[str] | None = None,
    image_shape: Sequence[int] = (3, 224, 224),
    fit: str = "stretch",
    crop: str | None = None,
    cache: str | Path | None = None,
    in_memory: bool = False,
    seed: int = 0,
) -> Dataset:
    """Pictures of one's own, in folders named after their classes or in a CSV of paths and labels.

    `root` is a folder of class folders; or one with train/ and test/ or val/, which hold them; or a CSV, or a folder with a
    labels.csv, trainLabels.csv or train.csv. Without `root` it is the folder `name` among the data sets. Where nothing says
    what is held out, a fifth of each class is the test split: a function of `seed` and the files' names, under which no
    picture changes sides when others are added. Without a test/, the val/ is both the validation and the test split.

    `labels` are the classes in the order of their numbers; by default those of the training split, sorted. `fit` is "stretch"
    or "crop", see `fitted`. `crop` ("random_resized" or "random") makes items random, see PictureFiles and `seeded_crop`.
    `cache` is a folder in which shrunken pictures are kept for random crops. `in_memory` reads everything at once: right for
    small pictures.
    Shapes: image `image_shape` uint8, with 1 channel for grey or 3 for colour; label () int64.
    Raises: UserError for files that are no pictures, classes without pictures, classes outside `labels`, tables with mistakes.
    """
    if split not in SPLITS:
        raise UserError(f"image_folder has the splits {', '.join(SPLITS)}; got {split!r}")
    if crop not in (None, *CROPS):
        raise UserError(f"crop is one of {', '.join(CROPS)}, or None; got {crop!r}")
    if len(image_shape) != 3 or image_shape[0] not in (1, 3) or min(image_shape) < 1:
        raise UserError(f"image_shape is (1 or 3, height, width); got {tuple(image_shape)}")
    if root is None and name is None:
        raise UserError("image_folder reads pictures of your own: name their folder with --data (a folder for each class in it)")
    if root is None:
        root = folder_of(name, None, [("train", "labels.csv", "train.csv")])
    if in_memory and crop:
        raise UserError("in_memory keeps finished pictures, and crop draws new ones each time: give one of the two")
    root, counts = Path(root).expanduser(), Counter()
    parts = splits_of(root, seed, counts)
    if not parts.get(split):
        raise UserError(f"{root} has no {split} split; it has {', '.join(name for name in SPLITS if parts.get(name))}")
    labels = classes_of(parts, root) if labels is None else list(labels)
    pictures = parts[split]
    number = {label: i for i, label in enumerate(labels)}
    for picture in pictures:
        if picture.label not in number:
            raise UserError(
                f"{picture.path} is of class {picture.label[:80]!r}, which is none of the classes {', '.join(labels)[:500]}"
            )
    looked_over(pictures, counts)
    kept = None
    if cache is not None and crop is not None:
        place = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:8]
        file = Path(cache).expanduser() / f"{root.stem}-{split}-{place}.pictures"
        short = short_side_of(image_shape[1:])
        kept = PictureCache.of(file, [str(p.path) for p in pictures], short_side=short, channels=image_shape[0])
    dataset: PictureFiles | InMemory = PictureFiles(
        [str(picture.path) for picture in pictures],
        [number[picture.label] for picture in pictures],
        labels=labels,
        image_shape=image_shape,
        fit=fit,
        crop=crop,
        cache=kept,
    )
    if in_memory:
        images = torch.stack([dataset.image(index, None) for index in range(len(dataset))])
        dataset = InMemory({"image": images, "label": dataset.label}, labels=labels)
    dataset.repairs = {what: count for what, count in counts.items() if count}
    if dataset.repairs:
        told = "; ".join(f"{count} {what}" for what, count in dataset.repairs.items())
        print(f"{root} ({split}): {told}", file=sys.stderr)
    return dataset


def splits_of(root: Path, seed: int, counts: Counter) -> dict[str, list[Labelled]]:
    """The pictures of each split that a folder or a table has."""
    if not root.exists():
        raise UserError(f"there is no folder {root}: name the folder of your pictures")
    table = root if root.is_file() else table_in(root)
    if table is not None:
        pictures, splits = read_label_table(table, counts)
        if not any(splits):
            return cut(pictures, seed)
        names = {name: split for split in ("train", "validation", "test") for name in (split, split[:3], split[:5])}
        wrong = next((i for i, split in enumerate(splits) if split not in names), None)
        if wrong is not None:
            raise UserError(f"{table}: the split of {pictures[wrong].name} is {splits[wrong]!r}; it is train, validation or test")
        return {split: [p for p, s in zip(pictures, splits, strict=True) if names[s] == split] for split in SPLITS}
    folders = split_folders(root, counts)
    if folders is not None:
        return cut(folders["train"], seed) if set(folders) == {"train"} else folders
    pictures = pictures_of_classes(root, counts)
    return cut(pictures, seed)


def classes_of(parts: dict[str, list[Labelled]], root: Path) -> list[str]:
    """The classes of the training split, sorted.

    Raises: UserError for less than two.
    """
    found = sorted({picture.label for picture in parts.get("train", ())})
    if not found:
        raise UserError(f"{root} has no train split to tell the classes by: put the pictures to train on into {root / 'train'}")
    if len(found) < 2:
        raise UserError(f"{root} has one class, {found[0][:80]!r}: a classifier needs two or more, a folder for each")
    return found
