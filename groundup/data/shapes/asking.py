"""Questions about a scene, with answers that cannot be guessed from the question alone."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import permutations
from typing import NamedTuple

import torch

from groundup.data.shapes import english
from groundup.data.shapes.annotations import Columns
from groundup.data.shapes.bits import Chooser
from groundup.data.shapes.references import RELATIONS, Reference, by_attributes, stands
from groundup.data.shapes.scene import COLOURS, SHAPES, Scenes, Thing
from groundup.data.shapes.telling import Say, any_reference, language_of, number_with
from groundup.errors import UserError


class Question(NamedTuple):
    """A question, and its answer as a place in every language's ANSWERS."""

    kind: str
    ask: Say
    answer: int


KINDS = ("existence", "count", "colour", "shape", "comparison")
YES, NO, ZERO = 0, 1, 2
FIRST_COLOUR = english.ANSWERS.index(COLOURS[0])
FIRST_SHAPE = english.ANSWERS.index(SHAPES[0])

# How readily each number is asked for where the picture has it: pictures with many of a kind are rare, so those are taken first.
READINESS = (7, 8, 12, 50, 250, 600, 600, 600, 600)


def check_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds themselves. Raises: UserError for a kind that there is not, and for none."""
    if not kinds or not set(kinds) <= set(KINDS):
        raise UserError(f"ShapesWorld asks for {', '.join(KINDS)}; got {', '.join(kinds) or 'nothing'}")
    return tuple(kinds)


def question(kind: str, things: Sequence[Thing], choose: Chooser) -> Question:
    """A question of this kind. The answer cannot be guessed from the question: yes and no are equally probable."""
    if kind == "existence":
        return existence(things, choose)
    if kind == "count":
        return count(things, choose)
    if kind == "comparison":
        return comparison(things, choose)
    reference = any_reference(things, choose, hidden=kind)
    asked = things[reference.thing]
    if kind == "colour":
        return Question(kind, lambda language: language.ask_colour(things, reference), FIRST_COLOUR + asked.colour)
    return Question(kind, lambda language: language.ask_shape(things, reference), FIRST_SHAPE + asked.shape)


def existence(things: Sequence[Thing], choose: Chooser) -> Question:
    """Is there a red circle? Where there is none, there is at least a circle."""
    thing = choose.pick(things)
    truth = choose.coin()
    if not truth:
        taken = {other.colour for other in things if other.shape == thing.shape}
        thing = thing._replace(colour=choose.pick([colour for colour in range(len(COLOURS)) if colour not in taken]))
    return Question("existence", lambda language: language.ask_whether(thing), YES if truth else NO)


def count(things: Sequence[Thing], choose: Chooser) -> Question:
    """How many circles, or how many red things."""
    values = [("shape", value) for value in range(len(SHAPES))] + [("colour", value) for value in range(len(COLOURS))]
    by_number: dict[int, list[tuple[str, int]]] = {}
    for attribute, value in values:
        by_number.setdefault(number_with(things, attribute, value), []).append((attribute, value))
    number = choose.pick([number for number in sorted(by_number) for _ in range(READINESS[number])])
    asked = choose.pick(by_number[number])
    return Question("count", lambda language: language.ask_number(*asked), ZERO + number)


def comparison(things: Sequence[Thing], choose: Chooser) -> Question:
    """Of places, of sizes or of numbers; always one that is true, with its two sides swapped where the answer is to be no."""
    for form in choose.shuffled((of_places, of_sizes, of_numbers)):
        if found := form(things, choose):
            ask, one, other = choose.pick(found)
            truth = choose.coin()
            first, second = (one, other) if truth else (other, one)
            return Question("comparison", partial(ask, one=first, other=second), YES if truth else NO)
    raise AssertionError("numbers can always be compared: some shape is there, and some is not")


Comparison = tuple[Callable, object, object]  # what asks in a language, given two sides; and the sides for which it is true


def of_places(things: Sequence[Thing], choose: Chooser) -> list[Comparison]:
    """Is the red circle above the star?"""
    pairs = named_pairs(things, choose, ("shape", "colour", "size"))

    def ask(language: object, one: Reference, other: Reference, way: str) -> str:
        return language.ask_side(things, one, other, way)

    return [(partial(ask, way=way), a, b) for a, b in pairs for way in RELATIONS if stands(things[a.thing], things[b.thing], way)]


def of_sizes(things: Sequence[Thing], choose: Chooser) -> list[Comparison]:
    """Is the red circle larger than the star? Their sizes are not said, for then the question would hold the answer."""
    pairs = named_pairs(things, choose, ("shape", "colour", "filling"))

    def ask(language: object, one: Reference, other: Reference) -> str:
        return language.ask_larger(things, one, other)

    return [(ask, a, b) for a, b in pairs if things[a.thing].size > things[b.thing].size]


def of_numbers(things: Sequence[Thing], choose: Chooser) -> list[Comparison]:
    """Are there more circles than stars?"""
    attribute = choose.pick(("shape", "colour"))
    numbers = [number_with(things, attribute, value) for value in range(8)]

    def ask(language: object, one: int, other: int) -> str:
        return language.ask_more(attribute, one, other)

    return [(ask, a, b) for a, b in permutations(range(8), 2) if numbers[a] > numbers[b]]


def named_pairs(things: Sequence[Thing], choose: Chooser, allowed: Sequence[str]) -> list[tuple[Reference, Reference]]:
    """Every two of the things that these attributes single out."""
    named = [choose.pick(found) for n in range(len(things)) if (found := by_attributes(things, n, allowed))]
    return list(permutations(named, 2))


def questions(scenes: Scenes, owners: object, *, language: str, kinds: Sequence[str] = KINDS, label: str = "label") -> Columns:
    """One question a picture: `question` and `answer` as text, `kind`, and as `label` the answer's place in ANSWERS.

    Shapes: label (batch) int64.
    Raises: UserError for a language that there is not.
    """
    asked = [question(choose.pick(kinds), things, choose) for things, choose in scenes.choosing("question")]
    spoken = language_of(language)
    return {
        "question": [one.ask(spoken) for one in asked],
        "answer": [spoken.ANSWERS[one.answer] for one in asked],
        "kind": [one.kind for one in asked],
        label: torch.tensor([one.answer for one in asked]),
    }
