"""Seeing a run: how fast, and how much longer?

Write the class `Meter`. A run of `total` steps tells it the time now and then: `at(step, seconds)` says that `step` steps
were done when the clock stood at `seconds`. Steps only grow, the clock may begin anywhere. It answers

- `rate()`: steps per second over the last `window` tellings (from the first of them to the last), since a run may slow down;
  NaN before two tellings, or where no time has passed;
- `left()`: how many seconds the rest takes at that rate; NaN where the rate is, or where it is 0; 0.0 at the end;
- `text()`: "120/400  30%  2.5 steps/s  1:52 left", with minutes and seconds, hours too from an hour on ("1:02:03"); where
  nobody can say what is left, only "120/400  30%". Percent are rounded DOWN: 100% is said at the end and never before.
  The seconds left are rounded up.
"""

import math


class Meter:
    """The speed of a run and what is left of it."""

    def __init__(self, total: int, window: int = 10):
        raise NotImplementedError

    def at(self, step: int, seconds: float) -> None:
        raise NotImplementedError

    def rate(self) -> float:
        raise NotImplementedError

    def left(self) -> float:
        raise NotImplementedError

    def text(self) -> str:
        raise NotImplementedError
