"""Answers to `Residual` that are wrong in the ways that people are."""

import torch
from torch.nn import Module, Parameter


# right in all; what it is made wrong by stands below
class Right(Module):
    def __init__(self, change, channels, *, norm=None, shortcut=None, start=1.0, drop=0.0):
        super().__init__()
        self.change, self.norm, self.shortcut, self.drop = change, norm, shortcut, drop
        self.gain = Parameter(torch.full((channels,), start))

    def path(self, x):
        return x if self.shortcut is None else self.shortcut(x)

    def changed(self, x):
        return self.change(x if self.norm is None else self.norm(x))

    def scaled(self, change):
        return change * self.gain.view(-1, *[1] * (change.dim() - 2))

    def shape_of_draw(self, change):
        return (len(change), *[1] * (change.dim() - 1))

    def kept(self, change):
        if not (self.training and self.drop > 0):
            return change
        stays = torch.rand(self.shape_of_draw(change)) < 1 - self.drop
        return change * stays.to(change.dtype) / (1 - self.drop)

    def forward(self, x):
        return self.path(x) + self.kept(self.scaled(self.changed(x)))


class NormOnThePath(Right):
    """The norm stands on the path as well: then it is no clear path but one more layer. Only what the change reads is normed."""

    def forward(self, x):
        return super().forward(x) if self.norm is None else self.path(self.norm(x)) + self.kept(self.scaled(self.changed(x)))


class NoPath(Right):
    """Nothing is added: the output is the change alone."""

    def forward(self, x):
        return self.kept(self.scaled(self.changed(x))) + 0 * self.path(x)


class GainOnTheLast(Right):
    """The gain scales the last dimension: it belongs to the channels, dimension 1, so view it with a 1 for each dimension
    behind."""

    def scaled(self, change):
        return (
            change * self.gain if change.shape[-1] == len(self.gain) else change * self.gain.view(-1, *[1] * (change.dim() - 2))
        )


class DropsNumbers(Right):
    """Single numbers are dropped, as by dropout: the change of a whole example is left out, or stays."""

    def shape_of_draw(self, change):
        return change.shape


class DropsAllTogether(Right):
    """One draw decides for the whole batch: each example has its own."""

    def shape_of_draw(self, change):
        return (1,) * change.dim()


class NotDivided(Right):
    """What stays is not divided by 1 - drop: in evaluation, where all stays, changes would be larger on average than in
    training."""

    def kept(self, change):
        return super().kept(change) * (1 - self.drop if self.training else 1)


class DropsInUse(Right):
    """Changes are dropped in evaluation mode too."""

    def kept(self, change):
        if self.drop <= 0:
            return change
        return change * (torch.rand(self.shape_of_draw(change)) < 1 - self.drop).to(change.dtype) / (1 - self.drop)


class AlwaysDraws(Right):
    """Random numbers are drawn where nothing is to be dropped: every other random number of the program then is another."""

    def kept(self, change):
        if self.training and self.drop > 0:
            return super().kept(change)
        torch.rand(len(change))
        return change
