"""Pictures in folders, one folder for each class: FOLDER/train/cat/1.jpg, FOLDER/test/dog/7.png ..."""

import random
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageOps
from torch import Tensor
from torch.utils.data import Dataset

ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


class Pictures(Dataset):
    """The pictures of one split as (picture, label): float (3, size, size) from -1 to 1, and the number of the class.

    For training each is cropped and mirrored at random; otherwise the middle is taken.
    """

    def __init__(self, folder: Path, *, size: int = 64, train: bool = False):
        self.classes = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        if not self.classes:
            raise SystemExit(f"{folder} holds no class folders: it must look like {folder}/cat/1.jpg")
        self.items = [
            (path, number)
            for number, name in enumerate(self.classes)
            for path in sorted((folder / name).rglob("*"))
            if path.suffix.lower() in ENDINGS
        ]
        self.size, self.train = size, train

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        path, label = self.items[index]
        return read_picture(path, self.size, self.train), label


def read_picture(path: Path, size: int, train: bool = False) -> Tensor:
    """A picture file as a tensor: upright, its shorter side scaled, a square of it."""
    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    scale = size * (1.15 if train else 1.0) / min(picture.size)
    picture = picture.resize([max(size, round(side * scale)) for side in picture.size], Image.Resampling.BILINEAR)
    room = [side - size for side in picture.size]
    left, top = (random.randint(0, gap) if train else gap // 2 for gap in room)
    picture = picture.crop((left, top, left + size, top + size))
    if train and random.random() < 0.5:
        picture = ImageOps.mirror(picture)
    bytes_ = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(size, size, 3)
    return bytes_.permute(2, 0, 1).float() / 127.5 - 1


def draw_example(folder: Path, count: int = 80) -> None:
    """A small data set of drawn circles and squares, to try the project before one has data."""
    source = random.Random(0)
    for split, share in (("train", count), ("test", count // 4)):
        for kind in ("circle", "square"):
            place = folder / split / kind
            place.mkdir(parents=True, exist_ok=True)
            for number in range(share):
                ground, ink = ([source.randrange(256) for _ in range(3)] for _ in range(2))
                picture = Image.new("RGB", (80, 80), tuple(ground))
                x, y, r = source.randrange(20, 60), source.randrange(20, 60), source.randrange(8, 20)
                draw = ImageDraw.Draw(picture)
                (draw.ellipse if kind == "circle" else draw.rectangle)((x - r, y - r, x + r, y + r), fill=tuple(ink))
                picture.save(place / f"{number:03d}.png")
