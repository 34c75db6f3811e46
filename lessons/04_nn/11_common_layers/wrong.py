"""Answers to `BatchNorm1d` that are wrong in the ways that people are."""

import torch
from torch.nn import Module, Parameter


# right in all; what it is made wrong by stands below
class Right(Module):
    def __init__(self, *, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight, self.bias = Parameter(torch.ones(num_features)), Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def remember(self, x):
        with torch.no_grad():
            self.running_mean.lerp_(x.mean(0), self.momentum)
            self.running_var.lerp_(x.var(0), self.momentum)
            self.num_batches_tracked += 1

    def moments(self, x):
        return x.mean(0), x.var(0, correction=0)

    def forward(self, x):
        if not self.training:
            return self.normed(x, self.running_mean, self.running_var)
        if len(x) < 2:
            raise ValueError
        self.remember(x)
        return self.normed(x, *self.moments(x))

    def normed(self, x, mean, var):
        return (x - mean) / (var + self.eps).sqrt() * self.weight + self.bias


class LessOne(Right):
    """The batch is normed by a variance divided by the count less one: that is the one to remember. The batch is normed by its
    own, divided by the count (correction=0)."""

    def moments(self, x):
        return x.mean(0), x.var(0)


class RemembersBiased(Right):
    """The running variance follows the one divided by the count; it is to estimate the variance of all data, so it follows the
    one divided by the count less one."""

    def remember(self, x):
        with torch.no_grad():
            self.running_mean.lerp_(x.mean(0), self.momentum)
            self.running_var.lerp_(x.var(0, correction=0), self.momentum)
            self.num_batches_tracked += 1


class MomentumExchanged(Right):
    """The shares are exchanged: momentum is the share of the NEW batch here, 0.1, and 0.9 stays of what was known."""

    def remember(self, x):
        with torch.no_grad():
            self.running_mean.lerp_(x.mean(0), 1 - self.momentum)
            self.running_var.lerp_(x.var(0), 1 - self.momentum)
            self.num_batches_tracked += 1


class AlwaysTheBatch(Right):
    """In evaluation mode too the batch is normed by itself: an example's answer then depends on who else is asked. Use the
    running ones."""

    def forward(self, x):
        if self.training:
            return super().forward(x)
        return self.normed(x, *self.moments(x))


class AlwaysRemembers(Right):
    """In evaluation mode the running averages move: questions change the model."""

    def forward(self, x):
        if not self.training and len(x) > 1:
            self.remember(x)
        return super().forward(x)


class EpsOutside(Right):
    """eps is added to the spread, outside of the root: it belongs to the variance, inside."""

    def normed(self, x, mean, var):
        return (x - mean) / (var.sqrt() + self.eps) * self.weight + self.bias


class Detached(Right):
    """Mean and variance are taken as constants on the way back (by detach, no_grad or .data): the gradient of x misses that
    every example moves them."""

    def moments(self, x):
        return super().moments(x.detach())


class GraphKept(Right):
    """The running averages are computed with a graph and remember every batch: change buffers inside torch.no_grad()."""

    def remember(self, x):
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * x.mean(0)
        self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(0)
        self.num_batches_tracked += 1
