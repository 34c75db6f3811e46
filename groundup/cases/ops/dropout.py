"""dropout with a given mask against torch's, which draws the same mask from the same seed."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.ops.dropout import dropout

SEED = 11


def seeded_dropout(input: Tensor, p: float = 0.5, training: bool = True, *, mask: Tensor | None = None) -> Tensor:
    """torch's dropout with the draws of one seed; it has no argument for a mask and does not see ours."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return F.dropout(input, p, training)


def drawn_mask(input: Tensor, p: float) -> Tensor:
    """Which numbers `seeded_dropout` keeps."""
    return seeded_dropout(torch.ones_like(input), p) > 0


def dropout_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for input in (
        draw(40),
        draw(6, 5).T,
        draw(2, 3, 4, 6)[..., ::2],
        draw(2, 3, 4, 5).to(memory_format=torch.channels_last),
        draw(0, 3),
    ):
        for p in (0.1, 0.5, 1.0):
            yield call(input, p, mask=drawn_mask(input, p))
        yield call(input, 0.0)
        yield call(input, 0.3, training=False)
        yield call(input, 0.3, False, mask=drawn_mask(input, 0.3))


CASES = [
    OpCase(
        name="dropout",
        reference="torch.nn.functional.dropout",
        ours=dropout,
        theirs=seeded_dropout,
        samples=dropout_samples,
    ),
]
