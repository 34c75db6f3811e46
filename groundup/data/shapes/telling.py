"""What is worth saying about a scene, before it is put into words.

What is chosen here is a function from a language (a module such as `english` or `chinese`) to a sentence, so that one choice is
said alike in every language: the captions of a picture are translations of each other.
"""

from collections.abc import Callable, Sequence
from itertools import permutations

import torch

from groundup.data.shapes import chinese, english
from groundup.data.shapes.annotations import Columns, corners
from groundup.data.shapes.bits import Chooser
from groundup.data.shapes.references import RELATIONS, Reference, outermost, references, stands
from groundup.data.shapes.scene import UNITS, Scenes, Thing
from groundup.errors import UserError

LANGUAGES = {"en": english, "zh": chinese}
Say = Callable[[object], str]


def language_of(name: str) -> object:
    """Raises: UserError for a language that there is not."""
    if name not in LANGUAGES:
        raise UserError(f"ShapesWorld speaks {', '.join(LANGUAGES)}; got {name!r}")
    return LANGUAGES[name]


def check_language(name: str) -> str:
    """The name itself. Raises: UserError for a language that there is not."""
    language_of(name)
    return name


def place_of(thing: Thing) -> int:
    """In which ninth of the picture the middle of a thing is, row after row."""
    return thing.y * 3 // UNITS * 3 + thing.x * 3 // UNITS


def attributes_said(choose: Chooser, thing: Thing) -> tuple[str, ...]:
    """Colour and shape; size at times; and, of a striped thing, that it is."""
    return ("colour", "shape", *(("size",) if choose.coin() else ()), *(("filling",) if thing.filling else ()))


def number_with(things: Sequence[Thing], attribute: str, value: int) -> int:
    return sum(getattr(thing, attribute) == value for thing in things)


def statements(things: Sequence[Thing], ground: int, choose: Chooser) -> list[Say]:
    """Five true sentences: all things, where one is, how two stand to each other, how many are alike, and the whole picture.

    Of a picture with one thing the third says again where it is.
    """
    said = [attributes_said(choose, thing) for thing in things]
    listed = choose.shuffled(range(len(things)))
    ordered, ordered_said = [things[n] for n in listed], [said[n] for n in listed]
    places = [place_of(thing) for thing in ordered]
    one = choose.pick(things)
    attribute = choose.pick(("shape", "colour"))
    value = getattr(choose.pick(things), attribute)
    clear = [(a, b, way) for a, b in permutations(things, 2) for way in RELATIONS if stands(a, b, way)]
    first, second, way = choose.pick(clear) if clear else (things[0], things[0], "")
    ways = [attributes_said(choose, thing) for thing in (one, first, second)]
    return [
        lambda language: language.say_all(ordered, ordered_said),
        lambda language: language.say_place(one, ways[0], place_of(one)),
        lambda language: (
            language.say_relation(first, second, ways[1:], way) if way else language.say_place(one, ways[1], place_of(one))
        ),
        lambda language: language.say_number(attribute, value, number_with(things, attribute, value)),
        lambda language: language.say_picture(ordered, ordered_said, places, ground),
    ]


def captions(scenes: Scenes, owners: object, *, languages: Sequence[str]) -> Columns:
    """Five captions a picture: `captions` in the first language, and for each other one `captions_xx`, sentence by sentence.

    Raises: UserError for a language that there is not.
    """
    chosen = {("captions" if n == 0 else f"captions_{name}"): language_of(name) for n, name in enumerate(languages)}
    columns: Columns = {name: [] for name in chosen}
    for ground, (things, choose) in zip(scenes.ground.tolist(), scenes.choosing("caption")):
        told = statements(things, ground, choose)
        for name, language in chosen.items():
            columns[name].append([say(language) for say in told])
    return columns


def whole_picture(scenes: Scenes, owners: object, *, language: str) -> Columns:
    """One `caption` a picture, which names everything in it and where it is: what a text-to-image model is asked for."""
    pairs = zip(scenes.ground.tolist(), scenes.choosing("caption"))
    return {"caption": [statements(things, ground, choose)[-1](language_of(language)) for ground, (things, choose) in pairs]}


def phrases(scenes: Scenes, owners: object, *, language: str, mask: str = "mask") -> Columns:
    """One `phrase` a picture that fits one thing alone, and where that is.

    Shapes: box (batch, 4) float32, x1 y1 x2 y2 in pixels; mask (batch, height, width) int64, 1 on the thing.
    """
    spoken, targets = [], []
    for things, choose in scenes.choosing("phrase"):
        reference = any_reference(things, choose)
        spoken.append(language_of(language).the(things, reference))
        targets.append(reference.thing)
    masks = torch.from_numpy(owners) == torch.tensor(targets, dtype=torch.uint8)[:, None, None]
    return {"phrase": spoken, "box": corners(masks).float(), mask: masks.long()}


def any_reference(things: Sequence[Thing], choose: Chooser, *, hidden: str = "") -> Reference:
    """A way to single out some thing: by what it is, by an extreme, or by a relation to another, alike often where possible."""
    for target in choose.shuffled(range(len(things))):
        if found := references(things, target, hidden=hidden):
            forms = (lambda way: not way.relation, lambda way: way.relation and not way.anchor, lambda way: way.anchor)
            groups = [group for form in forms if (group := [way for way in found if form(way)])]
            return choose.pick(choose.pick(groups))
    # Each thing has two twins or more and none is clearly outermost, perhaps once in a million scenes: then by a hair.
    way, (target, *_) = max(((way, outermost(things, way)) for way in RELATIONS), key=lambda found: found[1][1])
    return Reference(target, (), way)
