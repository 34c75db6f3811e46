"""What an answer to `positions` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Where a word stands",
    name="positions",
    hints=(
        "There are as many waves as pairs of features: exponents 0 / dim, 2 / dim, 4 / dim ... The angle is the place divided"
        " by base to that power.",
        "places.unsqueeze(-1) / base**exponents has the waves as its last dimension. Sines and cosines alternate: stack them "
        "in a new last dimension and flatten the last two.",
        "All in float64: places.double(), torch.arange(0, dim, 2, dtype=torch.float64) / dim. Then [..., :dim] for an odd "
        "dim, .to(torch.float32) at the very end, and a ValueError for dim < 1.",
    ),
)


@EXERCISE.claim("the first five places, eight features")
def five(positions):
    return positions(torch.arange(5), 8)


@EXERCISE.claim("places in any order, and far away")
def far(positions):
    return positions(torch.tensor([3, 0, 511, 100_003, 999_999]), 6)


@EXERCISE.claim("a batch of places")
def batch(positions):
    return positions(torch.tensor([[0, 1, 2], [7, 8, 9]]), 4)


@EXERCISE.claim("an odd number of features, and a single one")
def odd(positions):
    return [positions(torch.arange(4), 5), positions(torch.arange(4), 1)]


@EXERCISE.claim("another base")
def base(positions):
    return positions(torch.arange(6), 4, 100.0)


@EXERCISE.claim("no feature is refused by a ValueError")
def refused(positions):
    return raised(lambda: positions(torch.arange(3), 0), ValueError)


@EXERCISE.drawn
def drawn(positions, seed: int):
    places = torch.randint(2**17, (1 + seed % 4, 2), generator=torch.Generator().manual_seed(seed))
    return positions(places, 1 + seed % 9, 10.0 ** (1 + seed % 5))
