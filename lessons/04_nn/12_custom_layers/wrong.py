"""Answers to `Maxout` that are wrong in the ways that people are."""

import torch
from torch.nn import Module, Parameter


# right in all; what it is made wrong by stands below
class Right(Module):
    def __init__(self, *, in_features, out_features, pieces):
        super().__init__()
        if pieces < 1:
            raise ValueError
        bound = in_features**-0.5
        self.weight = Parameter(torch.empty(out_features, pieces, in_features).uniform_(-bound, bound))
        self.bias = Parameter(torch.zeros(out_features, pieces))

    def lines(self, x):
        return torch.einsum("...i,jki->...jk", x, self.weight) + self.bias

    def forward(self, x):
        return self.lines(x).amax(-1)

    def winners(self, x):
        return self.lines(x).argmax(-1)


class OverOutputs(Right):
    """The largest is taken over the outputs, where it is to be taken over the pieces of each output."""

    def forward(self, x):
        return self.lines(x).amax(-2)

    def winners(self, x):
        return self.lines(x).argmax(-2)


class BiasAfter(Right):
    """The bias is added after the largest is chosen: each piece is a line with an offset of its own, and it decides who wins."""

    def forward(self, x):
        return (self.lines(x) - self.bias).amax(-1) + self.bias.amax(-1)


class Summed(Right):
    """The pieces are added up, which makes one line of them: take the largest."""

    def forward(self, x):
        return self.lines(x).sum(-1)


class Smooth(Right):
    """You take logsumexp, a round largest: it is above the largest, and gradients reach the losers."""

    def forward(self, x):
        return self.lines(x).logsumexp(-1)


class ByAbsoluteValue(Right):
    """The piece that is furthest from zero wins, on either side: asked for is the largest."""

    def winners(self, x):
        return self.lines(x).abs().argmax(-1)

    def forward(self, x):
        lines = self.lines(x)
        return lines.gather(-1, lines.abs().argmax(-1, keepdim=True)).squeeze(-1)


class TwoDimensions(Right):
    """Only a table of rows is taken: the layer is to work on the last dimension, whatever stands before it."""

    def lines(self, x):
        if x.dim() != 2:
            raise RuntimeError("two dimensions")
        return super().lines(x)


class StartsNormal(Right):
    """The weights start from a normal distribution; asked for is a uniform one between -1 / sqrt(in_features) and 1 /
    sqrt(in_features)."""

    def __init__(self, **sizes):
        super().__init__(**sizes)
        with torch.no_grad():
            self.weight.normal_()
