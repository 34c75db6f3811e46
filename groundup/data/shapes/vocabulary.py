"""All the words that ShapesWorld can say."""

import re
from collections.abc import Iterator

from groundup.data.shapes.references import RELATIONS, Reference
from groundup.data.shapes.scene import GROUNDS, Thing
from groundup.data.shapes.telling import language_of


def shapes_world_words(language: str = "en") -> list[str]:
    """Every word that captions, phrases, questions and answers are made of, in the order of Unicode.

    Raises: UserError for a language that there is not.
    """
    return sorted({word for text in every_sentence(language_of(language)) for word in words_of(text)})


def words_of(text: str) -> list[str]:
    """A text of ShapesWorld in words: lower case, marks by themselves, and each Chinese sign a word."""
    return re.findall(r"[a-z]+|[^a-z\s]", text.lower())


def every_sentence(language: object) -> Iterator[str]:
    """One sentence at least of every form, and with every word that can stand in it."""
    things = [Thing(shape=n, colour=n, size=n % 3, filling=n % 2, x=0, y=0) for n in range(8)]
    everything = ("shape", "colour", "size", "filling")
    named = [Reference(n, everything) for n in range(8)]
    yield from language.ANSWERS
    for n, thing in enumerate(things):
        yield language.say_all(things[: n + 1], [everything] * (n + 1))
        yield language.a(thing, ("colour",))
        yield language.a(thing, ("shape",))
        yield language.ask_whether(thing)
        for attribute in ("shape", "colour"):
            yield language.ask_number(attribute, n)
            yield language.ask_more(attribute, n, n)
            yield from (language.say_number(attribute, n, number) for number in range(1, 9))
    yield from (language.say_place(things[0], everything, place) for place in range(9))
    yield from (language.say_picture(things, [everything] * 8, range(8), ground) for ground in range(len(GROUNDS)))
    for relation in RELATIONS:
        yield language.say_relation(things[0], things[1], [everything] * 2, relation)
        yield language.ask_side(things, named[0], named[1], relation)
        yield language.the(things, Reference(0, (), relation))
        yield language.the(things, Reference(0, everything, relation, named[1]))
    yield language.ask_larger(things, named[0], named[1])
    yield language.ask_colour(things, named[0])
    yield language.ask_shape(things, named[0])
