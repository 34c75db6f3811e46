"""Sentences about shapes in two languages: the same on every machine, no sentence in two splits, German that agrees."""

import hashlib

import pytest

from groundup.data.shapes import german
from groundup.data.shapes.scene import COLOURS, SHAPES, Thing
from groundup.data.shapes_translation import COUNTS, shapes_world_translation
from groundup.errors import UserError


def thing(shape="circle", colour="red", size=0, filling=0):
    return Thing(SHAPES.index(shape), COLOURS.index(colour), size, filling, 0, 0)


def pairs(**options):
    return [(item["source"], item["target"]) for item in shapes_world_translation(**options).rows]


def test_the_sentences_are_the_same_on_every_machine():
    text = "\n".join(f"{source}\t{target}" for source, target in pairs(split="train", count=300))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "91f4a7f766f659a7"
    assert pairs(split="train", count=300)[:120] == pairs(split="train", count=120)
    assert pairs(split="train", count=100, seed=1) != pairs(split="train", count=100)


def test_each_sentence_is_in_one_split_and_once_there():
    found = {split: [source for source, _ in pairs(split=split, count=120)] for split in COUNTS}
    assert {split: len(set(sentences)) for split, sentences in found.items()} == dict.fromkeys(COUNTS, 120)
    assert not set(found["train"]) & set(found["test"]) and not set(found["validation"]) & set(found["test"])
    assert {split: len(shapes_world_translation(split=split)) for split in ("validation",)} == {
        "validation": COUNTS["validation"]
    }


def test_a_source_has_one_translation_into_every_language():
    for target in ("de", "zh"):
        found = dict(pairs(split="test", count=150, target=target))
        assert len(found) == 150
    back = {source: target for target, source in pairs(split="test", count=150)}
    assert pairs(split="test", count=150, source="de", target="en") == list(back.items())


@pytest.mark.parametrize(
    ("shape", "cases"),
    [
        ("circle", ("ein roter Kreis", "einen roten Kreis", "einem roten Kreis")),
        ("diamond", ("eine rote Raute", "eine rote Raute", "einer roten Raute")),
        ("heart", ("ein rotes Herz", "ein rotes Herz", "einem roten Herzen")),
    ],
)
def test_article_and_adjectives_follow_gender_and_case(shape, cases):
    said = [german.a(thing(shape), ("colour", "shape"), case) for case in ("nominative", "accusative", "dative")]
    assert tuple(said) == cases


def test_german_says_what_english_says_in_its_own_order():
    one, other, full = thing("star", size=2, filling=1), thing("cross", "pink"), ("colour", "shape", "size", "filling")
    assert german.say_place(one, full, 0) == "Oben links ist ein großer gestreifter roter Stern."
    relation = german.say_relation(one, other, (("colour", "shape"),) * 2, "below")
    assert relation == "Ein roter Stern ist unter einem rosafarbenen Kreuz."
    assert german.say_all([other], [("shape",)]) == "Es gibt eine Figur: ein Kreuz."
    assert german.say_all([one, other], [("shape",)] * 2) == "Es gibt zwei Figuren: einen Stern und ein Kreuz."
    assert german.say_number("shape", SHAPES.index("moon"), 1) == "Das Bild zeigt nur einen Mond."
    assert german.say_number("colour", COLOURS.index("green"), 1) == "Das Bild zeigt nur eine grüne Figur."
    assert german.say_number("colour", COLOURS.index("green"), 3) == "Das Bild zeigt drei grüne Figuren."
    assert german.say_number("shape", SHAPES.index("heart"), 2) == "Das Bild zeigt zwei Herzen."
    pictured = german.say_picture([one, other], [("shape",)] * 2, [1, 4], 3)
    assert pictured == "Auf einer Ziegelwand: oben ein Stern und in der Mitte ein Kreuz."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(split="dev"), "has the splits train, validation, test; got 'dev'"),
        (dict(split="train", target="fr"), "speaks en, de, zh, two different ones; got 'en', 'fr'"),
        (dict(split="train", target="en"), "two different ones; got 'en', 'en'"),
        (dict(split="train", count=0), "count from 1 to 100,000"),
        (dict(split="train", seed=-1), "seed=-1"),
        (dict(split="train", difficulty="mild"), "difficulties easy, medium, hard; got 'mild'"),
    ],
)
def test_what_there_is_not_is_refused(options, message):
    with pytest.raises(UserError, match=message):
        shapes_world_translation(**options)
