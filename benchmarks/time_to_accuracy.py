"""The CPU time until Fashion-MNIST's test pictures are told apart with an accuracy of 0.92: ours, and a plain loop's.

The same network (Airbench) twice. Ours: the recipe `airbench94_fashion` cut to EPOCHS epochs, in what `auto` picks. Theirs: the
loop that tutorials teach, torchvision's FashionMNIST through a DataLoader, torch's Adam at its own rate of 0.001, float32, until
the accuracy is there. Scoring is not counted on either side. Fashion-MNIST must be here (`groundup data list`); about half an
hour on two cores, so `groundup bench` leaves it out:

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.time_to_accuracy
"""

import gzip
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn
from torch.nn import Module
from torch.utils.data import DataLoader

from benchmarks.timing import Row
from groundup.data.mnist import fashion_mnist
from groundup.data.places import folder_of
from groundup.engine.run import Run
from groundup.engine.trainer import Trainer
from groundup.models.classification.airbench import airbench94
from groundup.recipes.classification.airbench import airbench94_fashion

GOAL = 0.92
EPOCHS = 2
MEAN, STD = 0.286, 0.353  # of the set


class Timed(Trainer):
    """A Trainer that counts the CPU time of its evaluations."""

    scoring = 0.0

    def evaluate(self) -> None:
        before = time.process_time()
        super().evaluate()
        self.scoring += time.process_time() - before


def our_seconds() -> tuple[float, float]:
    """CPU seconds of the whole training, and the accuracy at its end."""
    recipe = airbench94_fashion()
    recipe = replace(recipe, run=replace(recipe.run, epochs=EPOCHS, eval_every=10**6))
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        run.begin(recipe)
        before = time.process_time()
        training = Timed(recipe, run, quiet=True)
        training.fit()
        seconds = time.process_time() - before - training.scoring
        return seconds, run.restore().evaluate().values["accuracy"]


def their_seconds() -> tuple[float, int]:
    """CPU seconds until the goal is reached, and the epochs that it took."""
    from torchvision import transforms
    from torchvision.datasets import FashionMNIST

    raw = folder_of("fashion_mnist", None, ["train-images-idx3-ubyte.gz"])
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder) / "FashionMNIST" / "raw"
        unpacked.mkdir(parents=True)
        for packed in raw.glob("*.gz"):
            (unpacked / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
        change = transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
        loader = DataLoader(FashionMNIST(folder, train=True, transform=change), batch_size=128, shuffle=True)
        test = fashion_mnist(split="test", root=raw)
        model = airbench94(in_channels=1).requires_grad_(True)
        optimizer = torch.optim.Adam(model.parameters())
        seconds = 0.0
        for epoch in range(1, 30):
            before = time.process_time()
            model.train()
            for images, labels in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(images), labels).backward()
                optimizer.step()
            seconds += time.process_time() - before
            accuracy = score(model, test)
            print(f"  plain loop, epoch {epoch}: accuracy {accuracy:.4f}, {seconds:.0f} CPU s", flush=True)
            if accuracy >= GOAL:
                return seconds, epoch
    raise SystemExit(f"the plain loop did not reach {GOAL} in 30 epochs")


@torch.no_grad()
def score(model: Module, test) -> float:
    model.eval()
    images = (test.columns["image"].float() / 255 - MEAN) / STD
    said = torch.cat([model(part).argmax(1) for part in images.split(500)])
    return (said == test.columns["label"]).float().mean().item()


def bench() -> list[Row]:
    ours, accuracy = our_seconds()
    print(f"  ours, {EPOCHS} epochs: accuracy {accuracy:.4f}, {ours:.0f} CPU s", flush=True)
    if accuracy < GOAL:
        raise SystemExit(f"ours reached {accuracy:.4f} in {EPOCHS} epochs, not {GOAL}")
    theirs, epochs = their_seconds()
    words = f"CPU time to {GOAL} on Fashion-MNIST, over {epochs} epochs of a plain Adam + DataLoader loop"
    return [Row(words, ours / theirs, "x", 0.5)]


if __name__ == "__main__":
    for row in bench():
        print(row)
