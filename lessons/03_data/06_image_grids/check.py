"""What an answer to `grid` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="Many pictures at once, and pictures of more than three channels",
    name="grid",
    hints=(
        "How large is it? rows * (height + padding) + padding, and the same across: one strip of padding more than there are "
        "pictures.",
        "Picture number n stands in row n // columns and column n % columns; its top is at padding + row * (height + "
        "padding). Fill a tensor of `fill` with them.",
        "columns = min(columns, count) for a batch that is smaller than a row; rows = math.ceil(count / columns). A loop is "
        "right; without one: give every picture its padding above and at the left, then permute(2, 0, 3, 1, 4) of (rows, "
        "columns, channels, height, width).",
    ),
)


def pictures(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@EXERCISE.claim("six pictures in three columns")
def six(grid):
    return grid(pictures(6, 3, 2, 4), 3)


@EXERCISE.claim("a last row that is short, and another filling")
def short(grid):
    return grid(pictures(5, 1, 3, 2), 3, fill=0.5)


@EXERCISE.claim("fewer pictures than columns")
def few(grid):
    return grid(pictures(2, 3, 4, 3), 8, fill=1.0)


@EXERCISE.claim("no padding, and padding of three")
def padding(grid):
    return [grid(pictures(4, 2, 2, 3), 2, padding=0), grid(pictures(4, 2, 2, 3), 2, padding=3, fill=-1.0)]


@EXERCISE.claim("one picture, and one column")
def one(grid):
    return [grid(pictures(1, 3, 2, 2)), grid(pictures(3, 1, 2, 2), 1)]


@EXERCISE.claim("bytes stay bytes")
def kinds(grid):
    return grid((pictures(2, 3, 2, 2) * 255).to(torch.uint8), fill=7)


@EXERCISE.claim("what cannot be is refused by a ValueError")
def refused(grid):
    calls = [((0, 3, 2, 2), {}), ((2, 3, 2, 2), {"columns": 0}), ((2, 3, 2, 2), {"padding": -1})]
    return [raised(lambda s=shape, o=options: grid(torch.zeros(s), **o), ValueError) for shape, options in calls]


@EXERCISE.drawn
def drawn(grid, seed: int):
    batch = pictures(1 + seed * 3 % 7, 1 + seed % 3, 1 + seed % 4, 1 + seed % 5, seed=seed)
    return grid(batch, 1 + seed % 4, seed % 3, 0.25)
