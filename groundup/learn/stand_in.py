"""What a lesson opens: the real data set where it is found, else a stand-in of the same shape, and a line that says which."""

import atexit
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from groundup.data.cifar import cifar10
from groundup.data.images import InMemory
from groundup.data.places import data_home
from groundup.data.shapes_world import shapes_world_labels
from groundup.errors import UserError

KINDS = ("circle", "star")
PICTURES = {"train": 40, "val": 10}  # of each class
SMALL = {"train": 5_000, "test": 1_000}
TEN = ("red circle", "blue circle", "red star", "blue star", "red square", "blue square", "green triangle", "yellow triangle",
       "green cross", "yellow cross")  # fmt: skip


def ants_and_bees() -> Path:
    """The folder of hymenoptera, train/ants/*.jpg and so on; else one of drawn circles and stars, made for this run alone."""
    folder = data_home() / "hymenoptera_data"
    if all((folder / part / kind).is_dir() for part in ("train", "val") for kind in ("ants", "bees")):
        print(f"data: photographs of ants and bees, from {folder.name}")
        return folder
    print("data: drawn circles and stars take the place of ants and bees, which are not on this machine")
    folder = Path(tempfile.mkdtemp(prefix="groundup-lesson-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for part, count in PICTURES.items():
        split = "train" if part == "train" else "test"
        world = shapes_world_labels(split=split, classes=KINDS, size=160, count=8 * count)
        for number, kind in enumerate(KINDS):
            place = folder / part / f"{kind}s"
            place.mkdir(parents=True)
            chosen = [item for item in map(world.__getitem__, range(len(world))) if item["label"] == number][:count]
            for index, item in enumerate(chosen):
                height = 120 + 4 * (index % 10)  # photographs differ in size
                picture = np.ascontiguousarray(item["image"].permute(1, 2, 0).numpy()[:height])
                Image.fromarray(picture).save(place / f"{index:03d}.jpg", quality=90)
    return folder


def ten_classes(split: str) -> Dataset:
    """CIFAR-10, at most 5,000 pictures of it for training and 1,000 for testing; else drawn things of ten kinds, of its shape.

    Shapes: image (3, 32, 32) uint8, label () int64.
    """
    count = SMALL[split]
    try:
        found = cifar10(split=split)
        print(f"data: CIFAR-10, {count:,} pictures of its {split} split")
        columns = {name: column[:count] for name, column in found.columns.items()}
        return InMemory(columns, labels=found.labels)
    except UserError:
        print("data: drawn things of ten kinds take the place of CIFAR-10, which is not on this machine")
    world = shapes_world_labels(split=split, target="combination", classes=TEN, size=32, count=count)
    return InMemory(world.batch(torch.arange(count)), labels=world.labels)
