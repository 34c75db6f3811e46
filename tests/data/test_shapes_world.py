"""ShapesWorld: the same bytes everywhere, annotations that agree with the pixels, splits that share nothing."""

import hashlib
import json
import pickle

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from groundup.data.images import picture_facts
from groundup.data.shapes.bits import FIELDS, STEP, Chooser, Draws, mix
from groundup.data.shapes.drawing import NOBODY, draw, patterns
from groundup.data.shapes.outlines import PAINTS, inside, stencil
from groundup.data.shapes.scene import BASE, COLOURS, COMBINATIONS, DOMAINS, GROUNDS, NOVEL, SHAPES
from groundup.data.shapes_world import (
    shapes_world,
    shapes_world_captions,
    shapes_world_detection,
    shapes_world_drift,
    shapes_world_few_shot,
    shapes_world_instances,
    shapes_world_labels,
    shapes_world_multi_label,
    shapes_world_panoptic,
    shapes_world_referring,
    shapes_world_segmentation,
    shapes_world_text_to_image,
    shapes_world_vqa,
)
from groundup.errors import UserError

EVERY = {
    "labels": shapes_world_labels(split="train"),
    "few shot": shapes_world_few_shot(split="train", part="novel"),
    "drift": shapes_world_drift(split="train", domain="fog", change=5),
    "multi": shapes_world_multi_label(split="train"),
    "detection": shapes_world_detection(split="train"),
    "instances": shapes_world_instances(split="train", difficulty="hard"),
    "segmentation": shapes_world_segmentation(split="train"),
    "panoptic": shapes_world_panoptic(split="train"),
    "captions": shapes_world_captions(split="train", language="en zh"),
    "text to image": shapes_world_text_to_image(split="train", language="zh"),
    "vqa": shapes_world_vqa(split="train"),
    "referring": shapes_world_referring(split="train", difficulty="hard"),
    "everything": shapes_world(split="train", difficulty="hard", domain="noise"),
}
PINNED = "b3d2c4993ddad27582837089de70621178ec969723de3683cea7839213d40972"  # it changes only with VERSION


def in_bytes(value):
    """A value of any kind as bytes that tell its type, shape and content."""
    if isinstance(value, torch.Tensor):
        return f"{value.dtype}{tuple(value.shape)}".encode() + value.contiguous().numpy().tobytes()
    if isinstance(value, dict | list) and not any(isinstance(part, torch.Tensor) for part in value):
        return json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
    return value.encode() if isinstance(value, str) else b"".join(map(in_bytes, value))


def digest(columns):
    found = hashlib.sha256()
    for name in sorted(columns):
        found.update(name.encode() + in_bytes(columns[name]))
    return found.hexdigest()


def test_256_items_are_what_they_always_were():
    digests = [
        digest(
            shapes_world(split=split, difficulty=difficulty, domain=domain, size=size, seed=seed).batch(range(start, start + 64))
        )
        for start, split, difficulty, domain, size, seed in [
            (0, "train", "easy", "day", 64, 0),
            (64, "validation", "medium", "dusk", 32, 1),
            (128, "test", "hard", "noise", 50, 2**63 - 1),
            (192, "train", "hard", "brick", 96, 7),
        ]
    ]
    assert hashlib.sha256("".join(digests).encode()).hexdigest() == PINNED


@pytest.mark.parametrize("name", EVERY)
def test_an_item_alone_equals_its_place_in_any_batch(name):
    dataset, order = EVERY[name], [7, 0, 9_999, 3, 7]
    batch = dataset.batch(torch.tensor(order))
    for place, index in enumerate(order):
        item = dataset[index]
        assert item.keys() == batch.keys()
        for key in item:
            assert in_bytes(item[key]) == in_bytes(batch[key][place]), (key, index)


def test_the_numbers_are_those_of_splitmix64():
    """The first numbers of its published generator from the state 0, and an address mixed in Python's own integers."""
    first = mix(STEP * np.arange(1, 4, dtype=np.uint64))
    assert [hex(number) for number in first.tolist()] == ["0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4", "0x6c45d188009454f"]

    def scattered(x):
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
        return x ^ (x >> 31)

    key = 0
    for part in (1, 2, 3, 44, FIELDS.index("size"), 5):  # version, split, seed, index, field, position
        key = scattered((key + int(STEP) * (part + 1)) % 2**64)
    draws = Draws.at(np.array([9, 44]), 1, 2, 3)
    assert int(draws.bits("size", 6)[1, 5]) == key
    assert int(draws.below(10, "size", 6)[1, 5]) == (key >> 32) * 10 >> 32


def test_whole_numbers_are_evenly_drawn_and_fields_do_not_follow_each_other():
    draws = Draws.at(np.arange(20_000), 1, 0, 0)
    columns = {field: draws.below(8, field, 1)[:, 0] for field in ("shape", "colour", "size")}
    for column in columns.values():
        assert np.abs(np.bincount(column, minlength=8) / 20_000 - 1 / 8).max() < 0.01
    pairs = np.bincount(8 * columns["shape"] + columns["colour"], minlength=64) / 20_000
    assert np.abs(pairs - 1 / 64).max() < 0.005
    assert abs(draws.noise("grain", 5, 5).mean() - 127.5) < 1


def test_a_chooser_never_repeats_itself_and_shuffles_evenly():
    chooser = Chooser(12345)
    assert len({chooser.below(2**32) for _ in range(100)}) == 100
    orders = [tuple(Chooser(key).shuffled("abc")) for key in range(3_000)]
    assert all(400 < orders.count(order) < 600 for order in set(orders)) and len(set(orders)) == 6


def test_a_scene_is_the_same_at_every_size_and_in_every_domain():
    indices = np.arange(40)
    first = shapes_world_detection(split="test").scenes(indices).things
    for size, domain in ((32, "night"), (224, "noise"), (50, "brick")):
        dataset = shapes_world_detection(split="test", size=size, domain=domain)
        assert dataset.scenes(indices).things == first
        assert dataset[0]["image"].shape == (3, size, size)
    small, large = (shapes_world_detection(split="test", size=size).batch(range(40)) for size in (64, 192))
    for one, three in zip(small["boxes"], large["boxes"]):
        assert (3 * one - three).abs().max() <= 7 and (
            3 * one - three
        ).abs().mean() < 2.5  # of 192 pixels: rounding, and thin tips


def test_splits_seeds_and_versions_share_no_picture():
    datasets = [
        shapes_world_labels(split=split, seed=seed, size=32) for split in ("train", "validation", "test") for seed in (0, 1)
    ]
    pictures = [picture.numpy().tobytes() for dataset in datasets for picture in dataset.batch(range(300))["image"]]
    assert len(set(pictures)) == len(pictures)
    assert [len(dataset) for dataset in datasets[::2]] == [10_000, 1_000, 2_000]


def test_no_thing_touches_another_unless_it_is_hard_and_then_none_is_hidden():
    for difficulty, least in (("easy", 1.0), ("medium", 1.0), ("hard", 0.35)):
        dataset = shapes_world_instances(split="train", difficulty=difficulty, size=64)
        scenes = dataset.scenes(np.arange(1_000))
        owners = draw(scenes, 64)[1]
        whole = [
            stencil(
                *(int(column[place]) for column in (scenes.shape, scenes.colour, scenes.filling, scenes.radius // 4))
            ).solid.sum()
            for place in map(tuple, np.argwhere(scenes.present))
        ]
        item, thing = np.nonzero(scenes.present)
        seen = (owners[item] == thing[:, None, None]).sum((1, 2)) / np.array(whole)
        assert least <= seen.min() <= 1
        assert (seen < 1).any() == (difficulty == "hard")


@pytest.mark.parametrize(("difficulty", "fewest", "most"), [("easy", 1, 3), ("medium", 2, 5), ("hard", 4, 8)])
def test_there_are_as_many_things_as_the_difficulty_says(difficulty, fewest, most):
    counts = np.array(
        [len(labels) for labels in shapes_world_detection(split="train", difficulty=difficulty).batch(range(1_500))["labels"]]
    )
    assert counts.max() == most
    assert (counts < fewest).mean() < 0.01  # one that found no room
    assert all((counts == number).mean() > 0.05 for number in range(fewest, most + 1))


POLYGONS = {
    "square": [(-790, -790), (790, -790), (790, 790), (-790, 790)],
    "triangle": [(0, -930), (950, 720), (-950, 720)],
    "diamond": [(0, -1000), (700, 0), (0, 1000), (-700, 0)],
    "cross": [
        (-310, -920),
        (310, -920),
        (310, -310),
        (920, -310),
        (920, 310),
        (310, 310),
        (310, 920),
        (-310, 920),
        (-310, 310),
        (-920, 310),
        (-920, -310),
        (-310, -310),
    ],
    "star": [
        (r * np.sin(k * np.pi / 5), -r * np.cos(k * np.pi / 5)) for k in range(10) for r in [1000 if k % 2 == 0 else 381.97]
    ],
}


@pytest.mark.parametrize("shape", [*POLYGONS, "circle"])
def test_a_shape_is_the_polygon_that_another_library_draws(shape):
    places = np.arange(-1000, 1001, 5)
    ours = inside(shape, places[None, :], places[:, None])
    picture = Image.new("1", (len(places), len(places)))
    corners = POLYGONS.get(shape) or [(940 * np.cos(a), 940 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 400)]
    ImageDraw.Draw(picture).polygon([((x + 1000) / 5, (y + 1000) / 5) for x, y in corners], fill=1)
    theirs = np.array(picture)
    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.98


def test_hearts_and_moons_are_of_one_piece_and_look_as_they_should():
    from scipy.ndimage import label

    places = np.arange(-1000, 1001, 5)
    heart, moon = (inside(shape, places[None, :], places[:, None]) for shape in ("heart", "moon"))
    assert label(heart)[1] == label(moon)[1] == 1
    assert (heart == heart[:, ::-1]).all()
    assert not heart[places == -700, places == 0] and heart[places == -700, places == 430]  # a notch between two humps
    assert not moon[places == 0, places == 300] and moon[places == 0, places == -600]  # open on the right


def test_a_solid_thing_is_painted_in_its_colour_and_a_striped_one_in_bands():
    for colour, paint in enumerate(PAINTS):
        solid, striped = (stencil(0, colour, filling, 80) for filling in (0, 1))
        middle = solid.half
        assert solid.keep[middle, middle] == 0 and (solid.paint[:, middle, middle] >> 4 == paint).all()
        column = striped.paint[0, :, middle] >> 4
        light = (
            column > (int(paint[0]) + 255) // 2
            if paint[0] < 250
            else (striped.paint[2, :, middle] >> 4) > (int(paint[2]) + 255) // 2
        )
        assert np.diff(light.astype(int)).tolist().count(1) == 2
        assert (solid.solid == striped.solid).all()
    assert len({tuple(paint) for paint in PAINTS.tolist()}) == len(COLOURS)


def test_the_pixels_of_a_mask_show_the_colour_that_is_told():
    dataset = shapes_world(split="train", size=128)
    for item in (dataset[index] for index in range(60)):
        for mask, colour, filling in zip(item["masks"], item["colours"].tolist(), item["fillings"].tolist()):
            pixels = item["image"][:, mask].T.double()
            near = torch.cdist(pixels, torch.from_numpy(PAINTS).double())
            exact = (near.min(1).values == 0) & (near.argmin(1) == colour)
            assert exact.double().mean() > (0.1 if filling else 0.25)
            assert not ((near.min(1).values == 0) & (near.argmin(1) != colour)).any()


def test_boxes_masks_and_segments_agree():
    masks_to_boxes = pytest.importorskip("torchvision.ops").masks_to_boxes
    batch = shapes_world(split="train", difficulty="hard", size=96).batch(range(150))
    for n, masks in enumerate(batch["masks"]):
        assert masks.any((1, 2)).all() and (masks.sum(0) <= 1).all()
        expected = masks_to_boxes(masks)
        expected[:, 2:] += 1  # the other's right and lower edges are inclusive
        assert torch.equal(batch["boxes"][n], expected)
        assert torch.equal(batch["mask"][n], (masks * (batch["labels"][n] + 1)[:, None, None]).sum(0))
        ids = batch["segment_ids"][n]
        segments = batch["segments"][n]
        assert [segment["id"] for segment in segments] == ids.unique().tolist()
        assert sum(segment["area"] for segment in segments) == 96 * 96
        assert [segment["category_id"] for segment in segments] == [0, *(batch["labels"][n] + 1).tolist()]
        assert [segment["isthing"] for segment in segments] == [0] + [1] * len(masks)
        for segment, mask, box in zip(segments[1:], masks, batch["boxes"][n].tolist()):
            assert torch.equal(ids == segment["id"], mask) and segment["area"] == mask.sum()
            x, y, width, height = segment["bbox"]
            assert [x, y, x + width, y + height] == box
        present = batch["present"][n].nonzero().flatten().tolist()
        assert present == sorted({*batch["labels"][n].tolist(), *(8 + batch["colours"][n]).tolist()})
    assert batch["masks"][0].dtype == torch.bool and batch["boxes"][0].dtype == torch.float32


def test_small_functions_give_the_very_columns_of_the_large_one():
    everything = shapes_world(split="test").batch(range(30))
    for make, renamed in (
        (shapes_world_detection, {}),
        (shapes_world_instances, {}),
        (shapes_world_segmentation, {}),
        (shapes_world_panoptic, {}),
        (shapes_world_multi_label, {}),
        (shapes_world_captions, {}),
        (shapes_world_vqa, {"label": "answer_label"}),
        (shapes_world_referring, {"mask": "phrase_mask"}),
    ):
        for name, column in make(split="test").batch(range(30)).items():
            assert in_bytes(column) == in_bytes(everything[renamed.get(name, name)]), (make.__name__, name)


@pytest.mark.parametrize(("target", "classes"), [("shape", SHAPES), ("colour", COLOURS), ("combination", COMBINATIONS)])
def test_a_label_is_that_of_the_one_thing_in_the_picture(target, classes):
    dataset = shapes_world_labels(split="train", target=target, size=32)
    labels = dataset.batch(range(2_000))["label"].tolist()
    for things, label in zip(dataset.scenes(np.arange(2_000)).things, labels):
        (thing,) = things
        assert classes[label] in (SHAPES[thing.shape], COLOURS[thing.colour], f"{COLOURS[thing.colour]} {SHAPES[thing.shape]}")
    assert set(labels) == set(range(len(classes)))
    facts = picture_facts(dataset)
    assert facts == {"labels": list(classes), "num_classes": len(classes), "image_shape": [3, 32, 32], "in_channels": 3}


def test_classes_can_be_taken_one_after_the_other():
    dataset = shapes_world_labels(split="train", classes=["star", "circle"], size=32)
    labels = dataset.batch(range(200))["label"].tolist()
    assert {dataset.labels[label] for label in labels} == {"star", "circle"}
    for (thing,), label in zip(dataset.scenes(np.arange(200)).things, labels):
        assert SHAPES[thing.shape] == dataset.labels[label]


def test_novel_classes_are_never_among_the_base_ones_though_their_parts_are():
    assert sorted(BASE + NOVEL) == list(range(64)) and len(NOVEL) == 16
    assert sorted(n // 8 for n in NOVEL) == sorted(n % 8 for n in NOVEL) == sorted([*range(8)] * 2)
    base, novel = (shapes_world_few_shot(split="train", part=part, size=32) for part in ("base", "novel"))
    seen = [{(t.colour, t.shape) for (t,) in dataset.scenes(np.arange(3_000)).things} for dataset in (base, novel)]
    assert (len(seen[0]), len(seen[1]), len(seen[0] & seen[1])) == (48, 16, 0)
    for label, (thing,) in zip(novel.batch(range(50))["label"], novel.scenes(np.arange(50)).things):
        assert novel.labels[label] == f"{COLOURS[thing.colour]} {SHAPES[thing.shape]}"


@pytest.mark.parametrize("domain", DOMAINS[1:])
def test_a_drift_changes_the_look_and_nothing_else(domain):
    day = shapes_world_labels(split="test", size=32).batch(range(40))
    drifted = shapes_world_drift(split="test", domain=domain, change=20, size=32).batch(range(40))
    assert torch.equal(day["label"], drifted["label"])
    assert torch.equal(day["image"][:20], drifted["image"][:20])
    changes = (day["image"].double() - drifted["image"].double()).abs().mean((1, 2, 3))
    assert (changes[20:] > 3).all()


def test_grounds_are_as_named_and_brick_is_kept_for_its_domain():
    day, brick = (shapes_world_labels(split="train", domain=domain).scenes(np.arange(600)).ground for domain in ("day", "brick"))
    assert {GROUNDS[n] for n in day} == {"plain", "checked", "lined"} and {GROUNDS[n] for n in brick} == {"brick"}
    assert np.bincount(day).min() > 150


def test_the_pattern_of_a_ground_is_the_one_it_is_named_after():
    scenes = shapes_world_labels(split="train").scenes(np.arange(60))
    for pattern, ground in zip(patterns(scenes, 64), scenes.ground):
        same_rows, same_columns = (pattern == pattern[:1]).all(), (pattern == pattern[:, :1]).all()
        name = "plain" if same_rows and same_columns else "lined" if same_rows or same_columns else "checked"
        assert name == GROUNDS[ground]


def test_specks_lie_on_hard_grounds_and_belong_to_nothing():
    dataset = shapes_world_instances(split="train", difficulty="hard", size=64)
    scenes = dataset.scenes(np.arange(20))
    pictures, owners = draw(scenes, 64)
    for picture, owner in zip(pictures, owners):
        dark = (picture.max(0) < 75) & (owner == NOBODY)
        assert dark.sum() > 4


def test_a_data_set_ends_and_counts_from_its_end():
    dataset = shapes_world_labels(split="validation", count=3, size=32)
    items = list(dataset)
    assert len(items) == len(dataset) == 3
    assert in_bytes(dataset[-1]["image"]) == in_bytes(items[2]["image"])
    for wrong in (3, -4):
        with pytest.raises(IndexError, match="3 items"):
            dataset[wrong]


@pytest.mark.parametrize("name", EVERY)
def test_a_data_set_travels_to_a_worker(name):
    copy = pickle.loads(pickle.dumps(EVERY[name]))
    assert digest(copy.batch([3, 1])) == digest(EVERY[name].batch([3, 1]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: shapes_world_labels(split="dev"), "train, validation, test; got 'dev'"),
        (lambda: shapes_world_labels(split="train", size=16), "32 to 224 pixels; got size=16"),
        (lambda: shapes_world_labels(split="train", size=225), "got size=225"),
        (lambda: shapes_world_labels(split="train", domain="mars"), "day, dusk, night, fog, noise, brick; got 'mars'"),
        (lambda: shapes_world_labels(split="train", seed=-1), "got seed=-1"),
        (lambda: shapes_world_labels(split="train", count=0), "got count=0"),
        (lambda: shapes_world_labels(split="train", target="size"), "shape, colour, combination; got 'size'"),
        (lambda: shapes_world_labels(split="train", classes=["star", "house"]), "each to be named once; got star, house"),
        (lambda: shapes_world_labels(split="train", classes=["star", "star"]), "got star, star"),
        (lambda: shapes_world_labels(split="train", classes=[]), "circle, square"),
        (lambda: shapes_world_few_shot(split="train", part="old"), "base and novel; got 'old'"),
        (lambda: shapes_world_detection(split="train", difficulty="harder"), "easy, medium, hard; got 'harder'"),
        (lambda: shapes_world_captions(split="train", language="en fr"), "en, zh; got 'fr'"),
        (lambda: shapes_world_captions(split="train", language=""), "en, zh"),
        (lambda: shapes_world_referring(split="train", language="de"), "got 'de'"),
        (lambda: shapes_world_text_to_image(split="train", language="de"), "got 'de'"),
        (lambda: shapes_world_vqa(split="train", language="de"), "got 'de'"),
        (lambda: shapes_world_vqa(split="train", kinds=["why"]), "existence, count, colour, shape, comparison; got why"),
        (lambda: shapes_world(split="train", language="de"), "got 'de'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(make, message):
    with pytest.raises(UserError, match=message) as refusal:
        make()
    assert "\n" not in str(refusal.value)
