"""Answers to `Meter` that are wrong in the ways that people are."""

import math


# right in all; what it is made wrong by stands below
class Right:
    def __init__(self, total, window=10):
        self.total, self.step, self.window, self.told = total, 0, window, []

    def at(self, step, seconds):
        self.step = step
        self.told = [*self.told, (step, seconds)][-self.window :]

    def ends(self):
        return (*self.told[0], *self.told[-1]) if len(self.told) > 1 else None

    def rate(self):
        if self.ends() is None:
            return math.nan
        first, start, last, end = self.ends()
        return (last - first) / (end - start) if end > start else math.nan

    def left(self):
        rate = self.rate()
        return 0.0 if self.step >= self.total else (self.total - self.step) / rate if rate > 0 else math.nan

    def percent(self):
        return 100 * self.step // self.total

    def whole(self):
        return math.ceil(self.left())

    def clock(self, seconds):
        hours, minutes = seconds // 3600, seconds // 60 % 60
        return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"

    def text(self):
        text = f"{self.step}/{self.total}  {self.percent()}%"
        if math.isnan(self.rate()) or math.isnan(self.left()):
            return text
        return f"{text}  {self.rate():.1f} steps/s  {self.clock(self.whole())} left"


class FromTheStart(Right):
    """The rate is that of the whole run: one that has slowed down, or was taken up again, then lies about what is left. Only
    the last tellings count."""

    def at(self, step, seconds):
        self.step = step
        self.told.append((step, seconds))


class FromStepZero(Right):
    """The rate counts steps from 0, and time from the first telling: a run that was taken up at step 100 then seems to have
    done these in no time."""

    def rate(self):
        if self.ends() is None:
            return math.nan
        _, start, last, end = self.ends()
        return last / (end - start) if end > start else math.nan


class RoundedPercent(Right):
    """Percent are rounded to the nearest: 99.9% is then shown as 100%, before the end. Round down."""

    def percent(self):
        return round(100 * self.step / self.total)


class SecondsDown(Right):
    """The seconds left are rounded down: half a second before the end nothing would seem to be left. Round up."""

    def whole(self):
        return int(self.left())


class MinutesUnpadded(Right):
    """Seconds below ten stand as one digit: 1:05 and not 1:5."""

    def clock(self, seconds):
        hours, minutes = seconds // 3600, seconds // 60 % 60
        return f"{hours}:{minutes}:{seconds % 60}" if hours else f"{minutes}:{seconds % 60}"


class NoHours(Right):
    """Hours are shown as minutes: from an hour on it is 1:02:03."""

    def clock(self, seconds):
        return f"{seconds // 60}:{seconds % 60:02d}"


class DividesByZero(Right):
    """Where no time has passed between two tellings it divides by zero: the rate is then not known, NaN."""

    def rate(self):
        if self.ends() is None:
            return math.nan
        first, start, last, end = self.ends()
        return (last - first) / (end - start)
