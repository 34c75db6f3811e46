"""Sentences about ShapesWorld in two languages: translation that needs no file and no download.

A scene is not drawn here, only told: five statements about each, the same in every language. The languages differ in more than
words. German declines by gender and case, Chinese needs no articles and no spaces, and both put the place and the ground
first where English puts them last. So what is learnt is agreement and order, out of a few hundred words.
"""

import sys
from collections.abc import Iterator

import numpy as np

from groundup.data.lines import Rows
from groundup.data.parallel import split_of_sentence
from groundup.data.shapes import chinese, english, german
from groundup.data.shapes.bits import Draws
from groundup.data.shapes.scene import Plan, compose, plan_of
from groundup.data.shapes.telling import statements
from groundup.data.shapes_world import VERSION
from groundup.data.text import SPLITS
from groundup.errors import UserError

LANGUAGES = {"en": english, "de": german, "zh": chinese}
COUNTS = {"train": 10_000, "validation": 500, "test": 1_000}
AT_ONCE = 500  # scenes


def shapes_world_translation(
    *,
    split: str,
    source: str = "en",
    target: str = "de",
    difficulty: str = "easy",
    count: int | None = None,
    seed: int = 0,
) -> Rows:
    """Sentences about coloured shapes and their translations.

    `source` and `target` are "en", "de" or "zh"; `difficulty` is ShapesWorld's: "easy" tells of 1 to 3 things, "medium" of 2 to
    5, "hard" of 4 to 8. A hash of the English sentence decides on the split, "train", "validation" or "test", so that no
    sentence is in two of them; `count` is how many different ones there are, by default 10,000, 500 and 1,000.
    Items: source and target, one sentence each; the same on every machine.
    Raises: UserError for a split, language, difficulty, seed or count that cannot be.
    """
    if split not in SPLITS:
        raise UserError(f"shapes_world_translation has the splits {', '.join(SPLITS)}; got {split!r}")
    unknown = [name for name in (source, target) if name not in LANGUAGES]
    if unknown or source == target:
        raise UserError(f"shapes_world_translation speaks {', '.join(LANGUAGES)}, two different ones; got {source!r}, {target!r}")
    wanted = COUNTS[split] if count is None else count
    if not 1 <= wanted <= 100_000 or not 0 <= seed < 2**63:
        raise UserError(f"give a count from 1 to 100,000 and a seed from 0 to 2^63 - 1; got count={count} and seed={seed}")
    found: dict[str, dict[str, str]] = {}
    for told in sentences(plan_of(difficulty), seed):
        if split_of_sentence(told["en"]) == split:
            found.setdefault(told["en"], told)
            if len(found) == wanted:
                break
    return Rows([{"source": told[source], "target": told[target]} for told in found.values()])


def sentences(plan: Plan, seed: int) -> Iterator[dict[str, str]]:
    """Statements without end, each in every language."""
    for first in range(0, sys.maxsize, AT_ONCE):
        draws = Draws.at(np.arange(first, first + AT_ONCE), VERSION, seed)
        scenes = compose(draws, plan, np.zeros(AT_ONCE, np.int64))
        for ground, (things, choose) in zip(scenes.ground.tolist(), scenes.choosing("caption"), strict=True):
            for say in statements(things, ground, choose):
                yield {name: say(language) for name, language in LANGUAGES.items()}
