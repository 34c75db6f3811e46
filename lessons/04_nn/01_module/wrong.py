"""Answers to `Polynomial` that are wrong in the ways that people are."""

import torch
from torch.nn import Module, Parameter


# right in all; what it is made wrong by stands below
class Right(Module):
    def __init__(self, degree):
        super().__init__()
        self.make(degree)

    def make(self, degree):
        self.coefficients = Parameter(torch.zeros(degree + 1))
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("std", torch.tensor(1.0))

    def fit_scale(self, x):
        spread = x.std(correction=0)
        self.mean.copy_(x.mean())
        self.std.copy_(torch.where(spread == 0, 1.0, spread))

    def scaled(self, x):
        return (x - self.mean) / self.std

    def forward(self, x):
        y, z = torch.zeros_like(x), self.scaled(x)
        for coefficient in reversed(self.coefficients):
            y = y * z + coefficient
        return y


class NotBuffers(Right):
    """mean and std are not saved: a plain tensor as an attribute is not seen by state_dict(), nor moved by .to(). Register them
    as buffers."""

    def make(self, degree):
        self.coefficients = Parameter(torch.zeros(degree + 1))
        self.mean, self.std = torch.tensor(0.0), torch.tensor(1.0)


class LearntScale(Right):
    """mean and std are parameters: an optimiser would move them. They are not learnt but measured, which makes them buffers."""

    def make(self, degree):
        self.coefficients = Parameter(torch.zeros(degree + 1))
        self.mean, self.std = Parameter(torch.tensor(0.0)), Parameter(torch.tensor(1.0))

    def fit_scale(self, x):
        with torch.no_grad():
            super().fit_scale(x)


class NotLearnt(Right):
    """The coefficients take no gradient: somewhere they leave the graph, by .data, .detach(), .item() or torch.tensor(...)."""

    def forward(self, x):
        y, z = torch.zeros_like(x), self.scaled(x)
        for coefficient in reversed(self.coefficients.detach()):
            y = y * z + coefficient
        return y + 0 * self.coefficients.sum()


class HighestFirst(Right):
    """The coefficients are read in the other order: c[0] stands alone, c[degree] before the highest power."""

    def forward(self, x):
        y, z = torch.zeros_like(x), self.scaled(x)
        for coefficient in self.coefficients:
            y = y * z + coefficient
        return y


class OneTooFew(Right):
    """A polynomial of degree 3 has four coefficients: degree + 1, with the constant."""

    def make(self, degree):
        super().make(degree - 1)


class LessOne(Right):
    """The standard deviation divides by the count less one, as x.std() does by itself: say correction=0."""

    def fit_scale(self, x):
        spread = x.std()
        self.mean.copy_(x.mean())
        self.std.copy_(torch.where(spread == 0, 1.0, spread))


class DividesByZero(Right):
    """Numbers that are all the same have no deviation, and dividing by it gives NaN: take it as 1 there."""

    def fit_scale(self, x):
        self.mean.copy_(x.mean())
        self.std.copy_(x.std(correction=0))
