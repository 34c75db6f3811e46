"""Batches of pictures with boxes: every size, any number of objects, and the way back to a picture's own pixels."""

import pytest
import torch

from groundup.data.boxed import annotated, boxed_batch, detection_facts, learnt, mean_box_facts, own_pixels, stretched
from groundup.data.images import InMemory
from groundup.errors import UserError


def item(height, width, boxes, labels, **more):
    image = torch.randint(256, (3, height, width), dtype=torch.uint8)
    return {
        "image": image,
        "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        "labels": torch.tensor(labels, dtype=torch.int64),
        **more,
    }


ITEMS = [
    item(40, 80, [[0, 0, 80, 40], [8, 4, 24, 20]], [2, 0], difficult=torch.tensor([False, True])),
    item(50, 25, [], [], difficult=torch.zeros(0, dtype=torch.bool)),
    item(64, 64, [[1, 2, 3, 4]], [1], difficult=torch.tensor([False])),
]


def test_pictures_of_many_sizes_with_and_without_objects_make_one_batch():
    batch = boxed_batch(ITEMS, size=32)
    assert batch["image"].shape == (3, 3, 32, 32) and batch["image"].dtype == torch.uint8
    assert batch["size"].tolist() == [[40, 80], [50, 25], [64, 64]]
    assert batch["boxes"].shape == (3, 2, 4)
    assert batch["labels"].tolist() == [[2, 0], [-1, -1], [1, -1]]
    assert batch["boxes"][0, 0].tolist() == [0, 0, 32, 32]
    torch.testing.assert_close(batch["boxes"][0, 1], torch.tensor([3.2, 3.2, 9.6, 16.0]))


def test_what_went_in_comes_back_in_the_pictures_own_pixels():
    for given, found in zip(ITEMS, annotated(boxed_batch(ITEMS, size=32)), strict=True):
        torch.testing.assert_close(found.boxes, given["boxes"])
        assert torch.equal(found.labels, given["labels"])
        assert torch.equal(found.skipped, given["difficult"])


def test_skipped_objects_are_not_learnt_from():
    boxes, labels = learnt(boxed_batch(ITEMS, size=32))
    assert [row.tolist() for row in labels] == [[2], [], [1]]
    assert [len(row) for row in boxes] == [1, 0, 1]
    crowd = item(10, 10, [[0, 0, 5, 5], [1, 1, 9, 9]], [0, 1], iscrowd=torch.tensor([True, False]))
    assert [row.tolist() for row in learnt(boxed_batch([crowd], size=20))[1]] == [[1]]


def test_boxes_without_area_go_with_all_that_belongs_to_them():
    flat = item(10, 10, [[1, 1, 1, 5], [2, 2, 6, 6], [3, 3, 2, 8]], [0, 1, 2], iscrowd=torch.tensor([True, False, True]))
    found = stretched(flat, 20)
    assert found["labels"].tolist() == [1] and found["iscrowd"].tolist() == [False]
    assert found["boxes"].tolist() == [[4, 4, 12, 12]]


def test_a_batch_without_any_object_and_one_without_annotations():
    empty = boxed_batch([ITEMS[1]], size=16)
    assert empty["boxes"].shape == (1, 0, 4) and len(annotated(empty)[0].boxes) == 0
    plain = boxed_batch([stretched({"image": ITEMS[0]["image"], "source": "a.png"}, 16)], size=16)
    assert plain["source"] == ["a.png"] and "boxes" not in plain and plain["size"].tolist() == [[40, 80]]


def test_a_picture_that_was_stretched_is_not_stretched_again():
    once = stretched(ITEMS[0], 32)
    assert boxed_batch([once], size=32)["size"].tolist() == [[40, 80]]
    assert torch.equal(stretched(once, 32)["boxes"], once["boxes"])


def test_own_pixels_are_those_of_height_and_width():
    box = own_pixels(torch.tensor([[0.0, 0.0, 10.0, 20.0]]), torch.tensor([40, 80]), 20)
    assert box.tolist() == [[0, 0, 40, 40]]


class Set(torch.utils.data.Dataset):
    labels = ("a", "b", "c", "d")

    def __len__(self):
        return len(ITEMS)

    def __getitem__(self, index):
        return ITEMS[index]


def test_the_facts_are_the_classes_and_their_mean_boxes():
    assert detection_facts(Set()) == {"labels": ["a", "b", "c", "d"], "num_classes": 4, "in_channels": 3}
    boxes = torch.tensor(mean_box_facts(Set())["mean_boxes"])
    third = 1 / 3
    expected = [[0.1, 0.1, 0.3, 0.5, third], [1 / 64, 2 / 64, 3 / 64, 4 / 64, third], [0, 0, 1, 1, third], [0, 0, 1, 1, 0]]
    torch.testing.assert_close(boxes, torch.tensor(expected))


def test_a_set_without_names_is_refused():
    with pytest.raises(UserError, match="InMemory names no classes"):
        detection_facts(InMemory({"image": torch.zeros(2, 3, 4, 4)}))
