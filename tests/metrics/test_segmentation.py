"""Overlap of classes and panoptic quality, against scikit-learn and by hand."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import jaccard_score

from groundup.data.annotated import VOID
from groundup.data.shapes_world import shapes_world_panoptic
from groundup.metrics.segmentation import ClassOverlap, PanopticQuality

LABELS = ["a", "b", "c", "d"]


def scores(found, truth):
    metric = ClassOverlap(labels=LABELS)
    metric.update({"mask": found}, {"mask": truth})
    return metric.compute()


def test_overlap_equals_scikit_learns_over_all_pixels_that_have_a_class():
    truth, found = torch.randint(0, 4, (5, 9, 7)), torch.randint(0, 4, (5, 9, 7))
    truth[:, 0] = VOID
    values = scores(found, truth)
    kept = (truth != VOID).numpy()
    expected = jaccard_score(truth.numpy()[kept], found.numpy()[kept], average=None)
    assert [values[f"iou_{name}"] for name in LABELS] == pytest.approx(expected.tolist())
    assert values["miou"] == pytest.approx(expected.mean())
    assert values["pixel_accuracy"] == pytest.approx(float(np.mean((truth == found).numpy()[kept])))


def test_a_class_that_neither_has_does_not_count_and_one_wrongly_found_counts_as_nothing():
    truth = torch.zeros(1, 2, 4, dtype=torch.int64)
    found = truth.clone()
    assert scores(found, truth) == {"miou": 1.0, "pixel_accuracy": 1.0, "iou_a": 1.0}
    found[0, 0, :2] = 2
    values = scores(found, truth)
    assert values == {"miou": pytest.approx(0.375), "pixel_accuracy": 0.75, "iou_a": 0.75, "iou_c": 0.0}


def test_pictures_of_many_sizes_count_by_their_pixels_in_whatever_batches():
    sizes = [(2, 3), (5, 4), (2, 3)]
    truth, found = ([torch.randint(0, 4, size) for size in sizes] for _ in range(2))
    together, apart = ClassOverlap(labels=LABELS), ClassOverlap(labels=LABELS)
    together.update({"mask": found}, {"mask": truth})
    for one, other in zip(found, truth, strict=True):
        apart.update({"mask": one[None]}, {"mask": other[None]})
    assert together.compute() == apart.compute()


def test_with_no_class_anywhere_there_is_no_mean():
    values = scores(torch.zeros(1, 2, 2, dtype=torch.int64), torch.full((1, 2, 2), VOID))
    assert math.isnan(values["miou"]) and "iou_a" not in values


def test_the_picture_has_a_bar_for_each_class():
    metric = ClassOverlap(labels=LABELS)
    empty = metric.picture()
    metric.update({"mask": torch.randint(0, 4, (1, 8, 8))}, {"mask": torch.randint(0, 4, (1, 8, 8))})
    assert metric.picture().height > empty.height + 80


THINGS = [False, True, True]  # stuff, and two kinds of things


def quality(found, found_labels, truth, truth_labels, **more):
    metric = PanopticQuality(things=THINGS)
    metric.update({"segments": [found], "labels": [found_labels]}, {"segments": [truth], "labels": [truth_labels], **more})
    return metric.compute()


def test_panoptic_quality_by_hand():
    """Ten pixels: stuff found with an overlap of 4/6; a thing of 3/4 that fits; one of 1/3 that does not; class 2 is nowhere."""
    truth = torch.tensor([[0, 0, 0, 0, 0, 1, 1, 1, 2, 2]])
    found = torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1, 0, 2]])
    values = quality(found, torch.tensor([0, 1, 1]), truth, torch.tensor([0, 1, 1]))
    stuff, thing = 4 / 6, 3 / 4  # the second thing shares half of 2 pixels, which is not more than half
    assert values["pq_stuff"] == pytest.approx(stuff)
    assert values["pq_things"] == pytest.approx(thing * 1 / (1 + 0.5 + 0.5))
    assert values["pq"] == pytest.approx((stuff + thing / 2) / 2)
    assert values["sq"] == pytest.approx((stuff + thing) / 2) and values["rq"] == pytest.approx((1 + 0.5) / 2)


def test_what_is_right_but_for_the_numbers_of_its_objects_is_perfect():
    item = shapes_world_panoptic(split="test", count=3)[1]
    table = torch.full((max(one["id"] for one in item["segments"]) + 1,), -1)
    for place, one in enumerate(item["segments"]):
        table[one["id"]] = place
    segments, labels = table[item["segment_ids"]], torch.tensor([one["category_id"] for one in item["segments"]])
    metric = PanopticQuality(things=[False, *[True] * 8])
    back = segments.max() - segments
    metric.update({"segments": [back], "labels": [labels.flip(0)]}, {"segments": [segments], "labels": [labels]})
    values = metric.compute()
    assert values == pytest.approx(dict.fromkeys(("pq", "sq", "rq", "pq_things", "pq_stuff"), 1.0))


def test_crowds_and_pixels_of_no_segment_are_left_out():
    truth, found = torch.tensor([[0, 0, 1, 1, -1, -1]]), torch.tensor([[0, 0, 1, 1, 2, 2]])
    crowd = {"iscrowd": [torch.tensor([False, True])]}
    values = quality(found, torch.tensor([0, 1, 2]), truth, torch.tensor([0, 1]), **crowd)
    assert values["pq"] == 1.0 and math.isnan(values["pq_things"])
    assert quality(found, torch.tensor([0, 1, 2]), truth, torch.tensor([0, 2]))["pq"] == pytest.approx(1 / 3)
