"""What the engine costs on a tiny model, where nothing else hides it: an MLP 32-64-10, batches of 64, AdamW.

1. Over a bare loop with the same batches and the same optimiser, with logging on.
2. A whole step in the usual form of each: ours from memory with the fused optimiser; Lightning with a DataLoader and self.log.
"""

import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path

import torch
from torch import nn

from benchmarks.timing import Row, interleaved, median_of_pairs
from groundup.data.images import InMemory
from groundup.engine.batches import TrainingBatches
from groundup.engine.recipe import Recipe, RunSettings
from groundup.engine.run import Run
from groundup.engine.trainer import Trainer
from groundup.layers.linear import Linear
from groundup.ops.activation import relu
from groundup.ops.cross_entropy import cross_entropy
from groundup.optim.adam import AdamW

STEPS = 1_000
ITEMS = 6_400


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.output = Linear(in_features=32, out_features=64), Linear(in_features=64, out_features=10)

    def forward(self, x):
        return self.output(relu(self.hidden(x)))


class Vectors:
    """The least task that trains."""

    def loss(self, model, batch):
        return cross_entropy(model(batch["x"]), batch["label"]), {}


def vectors() -> InMemory:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(ITEMS, 32, generator=generator)
    return InMemory({"x": x, "label": torch.randint(10, (ITEMS,), generator=generator)})


def few_vectors() -> InMemory:
    return InMemory({name: column[:64] for name, column in vectors().columns.items()})


def recipe(steps: int) -> Recipe:
    settings = RunSettings(steps=steps, batch_size=64, precision="float32", save_seconds=1e6, num_threads=1)
    return Recipe(
        model=MLP,
        train_data=vectors,
        eval_data=few_vectors,
        task=Vectors,
        optimizer=partial(AdamW, lr=1e-3),
        evaluators=(),
        run=settings,
    )


def train_with_engine(steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run, plan = Run(Path(folder)), recipe(steps)
        run.begin(plan)
        Trainer(plan, run, quiet=True).fit()


def train_bare(steps: int) -> None:
    torch.manual_seed(0)
    model, batches = MLP(), TrainingBatches(vectors(), None, batch_size=64, seed=0).from_batch(0)
    optimizer = AdamW(model.parameters(), lr=1e-3)
    for _ in range(steps):
        batch = next(batches)
        cross_entropy(model(batch["x"]), batch["label"]).backward()
        optimizer.step()
        optimizer.zero_grad()


def train_with_lightning(steps: int) -> None:
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))

        def training_step(self, batch, _):
            loss = nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), lr=1e-3)

    data = torch.utils.data.TensorDataset(*vectors().columns.values())
    with tempfile.TemporaryDirectory() as folder:
        trainer = lightning.Trainer(
            max_steps=steps,
            accelerator="cpu",
            default_root_dir=folder,
            logger=lightning.pytorch.loggers.CSVLogger(folder),
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
        )
        trainer.fit(Module(), torch.utils.data.DataLoader(data, batch_size=64, shuffle=True))


def bench() -> list[Row]:
    """Time by step is that of 2,000 steps less that of 1,000, so that what comes before and after cancels."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    peers = [train_with_engine, train_bare]
    try:
        import logging

        import lightning  # noqa: F401

        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
        peers.append(train_with_lightning)
    except ImportError:
        print("lightning is not installed: pip install 'groundup[bench]'", file=sys.stderr)
    times = interleaved(*(partial(peer, steps) for peer in peers for steps in (STEPS, 2 * STEPS)))
    step = [[(b - a) / STEPS * 1e3 for a, b in zip(times[2 * i], times[2 * i + 1], strict=True)] for i in range(len(peers))]
    rows = [Row("engine over a bare loop, logging on", median_of_pairs(lambda a, b: a - b, step[0], step[1]), "ms a step", 0.05)]
    if len(peers) == 3:
        ratio = median_of_pairs(lambda a, b: a / b, step[0], step[2])
        rows.append(Row("a step of ours / of Lightning's, each in its usual form", ratio, "x", 0.3))
    return rows
