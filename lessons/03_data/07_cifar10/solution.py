"""The answer to `Moments`."""

import torch
from torch import Tensor


class Moments:
    """Mean and spread of each channel of what was shown."""

    def __init__(self, channels: int):
        self.count = 0
        self.centre, self.deviations = torch.zeros(channels), torch.zeros(channels)

    def update(self, batch: Tensor) -> None:
        values = batch.transpose(0, 1).flatten(1).to(self.centre.dtype)  # (channels, values)
        count = values.shape[1]
        if not count:
            return
        mean = values.mean(1)
        gap, total = mean - self.centre, self.count + count
        self.deviations = self.deviations + (values - mean[:, None]).square().sum(1) + gap.square() * (self.count * count / total)
        self.centre = self.centre + gap * (count / total)
        self.count = total

    def mean(self) -> Tensor:
        return self.centre if self.count else torch.full_like(self.centre, torch.nan)

    def std(self) -> Tensor:
        return (self.deviations / self.count).sqrt() if self.count else torch.full_like(self.centre, torch.nan)
