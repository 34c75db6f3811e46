"""The answer to `Meter`."""

import math
from collections import deque


class Meter:
    """The speed of a run and what is left of it."""

    def __init__(self, total: int, window: int = 10):
        self.total, self.step = total, 0
        self.told: deque[tuple[int, float]] = deque(maxlen=window)

    def at(self, step: int, seconds: float) -> None:
        self.step = step
        self.told.append((step, seconds))

    def rate(self) -> float:
        if len(self.told) < 2:
            return math.nan
        (first, start), (last, end) = self.told[0], self.told[-1]
        return (last - first) / (end - start) if end > start else math.nan

    def left(self) -> float:
        if self.step >= self.total:
            return 0.0
        rate = self.rate()
        return (self.total - self.step) / rate if rate > 0 else math.nan

    def text(self) -> str:
        text = f"{self.step}/{self.total}  {100 * self.step // self.total}%"
        if math.isnan(self.rate()) or math.isnan(self.left()):
            return text
        seconds = math.ceil(self.left())
        hours, minutes = seconds // 3600, seconds // 60 % 60
        clock = f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"
        return f"{text}  {self.rate():.1f} steps/s  {clock} left"
