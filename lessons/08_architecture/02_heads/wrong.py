"""Answers to `GroupedAttention` that are wrong in the ways that people are."""

import math

from torch.nn import Module

from groundup.layers.linear import Linear


# right in all; what it is made wrong by stands below
class Right(Module):
    def __init__(self, *, width, num_heads, num_kv_heads):
        super().__init__()
        if width % num_heads or num_heads % num_kv_heads:
            raise ValueError
        self.head_dim, self.shared = width // num_heads, num_heads // num_kv_heads
        self.query, self.output = (Linear(in_features=width, out_features=width) for _ in range(2))
        shared = num_kv_heads * self.head_dim
        self.key, self.value = (Linear(in_features=width, out_features=shared) for _ in range(2))

    def split(self, x):
        return x.unflatten(-1, (-1, self.head_dim)).transpose(1, 2)

    def share(self, x):
        return x.repeat_interleave(self.shared, 1)

    def scale(self, x):
        return math.sqrt(self.head_dim)

    def join(self, x):
        return x.transpose(1, 2).flatten(2)

    def forward(self, x):
        query = self.split(self.query(x))
        key, value = (self.share(self.split(layer(x))) for layer in (self.key, self.value))
        return self.output(self.join((query @ key.mT / self.scale(x)).softmax(-1) @ value))


class ByView(Right):
    """The heads are cut out by a view alone, which mixes words with each other: cut the last dimension, then turn length
    and heads."""

    def split(self, x):
        return x.reshape(len(x), -1, x.shape[1], self.head_dim)


class RepeatedInTurn(Right):
    """Keys and values are shared in turn (0, 1, 0, 1 ...): query heads that stand side by side share one.
    repeat_interleave, not repeat."""

    def share(self, x):
        return x.repeat(1, self.shared, 1, 1)


class ScaledByWidth(Right):
    """The scores are divided by the root of the whole width: each head compares vectors of its own width."""

    def scale(self, x):
        return math.sqrt(x.shape[-1])


class JoinedByView(Right):
    """The heads' answers are joined without turning them back: each word then gets pieces of other words."""

    def join(self, x):
        return x.reshape(len(x), x.shape[2], -1)


class NoOutput(Right):
    """The output layer is left out: what the heads have found is not mixed."""

    def forward(self, x):
        query = self.split(self.query(x))
        key, value = (self.share(self.split(layer(x))) for layer in (self.key, self.value))
        return self.join((query @ key.mT / self.scale(x)).softmax(-1) @ value) + 0 * self.output(x)


class ValueFromKey(Right):
    """The values are the keys: what one is found by and what one gives are two things."""

    def forward(self, x):
        query, key = self.split(self.query(x)), self.share(self.split(self.key(x)))
        found = self.join((query @ key.mT / self.scale(x)).softmax(-1) @ key)
        return self.output(found) + 0 * self.value(x).sum()


class OverQueries(Right):
    """The softmax runs over the queries: each word shares itself out among the keys, along the last dimension."""

    def forward(self, x):
        query = self.split(self.query(x))
        key, value = (self.share(self.split(layer(x))) for layer in (self.key, self.value))
        return self.output(self.join((query @ key.mT / self.scale(x)).softmax(-2) @ value))
