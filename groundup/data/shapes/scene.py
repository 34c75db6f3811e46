"""What is in a picture, before it is drawn: which things, where, how large, on which ground.

A scene is measured in units of 1/1024 of the picture's side, in whole numbers. So it does not know how many pixels the picture
will have, and the same scene can be drawn at every size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from groundup.data.shapes.bits import Draws
from groundup.errors import UserError

SHAPES = ("circle", "square", "triangle", "diamond", "cross", "star", "heart", "moon")
COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink")
SIZES = ("small", "medium", "large")
FILLINGS = ("solid", "striped")
GROUNDS = ("plain", "checked", "lined", "brick")  # brick is seen in the domain of that name only
# How the world may look. What is told of colours is what they are by day, also where dusk or night tints them.
DOMAINS = ("day", "dusk", "night", "fog", "noise", "brick")

COMBINATIONS = tuple(f"{colour} {shape}" for shape in SHAPES for colour in COLOURS)
# For few-shot learning: a quarter of the combinations, in which every shape and every colour occurs twice.
NOVEL = tuple(8 * shape + colour for shape in range(8) for colour in range(8) if (colour + 3 * shape) % 4 == 0)
BASE = tuple(number for number in range(64) if number not in NOVEL)

UNITS = 1024  # to the picture's side
RADII = np.array([92, 138, 192], np.int64)  # of small, medium and large things
MARGIN = 8  # between a thing and the picture's edge
PLACES_TRIED = 12  # for each thing; one that finds no room is left out
PALETTE = 3  # shapes, and colours, that one scene draws from: so that some come more than once, and can be counted


@dataclass(frozen=True)
class Plan:
    """How scenes are composed.

    Units and ranges: `distance` between the middles of two things is at least so many sixteenths of the sum of their radii
    (at 18 no two things touch); `clutter` specks lie on the ground, which belong to no thing; `combinations`, where given, are
    the only shapes and colours (8 * shape + colour).
    """

    fewest: int
    most: int
    distance: int
    clutter: int
    combinations: tuple[int, ...] = ()


DIFFICULTIES = {
    "easy": Plan(fewest=1, most=3, distance=18, clutter=0),
    "medium": Plan(fewest=2, most=5, distance=18, clutter=0),
    "hard": Plan(fewest=4, most=8, distance=12, clutter=24),
}


def plan_of(difficulty: str) -> Plan:
    """Raises: UserError for a difficulty that there is not."""
    if difficulty not in DIFFICULTIES:
        raise UserError(f"ShapesWorld has the difficulties {', '.join(DIFFICULTIES)}; got {difficulty!r}")
    return DIFFICULTIES[difficulty]


class Thing(NamedTuple):
    """One thing of a scene: what it is, as numbers in the lists above, and where its middle is, in units."""

    shape: int
    colour: int
    size: int
    filling: int
    x: int
    y: int


@dataclass(frozen=True)
class Scenes:
    """A batch of scenes.

    Things stand in the order in which they are drawn: the farthest first, and these are the largest, so that none is hidden.
    Behind the last thing of a scene its columns hold what means nothing.
    Shapes: count, ground and domain (batch); the others (batch, most things), all int64.
    """

    draws: Draws
    count: np.ndarray
    ground: np.ndarray
    domain: np.ndarray
    shape: np.ndarray
    colour: np.ndarray
    size: np.ndarray
    filling: np.ndarray
    radius: np.ndarray
    x: np.ndarray
    y: np.ndarray
    clutter: int

    @cached_property
    def present(self) -> np.ndarray:
        """Which columns hold a thing: (batch, most things) bool."""
        return np.arange(self.shape.shape[1]) < self.count[:, None]

    @cached_property
    def things(self) -> list[list[Thing]]:
        """The things of each scene."""
        columns = (self.shape, self.colour, self.size, self.filling, self.x, self.y)
        rows = zip(self.count.tolist(), *(column.tolist() for column in columns))
        return [[Thing(*values) for values in zip(*(row[:count] for row in lists))] for count, *lists in rows]

    def choosing(self, field: str) -> Iterator[tuple[list[Thing], object]]:
        """Each scene's things, with a chooser for what is to be said about them."""
        return zip(self.things, self.draws.choosers(field))


def compose(draws: Draws, plan: Plan, domain: np.ndarray) -> Scenes:
    """Scenes of this plan; the domain decides only how they will look.

    Shapes: domain (batch), numbers in DOMAINS.
    """
    most = plan.most
    wanted = plan.fewest + draws.below(plan.most - plan.fewest + 1, "count", 1)
    size = draws.below(len(SIZES), "size", most)
    radius = RADII[size] * (15 + draws.below(3, "radius", most)) // 16
    if plan.combinations:
        combination = np.array(plan.combinations, np.int64)[draws.below(len(plan.combinations), "shape", most)]
        shape, colour = np.divmod(combination, len(COLOURS))
    else:
        palettes = [draws.below(8, f"{field} palette", PALETTE) for field in ("shape", "colour")]
        shape, colour = (
            np.take_along_axis(palette, draws.below(PALETTE, field, most), axis=1)
            for palette, field in zip(palettes, ("shape", "colour"))
        )
    filling = draws.below(len(FILLINGS), "filling", most)

    # The largest wanted thing first: it needs the most room, and it will stand behind the others.
    order = np.argsort(np.where(np.arange(most) < wanted, -radius, 1), axis=1, kind="stable")
    radius = np.take_along_axis(radius, order, axis=1)
    x, y, placed = places(draws, radius, wanted, plan.distance)

    kept = np.argsort(~placed, axis=1, kind="stable")  # close the gaps of those that found no room
    columns = {name: np.take_along_axis(column, kept, axis=1) for name, column in (("radius", radius), ("x", x), ("y", y))} | {
        name: np.take_along_axis(column, np.take_along_axis(order, kept, axis=1), axis=1)
        for name, column in (("shape", shape), ("colour", colour), ("size", size), ("filling", filling))
    }
    ground = draws.below(len(GROUNDS) - 1, "ground", 1)[:, 0]
    ground = np.where(domain == DOMAINS.index("brick"), GROUNDS.index("brick"), ground)
    return Scenes(draws, placed.sum(1, dtype=np.int64), ground, domain, **columns, clutter=plan.clutter)


def places(draws: Draws, radius: np.ndarray, wanted: np.ndarray, distance: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The middles of the things and which found room: each takes the first place of some tried that is far from all before it.

    Shapes: radius (batch, things), wanted (batch, 1) -> three of (batch, things).
    """
    batch, most = radius.shape
    room = np.repeat(UNITS - 2 * (radius + MARGIN) + 1, PLACES_TRIED, axis=1)
    tried = [draws.below(room, field, most * PLACES_TRIED).reshape(batch, most, PLACES_TRIED) for field in ("column", "row")]
    tried_x, tried_y = (offset + (radius + MARGIN)[:, :, None] for offset in tried)
    x, y, placed = np.zeros_like(radius), np.zeros_like(radius), np.zeros(radius.shape, bool)
    for thing in range(most):
        apart = distance * (radius[:, :thing] + radius[:, thing, None])[:, None]  # (batch, 1, things before)
        across = tried_x[:, thing, :, None] - x[:, None, :thing]  # (batch, places, things before)
        down = tried_y[:, thing, :, None] - y[:, None, :thing]
        near = (16 * 16 * (across * across + down * down) < apart * apart) & placed[:, None, :thing]
        free = ~near.any(2)
        first = free.argmax(1)[:, None]
        placed[:, thing] = free.any(1) & (thing < wanted[:, 0])
        x[:, thing] = np.take_along_axis(tried_x[:, thing], first, axis=1)[:, 0]
        y[:, thing] = np.take_along_axis(tried_y[:, thing], first, axis=1)[:, 0]
    return x, y, placed
