"""What an answer to `batch_numbers` must do."""

import torch

from groundup.learn.exercise import Exercise, raised

EXERCISE = Exercise(
    title="DataLoader: batches, epochs, workers",
    name="batch_numbers",
    hints=(
        "How many batches has an epoch? Then the step falls into an epoch, and into a place within it.",
        "epoch, place = divmod(step, batches per epoch): the count divided by the batch size, rounded down with drop_last and"
        " up without (-(-count // batch_size) rounds up).",
        "order = torch.randperm(count, generator=torch.Generator().manual_seed(seed + epoch)), and the batch is order[place *"
        " batch_size : (place + 1) * batch_size]. No batch at all: raise ValueError.",
    ),
)


@EXERCISE.claim("the first epoch, which fits")
def first(batch_numbers):
    return [batch_numbers(step, 12, 4, 0) for step in range(3)]


@EXERCISE.claim("three epochs of ten items in batches of four, the rest left out")
def dropped(batch_numbers):
    return [batch_numbers(step, 10, 4, 5) for step in range(6)]


@EXERCISE.claim("three epochs, the rest kept as a short batch")
def kept(batch_numbers):
    return [batch_numbers(step, 10, 4, 5, drop_last=False) for step in range(9)]


@EXERCISE.claim("taken up far away, without what came before")
def far(batch_numbers):
    return [batch_numbers(1000, 7, 3, 1), batch_numbers(12345, 50, 8, 2, False)]


@EXERCISE.claim("a step depends on its number alone, and disturbs no other generator")
def alone(batch_numbers):
    torch.manual_seed(3)
    batch_numbers(4, 9, 2, 0)
    after = torch.rand(2)
    return {"again": [batch_numbers(4, 9, 2, 0), batch_numbers(1, 9, 2, 0), batch_numbers(4, 9, 2, 0)], "others": after}


@EXERCISE.claim("no batch at all is refused by a ValueError")
def none(batch_numbers):
    few = raised(lambda: batch_numbers(0, 3, 4, 0), ValueError)
    return [
        few,
        raised(lambda: batch_numbers(0, 0, 4, 0, drop_last=False), ValueError),
        batch_numbers(0, 3, 4, 0, drop_last=False),
    ]


@EXERCISE.drawn
def drawn(batch_numbers, seed: int):
    return batch_numbers(seed * 3 % 17, 4 + seed % 9, 1 + seed % 4, seed, drop_last=bool(seed % 2))
