"""Pictures from memory, cropped and flipped at random a batch at a time, beside torchvision's Dataset and DataLoader.

Both read the same idx files: 60,000 pictures of 28x28 as in Fashion-MNIST, written here with random pixels, since what a pixel
shows costs nothing. Both give batches of 128 in a shuffled order, as floats of 0..1; ours in memory, torchvision's an item at a
time in this process (0 workers), by its first transforms, which take half the time of v2's here.
"""

import statistics
import struct
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader

from benchmarks.timing import Row, interleaved
from groundup.data.augment import crop_and_flip
from groundup.data.augment_random import rand_augment
from groundup.data.mnist import fashion_mnist
from groundup.engine.batches import TrainingBatches

ITEMS = 60_000
BATCH = 128
THEIRS, OURS = 40, 400  # batches in one measurement


def bench() -> Iterator[Row]:
    """How many times as long torchvision takes for a picture, and how many pictures a second come from memory."""
    from torchvision import transforms
    from torchvision.datasets import FashionMNIST

    torch.set_num_threads(1)  # else idle threads that wait for work count as time
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "FashionMNIST" / "raw"
        write_pictures(raw)
        data = fashion_mnist(split="train", root=raw)
        crop = [transforms.RandomCrop(28, padding=4), transforms.RandomHorizontalFlip()]
        for words, augment, changes, bound in (
            ("random crop and flip", partial(crop_and_flip, padding=4), crop, 1 / 20),
            ("RandAugment", rand_augment, [transforms.RandAugment()], None),
        ):
            theirs = FashionMNIST(folder, train=True, transform=transforms.Compose([*changes, transforms.ToTensor()]))
            loader = DataLoader(theirs, batch_size=BATCH, shuffle=True, drop_last=True)
            slow, fast = interleaved(
                lambda loader=loader: through(loader, THEIRS), lambda augment=augment: through(from_memory(data, augment), OURS)
            )
            ratio = statistics.median((b / OURS) / (a / THEIRS) for a, b in zip(slow, fast, strict=True))
            yield Row(f"{words} from memory, over torchvision's DataLoader: time a picture", ratio, "x", bound)
            rate = OURS * BATCH / statistics.median(fast)
            yield Row(f"{words} from memory: pictures a CPU second", rate / 1000, "k/s")


def from_memory(data: torch.utils.data.Dataset, augment: partial) -> Iterator[Tensor]:
    """Batches as the engine makes them: shuffled, taken whole, augmented with a generator of their own, brought to 0..1."""
    batches = TrainingBatches(data, None, batch_size=BATCH, seed=0).from_batch(0)
    for number, batch in enumerate(batches):
        yield augment(batch, Generator().manual_seed(number))["image"].float() / 255


def through(batches: Iterable, count: int) -> None:
    for _ in islice(batches, count):
        pass


def write_pictures(folder: Path) -> None:
    """The four idx files of Fashion-MNIST with random pixels."""
    folder.mkdir(parents=True)
    generator = Generator().manual_seed(0)
    for start, count in (("train", ITEMS), ("t10k", 100)):
        pixels = torch.randint(256, (count, 28, 28), generator=generator, dtype=torch.uint8)
        labels = torch.randint(10, (count,), generator=generator, dtype=torch.uint8)
        header = bytes((0, 0, 8, 3)) + struct.pack(">3I", count, 28, 28)
        (folder / f"{start}-images-idx3-ubyte").write_bytes(header + pixels.numpy().tobytes())
        (folder / f"{start}-labels-idx1-ubyte").write_bytes(
            bytes((0, 0, 8, 1)) + struct.pack(">I", count) + labels.numpy().tobytes()
        )
