"""A step of training of the classics, by the engine's defaults, beside torchvision's model in a plain float32 loop.

Ours computes in what `auto` picks here (precision, layout, matrix products) with the engine's update; theirs in float32, as
its model comes. Each step is forward, cross-entropy, backward and SGD with momentum; batches of random pictures of 224x224.
After that the memory: how far inference goes above the weights and the pictures, at its peak.
"""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.timing import Row, interleaved, median_of_pairs
from groundup.engine.precision import decide
from groundup.engine.recipe import RunSettings
from groundup.engine.update import Update
from groundup.models.catalog import create
from groundup.ops.cross_entropy import cross_entropy
from groundup.optim.sgd import SGD
from groundup.parity.memory import peak_bytes

MODELS = {"resnet50": (8, 0.45), "resnet18": (8, 0.55), "vit_b_16": (4, 0.45)}  # pictures in a batch, and the bound
FLOAT32 = ("resnet50", "resnet18")


def batch_of(count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 3, 224, 224, generator=generator), torch.randint(1000, (count,), generator=generator)


def our_step(name: str, count: int, precision: str) -> Callable[[], None]:
    model = create(name)
    numerics = decide(RunSettings(epochs=1, precision=precision, num_threads=1), model)
    numerics.apply()
    model = numerics.place(model)
    optimizer = SGD(model.parameters(), lr=1e-3, momentum=0.9)
    update = Update(model, {None: optimizer}, device="cpu")
    images, labels = batch_of(count)

    def step() -> None:
        numerics.apply()
        with numerics.autocast():
            update(cross_entropy(model(numerics.cast(images)), labels))

    return step


def their_step(name: str, count: int) -> Callable[[], None]:
    import torchvision

    model = getattr(torchvision.models, name)()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    images, labels = batch_of(count)

    def step() -> None:
        torch.set_float32_matmul_precision("highest")
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    return step


def inference_peak(model: nn.Module) -> int:
    images = batch_of(4)[0]
    model = model.eval()
    with torch.no_grad():
        return peak_bytes(partial(model, images))


def bench() -> Iterator[Row]:
    import torchvision

    torch.set_num_threads(1)
    for name, (count, bound) in MODELS.items():
        theirs = their_step(name, count)
        for precision in ("auto", "float32") if name in FLOAT32 else ("auto",):
            first, second = interleaved(our_step(name, count, precision), theirs, rounds=5)
            ratio = median_of_pairs(lambda a, b: a / b, first, second)
            row = f"{name}: a step of ours in {precision} / of torchvision's in float32"
            yield Row(row, ratio, "x", bound if precision == "auto" else 0.9)
    for name in MODELS:
        ratio = inference_peak(create(name)) / inference_peak(getattr(torchvision.models, name)())
        yield Row(f"{name}: peak memory of inference beyond weights and pictures / torchvision's", ratio, "x", 1.05)
