"""Which words single out one thing of a scene, and which relations are plain to see.

A reference never fits two things: what is said of the target is true of no other thing of the scene.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from groundup.data.shapes.scene import Thing

CLEAR = 64  # units: two middles nearer than this, in one direction, are neither left nor right (above, below) of each other

# For each relation, the field of Thing that decides, and whether the first of the two has the smaller value.
RELATIONS = {"left": ("x", True), "right": ("x", False), "above": ("y", True), "below": ("y", False)}


class Reference(NamedTuple):
    """A way to name the thing with this number: by these attributes, and if they do not suffice, by where it is.

    `relation` is None; or, without an anchor, an extreme (the leftmost red thing); or a relation to the anchor, which is named
    by attributes alone.
    """

    thing: int
    said: tuple[str, ...]
    relation: str | None = None
    anchor: "Reference | None" = None


def stands(one: Thing, other: Thing, relation: str) -> bool | None:
    """Whether one is clearly in this relation to the other; None where it is too close to call."""
    field, smaller = RELATIONS[relation]
    difference = getattr(one, field) - getattr(other, field)
    if abs(difference) < CLEAR:
        return None
    return (difference < 0) == smaller


def alike(things: Sequence[Thing], target: int, said: Sequence[str]) -> list[int]:
    """The numbers of the other things for which the same attributes are true."""
    values = [getattr(things[target], name) for name in said]
    return [n for n, thing in enumerate(things) if n != target and [getattr(thing, name) for name in said] == values]


def by_attributes(things: Sequence[Thing], target: int, allowed: Sequence[str]) -> list[Reference]:
    """The shortest sets of attributes that fit this thing alone."""
    for length in range(1, len(allowed) + 1):
        found = [Reference(target, said) for said in combinations(allowed, length) if not alike(things, target, said)]
        if found:
            return found
    return []


def outermost(things: Sequence[Thing], relation: str) -> tuple[int, int]:
    """The outermost thing in a direction, and by how many units it leads the next."""
    field, smaller = RELATIONS[relation]
    order = sorted(range(len(things)), key=lambda n: getattr(things[n], field) * (1 if smaller else -1))
    first, second = (getattr(things[n], field) for n in order[:2])
    return order[0], abs(first - second)


def by_place(things: Sequence[Thing], target: int, said: tuple[str, ...], anchors: Sequence[Reference]) -> list[Reference]:
    """References by where the thing is, among those for which the same is true: the extremes, then relations to the anchors."""
    others = alike(things, target, said)
    if not others:
        return []
    here = things[target]
    found = [Reference(target, said, way) for way in RELATIONS if all(stands(here, things[n], way) for n in others)]
    for anchor in anchors:
        if anchor.thing != target and anchor.thing not in others:
            there = things[anchor.thing]
            for way in RELATIONS:
                if stands(here, there, way) and all(stands(things[n], there, way) is False for n in others):
                    found.append(Reference(target, said, way, anchor))
    return found


def references(things: Sequence[Thing], target: int, *, hidden: str = "") -> list[Reference]:
    """The ways to single out a thing, without saying its `hidden` attribute.

    Striped or solid is said last, where nothing else serves.
    """
    allowed = [name for name in ("shape", "colour", "size", "filling") if name != hidden]
    found = by_attributes(things, target, allowed[:-1]) or by_attributes(things, target, allowed)
    anchors = [way[0] for n in range(len(things)) if (way := by_attributes(things, n, ("colour", "shape")))]
    for said in ((), tuple(allowed[:1]), tuple(allowed[:2])):
        found += by_place(things, target, said, anchors)
    return found or by_place(things, target, tuple(allowed), anchors)
