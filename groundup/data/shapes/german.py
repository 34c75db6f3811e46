"""What is said about a scene, in German: statements alone, for translation.

Nouns have a gender, and articles and adjectives follow it, the case and the number: what comes before a noun cannot be written
before it is known. The ground comes first, and places stand before what is there; English has both at the end.
"""

from collections.abc import Sequence

from groundup.data.shapes.scene import Thing

SHAPES = ("Kreis", "Quadrat", "Dreieck", "Raute", "Kreuz", "Stern", "Herz", "Mond")
GENDERS = "mnnfnmnm"  # of the shapes: der Kreis, das Quadrat, die Raute
DATIVES = {"Herz": "Herzen"}  # the one noun that changes
PLURALS = ("Kreise", "Quadrate", "Dreiecke", "Rauten", "Kreuze", "Sterne", "Herzen", "Monde")
COLOURS = ("rot", "orangefarben", "gelb", "grün", "türkisfarben", "blau", "violett", "rosafarben")
SIZES = ("klein", "mittelgroß", "groß")
FILLINGS = ("gefüllt", "gestreift")
NUMBERS = ("null", "eine", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht")
PLACES = (
    *("oben links", "oben", "oben rechts"),
    *("links", "in der Mitte", "rechts"),
    *("unten links", "unten", "unten rechts"),
)
SIDES = {"left": "links von", "right": "rechts von", "above": "über", "below": "unter"}
GROUNDS = ("auf einfarbigem Grund", "auf kariertem Grund", "auf liniertem Grund", "auf einer Ziegelwand")
ADJECTIVES = {"size": SIZES, "filling": FILLINGS, "colour": COLOURS}
# Article and ending of the adjectives behind it, by case and gender.
ENDINGS = {
    "nominative": {"m": ("ein", "er"), "f": ("eine", "e"), "n": ("ein", "es")},
    "accusative": {"m": ("einen", "en"), "f": ("eine", "e"), "n": ("ein", "es")},
    "dative": {"m": ("einem", "en"), "f": ("einer", "en"), "n": ("einem", "en")},
}


Said = Sequence[str]  # the attributes that are put into words


def a(thing: Thing, said: Said, case: str = "nominative") -> str:
    """Ein roter Kreis, einen roten Kreis, einem roten Kreis."""
    noun, gender = (SHAPES[thing.shape], GENDERS[thing.shape]) if "shape" in said else ("Figur", "f")
    article, ending = ENDINGS[case][gender]
    adjectives = [table[getattr(thing, name)] + ending for name, table in ADJECTIVES.items() if name in said]
    return " ".join([article, *adjectives, DATIVES.get(noun, noun) if case == "dative" else noun])


def group(attribute: str, value: int) -> str:
    """All things of a kind: Sterne, rote Figuren."""
    return f"{COLOURS[value]}e Figuren" if attribute == "colour" else PLURALS[value]


def sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def joined(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + " und " + parts[-1] if len(parts) > 1 else parts[0]


def say_all(things: Sequence[Thing], said: Sequence[Said]) -> str:
    number = f"{NUMBERS[len(things)]} Figur{'en' if len(things) > 1 else ''}"
    listed = [a(thing, words, "accusative") for thing, words in zip(things, said, strict=True)]
    return sentence(f"es gibt {number}: {joined(listed)}")


def say_place(thing: Thing, said: Said, place: int) -> str:
    return sentence(f"{PLACES[place]} ist {a(thing, said)}")


def say_relation(one: Thing, other: Thing, said: Sequence[Said], relation: str) -> str:
    return sentence(f"{a(one, said[0])} ist {SIDES[relation]} {a(other, said[1], 'dative')}")


def say_number(attribute: str, value: int, number: int) -> str:
    if number > 1:
        return sentence(f"das Bild zeigt {NUMBERS[number]} {group(attribute, value)}")
    if attribute == "colour":
        return sentence(f"das Bild zeigt nur eine {COLOURS[value]}e Figur")
    article, _ = ENDINGS["accusative"][GENDERS[value]]
    return sentence(f"das Bild zeigt nur {article} {SHAPES[value]}")


def say_picture(things: Sequence[Thing], said: Sequence[Said], places: Sequence[int], ground: int) -> str:
    parts = [f"{PLACES[place]} {a(thing, words)}" for thing, words, place in zip(things, said, places, strict=True)]
    return sentence(f"{GROUNDS[ground]}: {joined(parts)}")
