"""What is said and asked about a scene, in English."""

from collections.abc import Sequence

from groundup.data.shapes.references import Reference
from groundup.data.shapes.scene import COLOURS, FILLINGS, SHAPES, SIZES, Thing

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight")
YES, NO = "yes", "no"
PLACES = (
    *("in the upper left", "at the top", "in the upper right"),
    *("on the left", "in the centre", "on the right"),
    *("in the lower left", "at the bottom", "in the lower right"),
)
SIDES = {"left": "to the left of", "right": "to the right of", "above": "above", "below": "below"}
GROUNDS = ("on a plain ground", "on a checked ground", "on a lined ground", "on a brick wall")
EXTREMES = {"left": "leftmost", "right": "rightmost", "above": "highest", "below": "lowest"}
ADJECTIVES = {"size": SIZES, "filling": FILLINGS, "colour": COLOURS}  # in the order in which English wants them
ANSWERS = (YES, NO, *NUMBERS, *COLOURS, *SHAPES)


Said = Sequence[str]  # the attributes that are put into words


def noun(thing: Thing, said: Said) -> str:
    words = [table[getattr(thing, name)] for name, table in ADJECTIVES.items() if name in said]
    return " ".join([*words, SHAPES[thing.shape] if "shape" in said else "thing"])


def a(thing: Thing, said: Said) -> str:
    words = noun(thing, said)
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def the(things: Sequence[Thing], reference: Reference) -> str:
    words = noun(things[reference.thing], reference.said)
    if reference.anchor:
        return f"the {words} {SIDES[reference.relation]} {the(things, reference.anchor)}"
    return f"the {EXTREMES[reference.relation]} {words}" if reference.relation else f"the {words}"


def group(attribute: str, value: int) -> str:
    """All things of a kind: stars, red things."""
    if attribute == "colour":
        return f"{COLOURS[value]} things"
    return SHAPES[value] + ("es" if SHAPES[value].endswith("s") else "s")


def one_of(attribute: str, value: int) -> str:
    return f"{COLOURS[value]} thing" if attribute == "colour" else SHAPES[value]


def sentence(text: str, end: str = ".") -> str:
    return text[0].upper() + text[1:] + end


def joined(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]


def say_all(things: Sequence[Thing], said: Sequence[Said]) -> str:
    number = "is one thing" if len(things) == 1 else f"are {NUMBERS[len(things)]} things"
    return sentence(f"there {number}: " + joined([a(thing, words) for thing, words in zip(things, said)]))


def say_place(thing: Thing, said: Said, place: int) -> str:
    return sentence(f"{a(thing, said)} is {PLACES[place]}")


def say_relation(one: Thing, other: Thing, said: Sequence[Said], relation: str) -> str:
    return sentence(f"{a(one, said[0])} is {SIDES[relation]} {a(other, said[1])}")


def say_number(attribute: str, value: int, number: int) -> str:
    if number == 1:
        return sentence(f"the picture shows only one {one_of(attribute, value)}")
    return sentence(f"the picture shows {NUMBERS[number]} {group(attribute, value)}")


def say_picture(things: Sequence[Thing], said: Sequence[Said], places: Sequence[int], ground: int) -> str:
    parts = [f"{a(thing, words)} {PLACES[place]}" for thing, words, place in zip(things, said, places)]
    return sentence(f"{joined(parts)}, {GROUNDS[ground]}")


def ask_whether(thing: Thing) -> str:
    return f"Is there {a(thing, ('colour', 'shape'))}?"


def ask_number(attribute: str, value: int) -> str:
    return f"How many {group(attribute, value)} are there?"


def ask_colour(things: Sequence[Thing], reference: Reference) -> str:
    return f"What colour is {the(things, reference)}?"


def ask_shape(things: Sequence[Thing], reference: Reference) -> str:
    return f"What shape is {the(things, reference)}?"


def ask_side(things: Sequence[Thing], one: Reference, other: Reference, relation: str) -> str:
    return f"Is {the(things, one)} {SIDES[relation]} {the(things, other)}?"


def ask_larger(things: Sequence[Thing], one: Reference, other: Reference) -> str:
    return f"Is {the(things, one)} larger than {the(things, other)}?"


def ask_more(attribute: str, one: int, other: int) -> str:
    return f"Are there more {group(attribute, one)} than {group(attribute, other)}?"
