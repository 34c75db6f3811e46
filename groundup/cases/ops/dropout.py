"""Dropout with a given mask against torch's and torchvision's, which draw the same mask from the same seed."""

from collections.abc import Callable, Iterator
from functools import partial, wraps

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.dropout import drop_path, dropout, dropout2d

SEED = 11


def seeded(function: Callable) -> Callable:
    """A library's dropout with the draws of one seed; it has no argument for a mask and does not see ours."""

    @wraps(function)
    def run(*args, mask: Tensor | None = None, **kwargs) -> Tensor:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            return function(*args, **kwargs)

    return run


@seeded
def seeded_dropout2d(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return torch.feature_dropout(input, p, training)  # F.dropout2d, without its warnings about some numbers of dimensions


@seeded
def seeded_stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    from torchvision.ops import stochastic_depth

    return stochastic_depth(input, p, mode, training)


def draw(generator: Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def dropout_samples(generator: Generator) -> Iterator[Sample]:
    for input in (
        draw(generator, 40),
        draw(generator, 6, 5).T,
        draw(generator, 2, 3, 4, 6)[..., ::2],
        draw(generator, 2, 3, 4, 5).to(memory_format=torch.channels_last),
        draw(generator, 0, 3),
    ):
        for p in (0.1, 0.5, 1.0):
            yield call(input, p, mask=seeded(F.dropout)(torch.ones_like(input), p) > 0)
        yield call(input, mask=seeded(F.dropout)(torch.ones_like(input)) > 0)
        yield call(input, 0.0)
        yield call(input, 0.3, training=False)
        yield call(input, 0.3, False, mask=seeded(F.dropout)(torch.ones_like(input), 0.3) > 0)


def dropout2d_samples(generator: Generator) -> Iterator[Sample]:
    for input in (
        draw(generator, 4, 6, 2, 3),
        draw(generator, 3, 5, 4),
        draw(generator, 6, 5).T,
        draw(generator, 2, 5, 4, 6)[..., ::2],
        draw(generator, 3, 5, 2, 3).to(memory_format=torch.channels_last),
        draw(generator, 2, 3, 2, 2, 2),
        draw(generator, 0, 3, 2, 2),
    ):
        drawn = partial(seeded_dropout2d, torch.ones(input.shape[:2]))
        for p in (0.1, 0.5, 1.0):
            yield call(input, p, mask=drawn(p) > 0)
        yield call(input, mask=drawn() > 0)
        yield call(input, 0.0)
        yield call(input, 0.3, training=False)
        yield call(input, 0.3, False, mask=drawn(0.3) > 0)


def drop_path_samples(generator: Generator) -> Iterator[Sample]:
    for input in (
        draw(generator, 9, 4),
        draw(generator, 7),
        draw(generator, 3, 4, 5, 2).permute(2, 0, 1, 3),
        draw(generator, 3, 5, 2, 3).to(memory_format=torch.channels_last),
        draw(generator, 0, 3),
    ):
        for mode in ("row", "batch"):
            drawn = partial(seeded_stochastic_depth, torch.ones(len(input) if mode == "row" else 1), mode=mode)
            for p in (0.2, 0.6, 1.0):
                yield call(input, p, mode, mask=drawn(p=p) > 0)
            yield call(input, 0.0, mode)
            yield call(input, 0.3, mode, training=False)
            yield call(input, 0.3, mode, False, mask=drawn(p=0.3) > 0)


CASES = [
    OpCase(
        name="dropout",
        reference="torch.nn.functional.dropout",
        ours=dropout,
        theirs=seeded(F.dropout),
        samples=dropout_samples,
    ),
    OpCase(
        name="dropout2d",
        reference="torch.nn.functional.dropout2d",
        ours=dropout2d,
        theirs=seeded_dropout2d,
        samples=dropout2d_samples,
    ),
    OpCase(
        name="drop_path",
        reference="torchvision.ops.stochastic_depth",
        requires=("torchvision",),
        ours=drop_path,
        theirs=seeded_stochastic_depth,
        samples=drop_path_samples,
    ),
]
