"""Average precision against pycocotools on random pictures, and the boxes that a user sees, counted by hand."""

import contextlib
import io
import math

import numpy as np
import pytest
import torch

from groundup.data.boxed import Objects, boxed_batch
from groundup.metrics.detection import AveragePrecision, Seen, right_boxes

LABELS = ["a", "b", "c", "d"]  # d never occurs


def boxes_at(generator, count, around=60.0):
    corner = torch.rand(count, 2, generator=generator) * around
    return torch.cat((corner, corner + 5 + torch.rand(count, 2, generator=generator) * 30), dim=1)


def pictures(generator, count=12):
    """Objects, some of them crowds, and detections: near them, elsewhere, of the wrong class, twice."""
    items, predictions = [], {"boxes": [], "scores": [], "labels": []}
    for number in range(count):
        objects = number % 5
        boxes, labels = boxes_at(generator, objects), torch.randint(3, (objects,), generator=generator)
        crowd = torch.rand(objects, generator=generator) < 0.2
        image = torch.zeros(3, 100, 100, dtype=torch.uint8)
        items.append({"image": image, "boxes": boxes, "labels": labels, "iscrowd": crowd})
        near = boxes.repeat(2, 1) + torch.randn(2 * objects, 4, generator=generator) * 2
        found = torch.cat((near, boxes_at(generator, 3)))
        right = torch.cat((labels, torch.randint(3, (objects + 3,), generator=generator)))
        scores, order = torch.rand(len(found), generator=generator).sort(descending=True)
        for key, value in (("boxes", found[order]), ("scores", scores), ("labels", right[order])):
            predictions[key].append(value)
    return items, predictions


def pycocotools(items, predictions):
    coco, evaluation = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.cocoeval")
    truth, rows, found = coco.COCO(), [], []
    for number, item in enumerate(items):
        for box, label, crowd in zip(item["boxes"].tolist(), item["labels"].tolist(), item["iscrowd"].tolist()):
            x, y, width, height = box[0], box[1], box[2] - box[0], box[3] - box[1]
            row = dict(id=len(rows) + 1, image_id=number, category_id=label, bbox=[x, y, width, height])
            rows.append({**row, "area": width * height, "iscrowd": int(crowd)})
        for box, score, label in zip(*(predictions[key][number].tolist() for key in ("boxes", "scores", "labels"))):
            box = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
            found.append(dict(image_id=number, category_id=label, bbox=box, score=score))
    categories = [{"id": number, "name": name} for number, name in enumerate(LABELS)]
    truth.dataset = {"images": [{"id": n} for n in range(len(items))], "categories": categories, "annotations": rows}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        judge = evaluation.COCOeval(truth, truth.loadRes(found), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return dict(zip(("map", "map50", "map75"), judge.stats[:3]))


@pytest.mark.parametrize("seed", range(4))
def test_average_precision_is_pycocotools(seed):
    items, predictions = pictures(torch.Generator().manual_seed(seed))
    metric = AveragePrecision(labels=LABELS)
    for part in (slice(0, 5), slice(5, 12)):
        metric.update({key: value[part] for key, value in predictions.items()}, boxed_batch(items[part], size=100))
    found, expected = metric.compute(), pycocotools(items, predictions)
    assert 0.05 < expected["map"] < expected["map50"] < 1
    assert found == pytest.approx(expected, abs=1e-6)


def one_picture(boxes, labels):
    return boxed_batch(
        [{"image": torch.zeros(3, 20, 40, dtype=torch.uint8), "boxes": torch.tensor(boxes), "labels": torch.tensor(labels)}],
        size=10,
    )


def said(boxes, scores, labels):
    columns = torch.tensor(boxes).reshape(-1, 4), torch.tensor(scores), torch.tensor(labels, dtype=torch.int64)
    return {key: [column] for key, column in zip(("boxes", "scores", "labels"), columns, strict=True)}


def test_the_very_boxes_of_a_picture_are_perfect_whatever_it_was_stretched_to():
    batch = one_picture([[1.0, 2.0, 9.0, 8.0], [20.0, 4.0, 39.0, 19.0]], [0, 2])
    metric = AveragePrecision(labels=LABELS)
    metric.update(said([[1.0, 2.0, 9.0, 8.0], [20.0, 4.0, 39.0, 19.0]], [0.9, 0.2], [0, 2]), batch)
    assert metric.compute() == pytest.approx({"map": 1.0, "map50": 1.0, "map75": 1.0})
    assert metric.picture().size > (200, 200)


def test_without_detections_it_is_0_and_without_objects_it_is_not_a_number():
    metric = AveragePrecision(labels=LABELS)
    metric.update(said([], [], []), one_picture([[1.0, 2.0, 9.0, 8.0]], [0]))
    assert metric.compute() == {"map": 0.0, "map50": 0.0, "map75": 0.0}
    metric = AveragePrecision(labels=LABELS)
    empty = boxed_batch([{"image": torch.zeros(3, 9, 9), "boxes": torch.zeros(0, 4), "labels": torch.zeros(0).long()}], size=9)
    metric.update(said([[1.0, 1.0, 4.0, 4.0]], [0.9], [1]), empty)
    assert all(math.isnan(value) for value in metric.compute().values())
    assert metric.picture().size > (200, 200)


def test_the_boxes_that_a_user_sees_are_right_once():
    truth = Objects(
        torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10], [50, 0, 60, 10]]),
        torch.tensor([0, 1, 0]),
        torch.tensor([False, False, True]),
    )
    boxes = torch.tensor([[0.0, 0, 10, 9], [0, 0, 10, 10], [20, 0, 30, 10], [50, 0, 60, 10], [20, 0, 24, 10]])
    right, skipped = right_boxes(boxes, torch.tensor([0, 0, 0, 0, 1]), truth)
    assert right.tolist() == [True, False, False, False, False]  # twice; of another class; on a crowd; too small
    assert skipped.tolist() == [False, False, False, True, False]


def test_precision_and_recall_are_of_what_is_shown():
    batch = one_picture([[0.0, 0.0, 10.0, 10.0], [20.0, 0.0, 30.0, 10.0]], [0, 1])
    seen = Seen(threshold=0.5)
    seen.update(said([[0.0, 0, 10, 10], [2, 2, 9, 9], [20, 0, 30, 10]], [0.9, 0.5, 0.49], [0, 0, 1]), batch)
    assert seen.compute() == {"precision": 0.5, "recall": 0.5}
    assert np.isnan(Seen(threshold=0.5).compute()["precision"])
