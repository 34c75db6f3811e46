"""Train the network: python train.py --data FOLDER [--epochs 10]. Without --data it draws a small set and trains on that."""

import argparse
import json
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter

from dataset import Pictures, draw_example
from model import Network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder with train/ and test/, a folder for each class in both")
    parser.add_argument("--out", type=Path, default=Path("run"), help="where weights and curves go")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--size", type=int, default=64, help="pixels along each side")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    if options.data is None:
        options.data = Path("example_data")
        draw_example(options.data)
    train = Pictures(options.data / "train", size=options.size, train=True)
    test = Pictures(options.data / "test", size=options.size)
    if test.classes != train.classes:
        raise SystemExit(f"train has the classes {train.classes}, and test has {test.classes}")
    device = torch.device("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
    print(f"{len(train)} pictures for training, {len(test)} for testing, {len(train.classes)} classes, on {device}")

    batches = dict(batch_size=options.batch_size, num_workers=options.workers)
    train_batches, test_batches = DataLoader(train, shuffle=True, **batches), DataLoader(test, **batches)
    model, loss_of = Network(len(train.classes)).to(device), nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr, weight_decay=0.01)
    steps = options.epochs * len(train_batches)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=options.lr, total_steps=steps)

    options.out.mkdir(parents=True, exist_ok=True)
    best, step = -1.0, 0
    with SummaryWriter(options.out / "tensorboard") as writer:
        for epoch in range(1, options.epochs + 1):
            start = time.perf_counter()
            model.train()
            for images, labels in train_batches:
                images, labels = images.to(device), labels.to(device)
                loss = loss_of(model(images), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                step += 1
                if step % 10 == 0:
                    writer.add_scalar("loss/train", loss.item(), step)
            accuracy = evaluate(model, test_batches, device)
            writer.add_scalar("accuracy/test", accuracy, step)
            seconds = time.perf_counter() - start
            print(f"epoch {epoch}/{options.epochs}  loss {loss.item():.3f}  right {accuracy:.1%}  {seconds:.1f} s")
            if accuracy > best:
                best = accuracy
                torch.save(model.state_dict(), options.out / "weights.pt")
                facts = {"classes": train.classes, "size": options.size, "accuracy": accuracy}
                (options.out / "facts.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    print(f"best {best:.1%}; weights in {options.out}; curves: tensorboard --logdir {options.out / 'tensorboard'}")


@torch.no_grad()
def evaluate(model: nn.Module, batches: DataLoader, device: torch.device) -> float:
    """The share of the pictures that is right."""
    model.eval()
    right = count = 0
    for images, labels in batches:
        right += (model(images.to(device)).argmax(1).cpu() == labels).sum().item()
        count += len(labels)
    return right / max(1, count)


if __name__ == "__main__":
    main()
