"""Random bits by counting: each is a pure function of where it stands, so no item depends on which were made before it.

A generator with a state gives the same numbers only to those who ask in the same order. Here instead a number is asked for by
its address (version, split, seed, index, field, position), and the address is mixed into 64 bits. Whole batches are mixed at
once, in integers only, so every machine gets the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")

STEP = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, made odd: its multiples lie far apart

# What a random number is for. A number's place in this list is part of its address: new fields are put at the end.
FIELDS = (
    *("count", "shape palette", "colour palette", "shape", "colour", "size", "filling", "radius", "column", "row"),
    *("ground", "period", "phase", "tone", "tint", "clouds", "grain", "clutter", "noise", "caption", "question", "phrase"),
)


def mix(x: np.ndarray) -> np.ndarray:
    """Scatter 64-bit numbers so that each bit of the result depends on every bit given.

    Paper: the output function of SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014).
    Shapes: uint64 of any shape with at least one axis, unchanged (NumPy warns of the overflow of a lone number).
    """
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@dataclass(frozen=True)
class Draws:
    """The random numbers of a batch of items.

    Shapes: keys (batch) uint64, one address an item.
    """

    keys: np.ndarray

    @classmethod
    def at(cls, indices: np.ndarray, *seeds: int) -> "Draws":
        """The draws of the items with these indices in the world of these seeds."""
        key = np.zeros(1, np.uint64)
        for seed in seeds:
            key = mix(key + STEP * np.array([seed + 1], np.uint64))
        return cls(mix(key + STEP * (indices.astype(np.uint64) + np.uint64(1))))

    def bits(self, field: str, count: int) -> np.ndarray:
        """Shapes: -> (batch, count) uint64."""
        keys = mix(self.keys + STEP * np.array([FIELDS.index(field) + 1], np.uint64))
        return mix(keys[:, None] + STEP * np.arange(1, count + 1, dtype=np.uint64))

    def below(self, bound: int | np.ndarray, field: str, count: int) -> np.ndarray:
        """Whole numbers from 0 to bound - 1, all alike probable (to one part in 2^32 times the bound).

        Shapes: bound, a number or what broadcasts to (batch, count) -> (batch, count) int64.
        """
        high = self.bits(field, count) >> np.uint64(32)
        return ((high * np.asarray(bound).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)

    def noise(self, field: str, height: int, width: int) -> np.ndarray:
        """Random bytes, eight of each number. The order of bytes is fixed, whatever the machine's own is.

        Shapes: -> (batch, height, width) uint8.
        """
        words = self.bits(field, -(-height * width // 8)).astype("<u8", copy=False)
        return words.view(np.uint8)[:, : height * width].reshape(-1, height, width)

    def choosers(self, field: str) -> "list[Chooser]":
        """One chooser for each item."""
        keys = mix(self.keys + STEP * np.array([FIELDS.index(field) + 1], np.uint64))
        return [Chooser(int(key)) for key in keys]


class Chooser:
    """Choices of one item, one after the other: for texts, which are put together item by item."""

    def __init__(self, key: int):
        self.key, self.used = key, 0

    def below(self, bound: int) -> int:
        """A whole number from 0 to bound - 1."""
        if self.used % 16 == 0:  # sixteen at a time, since a call of NumPy costs as much for sixteen as for one
            counts = np.arange(self.used + 1, self.used + 17, dtype=np.uint64)
            self.numbers = (mix(np.array([self.key], np.uint64) + STEP * counts) >> np.uint64(32)).tolist()
        self.used += 1
        return self.numbers[(self.used - 1) % 16] * bound >> 32

    def coin(self) -> bool:
        return self.below(2) == 1

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def shuffled(self, choices: Sequence[T]) -> list[T]:
        """The choices in random order (Fisher and Yates)."""
        order = list(choices)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order
