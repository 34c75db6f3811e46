"""Dropout layers against their peers in evaluation mode; in training, with a given mask, the cases of the ops hold them."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModuleCase, Sample, call
from groundup.layers.dropout import Dropout, Dropout2d, DropPath


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(3, 5, 2, 2, generator=generator, dtype=torch.float64))
    yield call(torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64).permute(0, 3, 1, 2))
    yield call(torch.randn(0, 5, 2, 2, generator=generator, dtype=torch.float64))


def torchvision_layer(p: float, mode: str) -> nn.Module:
    from torchvision.ops import StochasticDepth

    return StochasticDepth(p, mode)


def case(
    name: str, reference: str, requires: tuple[str, ...], ours: Callable[[], nn.Module], theirs: Callable[[], nn.Module]
) -> ModuleCase:
    return ModuleCase(
        name=name, reference=reference, requires=requires, ours=ours, theirs=theirs, samples=pictures, modes=("eval",)
    )


CASES = [
    case("Dropout", "torch.nn.Dropout", (), partial(Dropout, p=0.3), partial(nn.Dropout, p=0.3)),
    case("Dropout2d", "torch.nn.Dropout2d", (), partial(Dropout2d, p=0.3), partial(nn.Dropout2d, p=0.3)),
    case(
        "DropPath",
        "torchvision.ops.StochasticDepth",
        ("torchvision",),
        partial(DropPath, p=0.3),
        partial(torchvision_layer, 0.3, "row"),
    ),
]
