"""Detection: what is learnt, what is found in a picture's own pixels, what a user gets, what is refused."""

import csv
import json
from dataclasses import replace
from functools import partial

import pytest
import torch
from PIL import Image

from groundup.cases.detection.ssd import LIMITS, ssd300
from groundup.cli.predict import table
from groundup.data.boxed import boxed_batch
from groundup.data.decode import to_picture
from groundup.data.images import normalize
from groundup.data.shapes_world import shapes_world_detection
from groundup.engine.preflight import Preflight
from groundup.engine.run import Run
from groundup.engine.trainer import Trainer
from groundup.errors import UserError
from groundup.models.detection.ssd import WEIGHTS, SSDOutput, ssd300_vgg16
from groundup.ops.box_coding import encode_boxes
from groundup.parity.compare import randomize
from groundup.recipes.detection.ssd import BYTES, CAFFE_MEAN, ssd300_coco, ssd300_voc, ssd_small_bccd, ssd_small_shapes_world
from groundup.tasks.default_boxes import draw_levels, draw_matches, levels_of
from groundup.tasks.detection import CODING, Detection
from groundup.weights.rules import rename

SIDE, LABELS = 32, ["disc", "bar", "star"]
DEFAULT = torch.tensor([[0.0, 0, 16, 16], [16, 0, 32, 16], [0, 16, 16, 32], [16, 16, 32, 32]])


class Oracle(torch.nn.Module):
    """Says of four default boxes what it is told: classes from 0 (background), and boxes in the stretched picture."""

    def __init__(self, classes, boxes, sure=6.0):
        super().__init__()
        logits = torch.zeros(1, 4, 1 + len(LABELS))
        logits[0, torch.arange(4), torch.tensor(classes)] = sure
        self.said = SSDOutput(logits, encode_boxes(torch.tensor(boxes), DEFAULT, CODING)[None], DEFAULT)
        self.said.logits.requires_grad_()

    def forward(self, images):
        count = len(images)
        return SSDOutput(self.said.logits.expand(count, -1, -1), self.said.codes.expand(count, -1, -1), DEFAULT)


BOXES = [[2.0, 2, 14, 10], [16, 0, 32, 16], [0, 16, 16, 32], [18, 20, 30, 30]]


def item(height, width, boxes, labels):
    image = torch.randint(256, (3, height, width), dtype=torch.uint8)
    return {"image": image, "boxes": torch.tensor(boxes).reshape(-1, 4), "labels": torch.tensor(labels).long()}


def task(**options):
    return Detection(labels=LABELS, image_size=SIDE, **options)


def prepared(*items):
    batch = boxed_batch(items, size=SIDE)
    return {**batch, "image": batch["image"] / 255}


def test_boxes_come_back_in_the_pixels_of_each_picture():
    batch = prepared(item(64, 16, [], []), item(32, 96, [], []))
    found = task().predict(Oracle([1, 0, 0, 3], BOXES), batch)
    first, second = (boxes[scores > 0.5] for boxes, scores in zip(found["boxes"], found["scores"]))
    torch.testing.assert_close(first, torch.tensor([[1.0, 4, 7, 20], [9, 40, 15, 60]]))
    torch.testing.assert_close(second, torch.tensor([[6.0, 2, 42, 10], [54, 20, 90, 30]]))
    assert [labels[:2].tolist() for labels in found["labels"]] == [[0, 2]] * 2


def test_the_loss_is_small_for_what_is_there_and_large_for_what_is_not():
    there = prepared(item(SIDE, SIDE, [BOXES[0], BOXES[3]], [0, 2]), item(SIDE, SIDE, [BOXES[0], BOXES[3]], [0, 2]))
    right, logs = task().loss(Oracle([1, 0, 0, 3], BOXES), there)
    wrong, _ = task().loss(Oracle([0, 1, 0, 2], BOXES), there)
    assert right < 0.1 and wrong > 5
    assert right.item() == pytest.approx((logs["class_loss"] + logs["box_loss"]).item()) and logs["box_loss"] < 1e-6


def test_a_batch_without_any_object_has_a_loss_of_nothing_that_can_be_learnt_from():
    loss, _ = task().loss(Oracle([1, 0, 0, 3], BOXES), prepared(item(20, 30, [], []), item(9, 9, [], [])))
    assert loss == 0
    loss.backward()


def test_what_is_skipped_is_not_learnt():
    plain = item(SIDE, SIDE, [BOXES[0], BOXES[3]], [0, 2])
    skipping = {**plain, "iscrowd": torch.tensor([False, True])}
    oracle = Oracle([1, 0, 0, 3], BOXES)
    assert task().loss(oracle, prepared(skipping))[0] > task().loss(oracle, prepared(plain))[0]


def test_a_user_gets_a_row_for_each_box_a_drawing_of_each_picture_and_a_row_where_nothing_is(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (64, 48), "white").save(tmp_path / folder / "a.png")
    asked, out = task(), tmp_path / "out"
    out.mkdir()
    items = [read for folder in ("one", "two") for read in asked.read(tmp_path / folder / "a.png")]
    batch = prepared(*items)
    rows = asked.write(asked.predict(Oracle([1, 0, 0, 3], BOXES), batch), out)
    found = list(csv.DictReader(table(rows).splitlines()))
    assert list(found[0]) == ["file", "label", "score", "x1", "y1", "x2", "y2"]
    assert [(row["file"], row["label"]) for row in found] == [
        (str(tmp_path / folder / "a.png"), label) for folder in ("one", "two") for label in ("disc", "star")
    ]
    assert [float(found[0][corner]) for corner in ("x1", "y1", "x2", "y2")] == pytest.approx([4, 3, 28, 15])
    assert sorted(path.name for path in out.iterdir()) == ["a.png-2.boxes.png", "a.png.boxes.png"]
    assert Image.open(out / "a.png.boxes.png").size == (64, 48)
    nothing = asked.write(asked.predict(Oracle([0, 0, 0, 0], BOXES), batch), out)
    assert [row["label"] for row in nothing] == ["", ""] and len(list(out.iterdir())) == 2


def test_a_user_decides_from_which_score_on_a_box_is_shown():
    batch, oracle = prepared(item(SIDE, SIDE, [], [])), Oracle([1, 0, 0, 3], BOXES, sure=1.0)  # e / (e + 3): 0.48
    for threshold, count in ((0.3, 2), (0.6, 0)):
        asked = task(score_threshold=threshold)
        prediction = asked.predict(oracle, batch)
        assert len(asked.shown(prediction, 0)[0]) == count
        assert len(prediction["boxes"][0]) > 2  # what the scores are computed of stays


def test_the_sheet_has_the_truth_beside_what_was_found():
    batch = prepared(item(20, 60, [[2.0, 2, 30, 10]], [1]), item(60, 20, [], []))
    prediction = task().predict(Oracle([1, 0, 0, 3], BOXES), batch)
    both = task().picture(batch, prediction)
    alone = task().picture({key: batch[key] for key in ("image", "size")}, prediction)
    assert both.width > 1.8 * alone.width


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"score_threshold": 1.5}, "score_threshold is a number from 0 to 1; got 1.5"),
        ({"score_threshold": "high"}, "score_threshold is a number from 0 to 1; got 'high'"),
        ({"iou_threshold": -0.1}, "iou_threshold is a number from 0 to 1"),
        ({"least_score": float("nan")}, "least_score is a number from 0 to 1"),
        ({"max_detections": 0}, "max_detections is a whole number of 1 or more; got 0"),
        ({"negative_ratio": -1}, "negative_ratio is a number of 0 or more; got -1"),
    ],
)
def test_settings_out_of_range_are_refused(options, words):
    with pytest.raises(UserError, match=words):
        task(**options)


def test_levels_are_told_apart_and_drawn():
    grids = [torch.tensor([[x, y, x + 8.0, y + 8.0] for y in range(0, 32, s) for x in range(0, 32, s)]) for s in (8, 16)]
    assert [len(level) for level in levels_of(torch.cat(grids))] == [16, 4]
    batch = prepared(item(20, 60, [[2.0, 2, 30, 10]], [1]))
    for drawn in (draw_levels(batch, torch.cat(grids)), draw_matches(batch, torch.cat(grids), 0.5)):
        assert drawn.size > (200, 100)


def tiny(steps=4):
    """The recipe in all its parts, on few and small pictures."""
    recipe, side = ssd_small_shapes_world(), 48
    shapes = partial(shapes_world_detection, size=side)
    return replace(
        recipe,
        model=partial(recipe.model, width=4),
        train_data=partial(shapes, split="train", count=8),
        eval_data=partial(shapes, split="test", count=5),
        collate=partial(boxed_batch, size=side),
        task=partial(Detection, image_size=side),
        run=replace(recipe.run, steps=steps, batch_size=4, save_steps=2, num_threads=1),
    )


def trained(folder, recipe):
    run = Run(folder)
    run.begin(recipe)
    trainer = Trainer(recipe, run, quiet=True)
    trainer.fit()
    return run


def test_a_run_that_was_stopped_ends_in_the_same_weights_and_eval_is_of_what_predict_says(tmp_path):
    whole = trained(tmp_path / "whole", tiny())
    stopped = Run(tmp_path / "stopped")
    stopped.begin(tiny())
    part = Trainer(tiny(), stopped, quiet=True)
    save = part.save

    def save_and_fall():
        save()
        raise KeyboardInterrupt

    part.save = save_and_fall
    with pytest.raises(KeyboardInterrupt):
        part.fit()
    again = Trainer(tiny(), stopped, quiet=True)
    assert again.step == 2
    again.fit()
    restored, other = whole.restore(), stopped.restore()
    assert all(torch.equal(a, b) for a, b in zip(restored.model.state_dict().values(), other.model.state_dict().values()))

    values = restored.evaluate().values
    assert {"map", "map50", "map75", "precision", "recall", "default_box_iou", "trivial_map50"} <= values.keys()
    data = shapes_world_detection(split="test", size=48, count=5)
    (tmp_path / "shapes").mkdir()
    metric = restored.task.metrics()["average_precision"]
    for number in range(5):
        path = tmp_path / "shapes" / f"{number}.png"
        to_picture(data[number]["image"]).save(path)
        prediction = restored.predict(restored.task.read(path))[1]
        metric.update(prediction, boxed_batch([data[number]], size=48))
    assert metric.compute() == pytest.approx({key: values[key] for key in ("map", "map50", "map75")}, abs=1e-9)
    pictures = {path.name for path in (tmp_path / "whole" / "pictures").glob("*.png")}
    assert {"samples.png", "default_boxes.png", "matches.png", "average_precision.png"} <= pictures


def test_every_weight_of_the_recipe_learns_and_no_picture_sees_another():
    check = Preflight(tiny())
    for finding in (check.gradients(), check.leaks()):
        assert finding.good, finding.message


def voc(root, names=("person", "dog")):
    """A miniature in VOC's format; one picture has no object."""
    for folder in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / folder).mkdir(parents=True)
    for number in range(4):
        Image.new("RGB", (80, 60), (60 * number, 90, 120)).save(root / "JPEGImages" / f"{number}.jpg")
        box = "<bndbox><xmin>10</xmin><ymin>10</ymin><xmax>50</xmax><ymax>40</ymax></bndbox>"
        thing = f"<object><name>{names[number % 2]}</name>{box}</object>" if number else ""
        (root / "Annotations" / f"{number}.xml").write_text(f"<annotation>{thing}</annotation>")
    (root / "ImageSets/Main/train.txt").write_text("0\n1\n2\n3\n")
    (root / "ImageSets/Main/val.txt").write_text("0\n1\n")


def coco(root):
    """The same in COCO's."""
    for split in ("train", "val"):
        (root / split).mkdir(parents=True)
        images = [{"id": n, "file_name": f"{n}.jpg", "width": 80, "height": 60} for n in range(4)]
        for image in images:
            Image.new("RGB", (80, 60), (60 * image["id"], 90, 120)).save(root / split / image["file_name"])
        boxes = [{"id": n, "image_id": n, "category_id": 7, "bbox": [10, 10, 40, 30], "iscrowd": int(n == 2)} for n in (1, 2, 3)]
        (root / "annotations").mkdir(exist_ok=True)
        document = {"images": images, "annotations": boxes, "categories": [{"id": 7, "name": "dog"}]}
        (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(document))
        (root / f"{split}2017").symlink_to(root / split)


@pytest.mark.parametrize(("recipe", "write"), [(ssd300_voc, voc), (ssd300_coco, coco)])
def test_photographs_of_ones_own_are_trained_on_and_scored(recipe, write, tmp_path):
    from groundup.engine.run import with_data

    write(tmp_path / "photos")
    plan = with_data(recipe(), tmp_path / "photos")
    settings = replace(plan.run, epochs=None, steps=1, batch_size=2, num_workers=0, num_threads=1)
    plan = replace(plan, model=partial(plan.model, width=2), run=settings)
    restored = trained(tmp_path / "run", plan).restore()
    assert restored.task.labels[-1] in ("dog", "tvmonitor")
    assert restored.evaluate().values.keys() >= {"map50", "default_box_iou"}


def test_the_cells_recipe_is_written_and_read_back():
    from groundup.engine.recipe import from_json, recipe_hash, to_json

    for recipe in (ssd_small_bccd(), ssd300_voc(), ssd300_coco(), ssd_small_shapes_world()):
        assert recipe_hash(from_json(json.loads(json.dumps(to_json(recipe))))) == recipe_hash(recipe)


def test_a_user_gets_the_boxes_that_torchvisions_detector_gives_to_its_user():
    """From raw pixels to boxes in the picture's own pixels, in the same order."""
    pytest.importorskip("torchvision")
    theirs = randomize(ssd300()).eval()
    theirs.transform.image_mean, theirs.transform.image_std = CAFFE_MEAN, BYTES
    ours = ssd300_vgg16(num_classes=5, width=2).eval()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS["torchvision"]))
    asked = Detection(labels=list("abcde"), least_score=LIMITS["score_threshold"], iou_threshold=LIMITS["iou_threshold"])
    images = torch.randint(256, (2, 3, 300, 300), dtype=torch.uint8)
    items = [{"image": image, "size": torch.tensor([150, 600])} for image in images]  # as if they had been stretched
    batch = normalize(boxed_batch(items, size=300), mean=CAFFE_MEAN, std=BYTES)
    with torch.no_grad():
        found, expected = asked.predict(ours, batch), theirs(list(images / 255))
    for number, row in enumerate(expected):
        assert len(row["boxes"]) > 10
        assert torch.equal(found["labels"][number], row["labels"] - 1)
        torch.testing.assert_close(found["scores"][number], row["scores"], rtol=1e-4, atol=1e-5)
        own = row["boxes"] * torch.tensor([2, 0.5, 2, 0.5])
        torch.testing.assert_close(found["boxes"][number], own, rtol=1e-4, atol=1e-2)
