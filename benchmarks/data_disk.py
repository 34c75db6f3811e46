"""Pictures on disk as batches for training, against torchvision's ImageFolder, Pillow and version 1 of its transforms.

The pictures are 64 JPEGs of 500x375 pixels at quality 90, about 65 KB each, as in ImageNet; made here, of shapes and noise.
Both sides crop at random to 224x224, mirror, and give a normalised float batch; one process, one thread.
"""

import random
import tempfile
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFilter
from torch.utils.data import DataLoader, default_collate

from benchmarks.timing import Row, interleaved, median_of_pairs
from groundup.data.image_folder import image_folder

COUNT, BATCH, SIZE = 64, 32, 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def write_pictures(root: Path) -> None:
    """Smooth shapes under a grain, so that they compress as photographs do."""
    chance = random.Random(0)
    for number in range(COUNT):
        picture = Image.frombytes("RGB", (10, 8), chance.randbytes(240)).resize((500, 375), Image.Resampling.BICUBIC)
        pen = ImageDraw.Draw(picture)
        for _ in range(30):
            left, top = chance.randrange(500), chance.randrange(375)
            box = (left, top, left + chance.randrange(5, 90), top + chance.randrange(5, 90))
            pen.ellipse(box, fill=tuple(chance.randbytes(3)))
        grain = Image.frombytes("L", (500, 375), chance.randbytes(500 * 375)).filter(ImageFilter.GaussianBlur(0.8))
        picture = Image.blend(picture, grain.convert("RGB"), 0.12)
        for split in ("train", "test") if number < 2 else ("train",):
            folder = root / split / f"class{number % 2}"
            folder.mkdir(parents=True, exist_ok=True)
            picture.save(folder / f"{number:03d}.jpg", quality=90)


def read_all(dataset, seed: list[int]) -> None:
    """One epoch of random crops, a batch at a time, normalised whole."""
    seed[0] += 1
    mean, std = (torch.tensor(value).view(3, 1, 1) * 255 for value in (MEAN, STD))
    for start in range(0, COUNT, BATCH):
        items = [dataset[index, seed[0] * COUNT + index] for index in range(start, start + BATCH)]
        default_collate(items)["image"].float().sub_(mean).div_(std)


def bench() -> list[Row]:
    """Our time over torchvision's: decoding, from the cache, and from the cache with crops that need no resizing."""
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    torch.set_num_threads(1)
    crop = transforms.RandomResizedCrop(SIZE, antialias=True)
    steps = [crop, transforms.RandomHorizontalFlip(), transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    with tempfile.TemporaryDirectory() as folder:
        root, cache = Path(folder) / "pictures", Path(folder) / "cache"
        write_pictures(root)
        loader = DataLoader(ImageFolder(root / "train", transforms.Compose(steps)), batch_size=BATCH)
        ours = [
            image_folder(split="train", root=root, image_shape=(3, SIZE, SIZE), crop=how, cache=place)
            for how, place in (("random_resized", None), ("random_resized", cache), ("random", cache))
        ]
        works = [lambda dataset=dataset: read_all(dataset, [0]) for dataset in ours]
        theirs, *times = interleaved(lambda: list(loader), *works, rounds=5)
    names = ("decoded, random resized crop", "cached, random resized crop", "cached, crop only")
    return [
        Row(f"pictures on disk, {name}: time over torchvision's", median_of_pairs(lambda a, b: a / b, mine, theirs), "", 1 / goal)
        for name, mine, goal in zip(names, times, (1.3, 1.8, 3.0), strict=True)
    ]
