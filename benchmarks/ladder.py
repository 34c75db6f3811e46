"""What the choice of a rung costs a call."""

import timeit

from benchmarks.timing import Row, interleaved, median_of_pairs
from groundup.ops.ladder import Ladder

CALLS = 200_000


def nothing(x: int) -> int:
    return x


def bench() -> list[Row]:
    """An op that does nothing, called through its Ladder and directly."""
    op = Ladder(nothing)
    through, direct = interleaved(
        lambda: timeit.timeit(lambda: op(1), number=CALLS), lambda: timeit.timeit(lambda: nothing(1), number=CALLS)
    )
    return [
        Row(
            "a call through the ladder, over a direct one",
            median_of_pairs(lambda a, b: (a - b) / CALLS * 1e6, through, direct),
            "us",
            1.0,
        )
    ]
