"""What ShapesWorld says is true, what it points at is one thing, and what it asks has one answer.

The judge here is a reader of English sentences that shares no code with their writer: it splits a sentence into words and looks
at the list of things.
"""

import re
from collections import Counter

import numpy as np
import pytest

from groundup.data.shapes import chinese, english
from groundup.data.shapes.asking import KINDS
from groundup.data.shapes.references import RELATIONS, references
from groundup.data.shapes.scene import COLOURS, GROUNDS, SHAPES, Thing
from groundup.data.shapes.telling import any_reference
from groundup.data.shapes.vocabulary import shapes_world_words, words_of
from groundup.data.shapes_world import shapes_world_captions, shapes_world_referring, shapes_world_text_to_image, shapes_world_vqa
from groundup.errors import UserError

NUMBERS = dict(zip(english.NUMBERS, range(9)))
VALUES = {
    "size": ("small", "medium", "large"),
    "filling": ("solid", "striped"),
    "colour": COLOURS,
    "shape": SHAPES,
}
SIDE = {
    "to the left of": lambda a, b: a.x < b.x,
    "to the right of": lambda a, b: a.x > b.x,
    "above": lambda a, b: a.y < b.y,
    "below": lambda a, b: a.y > b.y,
}
SIDES = "|".join(SIDE)
OUTERMOST = {
    "leftmost": lambda things: min(things, key=lambda t: t.x),
    "rightmost": lambda things: max(things, key=lambda t: t.x),
    "highest": lambda things: min(things, key=lambda t: t.y),
    "lowest": lambda things: max(things, key=lambda t: t.y),
}


def singular(word):
    for suffix in ("es", "s"):
        if word.removesuffix(suffix) in (*SHAPES, "thing"):
            return word.removesuffix(suffix)
    return word


def fitting(text, things):
    """The things that a noun such as "large red circle" fits."""
    found = list(things)
    for word in map(singular, text.split()):
        (field,) = [name for name, values in VALUES.items() if word in values] or [None]
        assert field or word in ("thing", "a", "an", "the"), (word, text)
        if field:
            found = [thing for thing in found if getattr(thing, field) == VALUES[field].index(word)]
    return found


def meant(phrase, things):
    """The things that a phrase with "the" can mean."""
    if match := re.fullmatch(rf"the (.+?) ({SIDES}) (the .+)", phrase):
        anchors = meant(match[3], things)
        assert len(anchors) == 1, phrase
        return [thing for thing in fitting(match[1], things) if SIDE[match[2]](thing, anchors[0])]
    if match := re.fullmatch(rf"the ({'|'.join(OUTERMOST)}) (.+)", phrase):
        among = fitting(match[2], things)
        assert len(among) > 1, phrase  # else the word is idle
        first = OUTERMOST[match[1]](among)
        field = "x" if "most" in match[1] else "y"
        return [thing for thing in among if abs(getattr(thing, field) - getattr(first, field)) < 64]
    return fitting(phrase.removeprefix("the "), things)


def place(thing):
    """The place of a thing in words, by the ninth in which its middle lies."""
    row, column = (("top", "middle", "bottom")[3 * v // 1024] for v in (thing.y, thing.x))
    column = {"top": "left", "middle": "centre", "bottom": "right"}[column]
    if row == "middle":
        return f"in the {column}" if column == "centre" else f"on the {column}"
    if column == "centre":
        return f"at the {row}"
    return f"in the {'upper' if row == 'top' else 'lower'} {column}"


def one_for_each(nouns, things):
    """Whether the nouns can be given to the things, one to each: here, tried out."""
    if not nouns:
        return True
    return any(one_for_each(nouns[1:], [t for t in things if t is not thing]) for thing in fitting(nouns[0], things))


def listed(text):
    return re.split(r", | and ", text)


def is_true(caption, things, ground):
    text = caption[0].lower() + caption[1:].removesuffix(".")
    if match := re.fullmatch(r"there (?:is|are) (\w+) things?: (.+)", text):
        nouns = listed(match[2])
        return NUMBERS[match[1]] == len(things) == len(nouns) and one_for_each(nouns, things)
    if match := re.fullmatch(r"the picture shows (?:only )?(\w+) (.+)", text):
        return len(fitting(match[2], things)) == NUMBERS[match[1]]
    if match := re.fullmatch(r"(.+?), on a (\w+) (?:ground|wall)", text):
        parts = re.findall(r"(an? .+?) (in the \w+ (?:left|right)|in the centre|at the \w+|on the \w+)(?:, | and |$)", match[1])
        assert " and ".join(f"{noun} {where}" for noun, where in parts) == match[1].replace(", ", " and ")
        rest = [[t for t in fitting(noun, things) if place(t) == where] for noun, where in parts]
        return match[2] == ground and len(parts) == len(things) and all(rest)
    if match := re.fullmatch(rf"(an? .+) is ({SIDES}) (an? .+)", text):
        pairs = [(a, b) for a in fitting(match[1], things) for b in fitting(match[3], things)]
        return any(SIDE[match[2]](a, b) for a, b in pairs)
    match = re.fullmatch(r"(an? .+?) is ((?:in|at|on) .+)", text)
    return any(place(thing) == match[2] for thing in fitting(match[1], things))


def answered(question, things):
    """The answer of the judge."""
    text = question.removesuffix("?")
    if match := re.fullmatch(r"Is there (an? .+)", text):
        return "yes" if fitting(match[1], things) else "no"
    if match := re.fullmatch(r"How many (.+) are there", text):
        return list(NUMBERS)[len(fitting(match[1], things))]
    if match := re.fullmatch(r"What (colour|shape) is (.+)", text):
        (thing,) = meant(match[2], things)
        return VALUES[match[1]][getattr(thing, match[1])]
    if match := re.fullmatch(r"Are there more (.+) than (.+)", text):
        return "yes" if len(fitting(match[1], things)) > len(fitting(match[2], things)) else "no"
    match = re.fullmatch(rf"Is (the .+?) (larger than|{SIDES}) (the .+)", text)
    (one,), (other,) = meant(match[1], things), meant(match[3], things)
    if match[2] == "larger than":
        assert not {"small", "medium", "large"} & set(text.split()), question  # it would tell
        return "yes" if one.size > other.size else "no"
    field = "x" if "to the" in match[2] else "y"
    assert abs(getattr(one, field) - getattr(other, field)) >= 64, question
    return "yes" if SIDE[match[2]](one, other) else "no"


@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
def test_every_caption_is_true(difficulty):
    dataset = shapes_world_captions(split="train", difficulty=difficulty, size=32)
    scenes = dataset.scenes(np.arange(400))
    for told, things, ground in zip(dataset.batch(range(400))["captions"], scenes.things, scenes.ground):
        assert len(told) == 5
        for caption in told:
            assert is_true(caption, things, GROUNDS[ground]), (caption, things)


def test_the_judge_knows_a_false_caption():
    dataset = shapes_world_captions(split="train", size=32)
    scenes = dataset.scenes(np.arange(200))
    batch = dataset.batch(range(200))["captions"]
    false = [not is_true(c, things, GROUNDS[0]) for told, things in zip(batch, scenes.things[1:]) for c in told]
    assert np.mean(false) > 0.8  # captions of the picture before


@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
def test_a_phrase_fits_the_thing_in_its_box_and_no_other(difficulty):
    dataset = shapes_world_referring(split="train", difficulty=difficulty, size=64)
    batch, forms = dataset.batch(range(600)), Counter()
    for n, things in enumerate(dataset.scenes(np.arange(600)).things):
        (thing,) = meant(batch["phrase"][n], things)
        x1, y1, x2, y2 = batch["box"][n].tolist()
        assert x1 <= thing.x / 16 <= x2 and y1 <= thing.y / 16 <= y2
        rows, columns = batch["mask"][n].nonzero().T
        assert [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] == [x1, y1, x2, y2]
        forms[
            "relation"
            if re.search(SIDES, batch["phrase"][n])
            else "outermost"
            if "est" in batch["phrase"][n] or "most" in batch["phrase"][n]
            else "plain"
        ] += 1
    assert min(forms["plain"], forms["outermost"]) > 100 and forms["relation"] > (5 if difficulty == "easy" else 25)


@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_is_right(kind, difficulty):
    dataset = shapes_world_vqa(split="train", difficulty=difficulty, kinds=(kind,), size=32)
    batch = dataset.batch(range(300))
    for n, things in enumerate(dataset.scenes(np.arange(300)).things):
        assert answered(batch["question"][n], things) == batch["answer"][n], (batch["question"][n], things)
        assert dataset.labels[batch["label"][n]] == batch["answer"][n] and batch["kind"][n] == kind


def test_answers_are_balanced():
    batch = shapes_world_vqa(split="train", size=32).batch(range(5_000))
    shares = {}
    for kind in KINDS:
        counted = Counter(answer for answer, its in zip(batch["answer"], batch["kind"]) if its == kind)
        assert 850 < counted.total() < 1_150
        shares[kind] = {answer: number / counted.total() for answer, number in counted.items()}
    for kind in ("existence", "comparison"):
        assert set(shares[kind]) == {"yes", "no"} and abs(shares[kind]["yes"] - 0.5) < 0.05
    for kind, names in (("colour", COLOURS), ("shape", SHAPES)):
        assert set(shares[kind]) == set(names) and max(shares[kind].values()) < 0.17
    assert max(shares["count"].values()) < 0.3 and all(
        shares["count"][number] > 0.15 for number in ("zero", "one", "two", "three")
    )


def test_all_forms_of_comparison_are_asked_and_none_tells_its_answer():
    dataset = shapes_world_vqa(split="train", kinds=("comparison",), difficulty="hard", size=32)
    batch = dataset.batch(range(1_500))
    for pattern in ("more", "larger", "to the left|to the right", "above|below"):
        answers = [answer for question, answer in zip(batch["question"], batch["answer"]) if re.search(pattern, question)]
        assert len(answers) > 100 and abs(answers.count("yes") / len(answers) - 0.5) < 0.1


CHINESE = {
    "小": "small", "中等大小": "medium", "大": "large", "实心": "solid", "条纹": "striped",
    **dict(zip(chinese.COLOURS, COLOURS)), **dict(zip(chinese.SHAPES, SHAPES)), "图形": "thing",
}  # fmt: skip
NOUN = re.compile(rf"(中等大小|小|大)?的?({'|'.join(chinese.COLOURS)})?(实心|条纹)?({'|'.join((*chinese.SHAPES, '图形'))})")


def nouns_in(text):
    """The nouns of a sentence as sets of English words, whichever its language; sorted, for languages order them differently."""
    if re.search("[a-z]", text):
        values = "|".join(w for values in VALUES.values() for w in values)
        runs = re.findall(rf"((?:(?:{values})(?:es|s)? |(?:{values})(?:es|s)?\b)*(?:things?)?)", text.lower())
        return sorted(tuple(sorted(singular(word) for word in run.split())) for run in runs if run.strip())
    return sorted(tuple(sorted(CHINESE[word] for word in found if word)) for found in NOUN.findall(text))


def test_chinese_says_what_english_says():
    batch = shapes_world_captions(split="train", language="en zh", difficulty="hard", size=32).batch(range(250))
    for ours, theirs in zip(batch["captions"], batch["captions_zh"]):
        for one, other in zip(ours, theirs, strict=True):
            assert nouns_in(one) == nouns_in(other), (one, other)
            assert not re.search("[a-z]", other) and other.endswith("。")
    ask = [shapes_world_vqa(split="train", language=language, size=32) for language in ("en", "zh")]
    questions = [dataset.batch(range(250)) for dataset in ask]
    for one, other in zip(*(batch["question"] for batch in questions)):
        assert nouns_in(one) == nouns_in(other), (one, other)
        assert other.endswith("？")
    assert questions[0]["label"].tolist() == questions[1]["label"].tolist()
    point = [shapes_world_referring(split="train", language=language, size=32).batch(range(250)) for language in ("en", "zh")]
    assert all(nouns_in(one) == nouns_in(other) for one, other in zip(*(batch["phrase"] for batch in point)))
    assert len(english.ANSWERS) == len(chinese.ANSWERS) == len(set(chinese.ANSWERS)) == len(set(english.ANSWERS))


def test_chinese_places_and_sides_are_those_of_english():
    thing, other = Thing(0, 0, 2, 0, 0, 0), Thing(1, 1, 1, 1, 0, 0)
    said = ("shape", "colour", "size", "filling")
    assert chinese.say_place(thing, said, 2) == "右上方有一个大的红色实心圆形。"
    assert english.say_place(thing, said, 2) == "A large solid red circle is in the upper right."
    assert (
        chinese.say_relation(thing, other, (("shape", "size"), said), "left")
        == "一个大圆形在一个中等大小的橙色条纹正方形的左边。"
    )
    assert (
        english.say_relation(thing, other, (("shape", "size"), said), "left")
        == "A large circle is to the left of a medium striped orange square."
    )
    rows = [[english.PLACES[3 * row + column] for column in range(3)] for row in range(3)]
    assert [["upper" in where or "top" in where for where in row] for row in rows] == [[True] * 3, [False] * 3, [False] * 3]
    for ours, theirs in zip(english.PLACES, chinese.PLACES, strict=True):
        assert ("left" in ours, "right" in ours) == ("左" in theirs, "右" in theirs)
        assert ("upper" in ours or "top" in ours, "lower" in ours or "bottom" in ours) == ("上" in theirs, "下" in theirs)
    for table in ("SIDES", "EXTREMES"):
        for relation, sign in zip(RELATIONS, "左右上下"):
            assert sign in getattr(chinese, table)[relation]


def test_english_is_grammatical():
    texts = [
        text
        for told in shapes_world_captions(split="train", difficulty="easy", size=32).batch(range(500))["captions"]
        for text in told
    ]
    texts += shapes_world_vqa(split="train", size=32).batch(range(500))["question"]
    everything = "\n".join(texts)
    assert not re.search(r"\b[Aa] [aeiou]|\b[Aa]n [^aeiou]|  | ,|\bone \w*things\b|crosss|\.\.", everything)
    assert all(text[0].isupper() and text[-1] in ".?" for text in texts)
    assert {"There is one thing: ", "There are three things: "} <= {text[: text.index(":") + 2] for text in texts if ":" in text}
    assert "crosses" in everything and "an orange" in everything


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_vocabulary_is_what_is_said_and_no_more(language):
    said = set()
    for difficulty, domain in (("easy", "day"), ("hard", "brick"), ("hard", "day")):
        options = dict(split="train", language=language, difficulty=difficulty, domain=domain, size=32)
        for make in (shapes_world_captions, shapes_world_vqa, shapes_world_referring, shapes_world_text_to_image):
            dataset = make(**options)
            for column in dataset.batch(range(500)).values():
                if isinstance(column, list):
                    said.update(
                        word
                        for entry in column
                        for text in ([entry] if isinstance(entry, str) else entry)
                        for word in words_of(text)
                    )
            said.update(word for text in dataset.labels for word in words_of(text))
    words = shapes_world_words(language)
    assert words == sorted(set(words))
    assert said - set(KINDS) <= set(words) and set(words) <= said
    assert len(words) < 100


def test_what_is_only_just_apart_is_not_called_left():
    twins = [Thing(0, 0, 0, 0, x, y) for x, y in ((100, 500), (150, 100), (800, 480), (850, 900))]
    assert [reference.relation for reference in references(twins, 0)] == []
    assert {reference.relation for reference in references(twins, 1)} == {"above"}
    assert {reference.relation for reference in references(twins, 3)} == {"below"}


def test_four_twins_on_a_rectangle_are_told_apart_by_a_hair():
    from groundup.data.shapes.bits import Chooser

    twins = [Thing(0, 0, 0, 0, x, y) for x, y in ((100, 100), (110, 900), (900, 130), (905, 910))]
    assert not any(references(twins, n) for n in range(4))
    reference = any_reference(twins, Chooser(1))
    assert (reference.thing, reference.relation) == (0, "above")


def test_a_thing_without_a_twin_is_named_in_the_fewest_words():
    things = [Thing(0, 0, 0, 0, 100, 100), Thing(0, 1, 0, 0, 500, 100), Thing(1, 1, 1, 1, 900, 100)]
    assert {english.the(things, reference) for reference in references(things, 2)} >= {"the square", "the medium thing"}
    asked = {english.the(things, reference) for reference in references(things, 1, hidden="colour")}
    assert asked == {
        "the rightmost circle",
        "the rightmost small circle",
    }  # an anchor would have to be the red thing or the square


def test_another_language_is_refused():
    with pytest.raises(UserError, match="en, zh; got 'fr'"):
        shapes_world_words("fr")
