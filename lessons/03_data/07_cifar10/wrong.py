"""Answers to `Moments` that are wrong in the ways that people are."""

import torch


# right in all; what it is made wrong by stands below
class Kept:
    def __init__(self, channels):
        self.count, self.centre, self.deviations = 0, torch.zeros(channels), torch.zeros(channels)

    def part(self, batch):
        values = batch.transpose(0, 1).flatten(1).to(self.centre.dtype)
        mean = values.mean(1)
        return values.shape[1], mean, (values - mean[:, None]).square().sum(1)

    def between(self, gap, count):
        return gap.square() * (self.count * count / (self.count + count))

    def update(self, batch):
        if batch.numel():
            count, mean, deviations = self.part(batch)
            gap = mean - self.centre
            self.deviations = self.deviations + deviations + self.between(gap, count)
            self.centre = self.centre + gap * (count / (self.count + count))
            self.count += count

    def mean(self):
        return self.centre if self.count else torch.full_like(self.centre, torch.nan)

    def std(self):
        return (self.deviations / self.count).sqrt() if self.count else torch.full_like(self.centre, torch.nan)


class MeanOfMeans(Kept):
    """Every batch counts the same, whatever its size: a batch of one picture then weighs as much as one of seven. Weigh by
    counts."""

    def update(self, batch):
        if batch.numel():
            _, mean, deviations = self.part(batch)
            gap = mean - self.centre
            self.count += 1
            self.centre = self.centre + gap / self.count
            self.deviations = self.deviations + deviations / batch[:, 0].numel()


class WithinOnly(Kept):
    """The spread knows only how far values are from the mean of their own batch: that the batches' means lie apart is missing,
    the term (b - a)^2 n m / (n + m)."""

    def between(self, gap, count):
        return 0


class Squares(Kept):
    """The mean of squares less the square of the mean: where the spread is small beside the mean, two large numbers cancel, and
    nothing right is left."""

    def __init__(self, channels):
        self.count, self.total, self.squares = 0, torch.zeros(channels), torch.zeros(channels)

    def update(self, batch):
        values = batch.transpose(0, 1).flatten(1).to(self.total.dtype)
        self.count += values.shape[1]
        self.total, self.squares = self.total + values.sum(1), self.squares + values.square().sum(1)

    def mean(self):
        return self.total / self.count if self.count else torch.full_like(self.total, torch.nan)

    def std(self):
        return (self.squares / self.count - self.mean().square()).clamp(min=0).sqrt()


class LessOne(Kept):
    """The divisor is the count less one, which estimates the spread of what the values were drawn from. Asked for is the spread
    of the values themselves."""

    def std(self):
        return (self.deviations / (self.count - 1)).sqrt() if self.count else torch.full_like(self.centre, torch.nan)


class ByPixel(Kept):
    """There is a mean for every pixel: the pictures' pixels belong to their channel, and a channel has one mean, whatever the
    sizes of the pictures."""

    def mean(self):
        return self.centre[:, None, None].expand(-1, 2, 2) if self.count else torch.full_like(self.centre, torch.nan)


class EmptyFails(Kept):
    """An empty batch makes everything NaN: the mean of no values is none. Skip it."""

    def update(self, batch):
        count, mean, deviations = self.part(batch)
        gap = mean - self.centre
        self.deviations = self.deviations + deviations + self.between(gap, count)
        self.centre = self.centre + gap * (count / max(1, self.count + count))
        self.count += count
