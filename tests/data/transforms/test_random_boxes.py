"""SSD's views of a picture: the objects stay on what they are on, and chance comes from the seed alone."""

import pytest
import torch
from torch import Generator

from groundup.data.shapes_world import shapes_world_instances
from groundup.data.transforms.random_boxes import RandomViews, random_closer, random_further
from groundup.errors import UserError


def marked():
    """A black picture with a bright rectangle in each box, of a brightness of its own."""
    image, boxes = torch.zeros(3, 60, 90, dtype=torch.uint8), torch.tensor([[10.0, 12, 30, 40], [50, 5, 80, 25]])
    for number, (x1, y1, x2, y2) in enumerate(boxes.int().tolist()):
        image[:, y1:y2, x1:x2] = 100 * (number + 1)
    return {"image": image, "boxes": boxes, "labels": torch.tensor([0, 1])}


def assert_boxes_hold_their_objects(item):
    for box, label in zip(item["boxes"].round().int().tolist(), item["labels"].tolist(), strict=True):
        x1, y1, x2, y2 = box
        assert (item["image"][:, y1:y2, x1:x2] == 100 * (label + 1)).all()
        assert x2 > x1 and y2 > y1


@pytest.mark.parametrize("change", [random_closer, random_further])
def test_boxes_stay_on_their_objects(change):
    sizes = set()
    for seed in range(60):
        found = change(marked(), Generator().manual_seed(seed))
        assert_boxes_hold_their_objects(found)
        assert len(found["boxes"]) >= 1
        sizes.add(tuple(found["image"].shape))
    assert len(sizes) > 5


def test_an_object_stays_only_where_its_middle_is_in_the_part():
    areas = (marked()["boxes"][:, 2:] - marked()["boxes"][:, :2]).prod(1)
    for seed in range(60):
        found = random_closer(marked(), Generator().manual_seed(seed))
        left = (found["boxes"][:, 2:] - found["boxes"][:, :2]).prod(1) / areas[found["labels"]]
        assert (left >= 0.25 - 1e-6).all()  # of a box with its middle in the part, a quarter is in it


def test_closer_parts_are_smaller_and_further_ones_larger():
    for seed in range(30):
        closer = random_closer(marked(), Generator().manual_seed(seed))["image"].shape
        further = random_further(marked(), Generator().manual_seed(seed), most=2.0)["image"].shape
        assert closer[1] <= 60 and closer[2] <= 90
        assert 60 <= further[1] <= 120 and 90 <= further[2] <= 180


def test_a_part_overlaps_an_object_as_much_as_is_asked_or_the_picture_stays_whole():
    for seed in range(40):
        found = random_closer(marked(), Generator().manual_seed(seed), overlaps=(0.3,))
        height, width = found["image"].shape[1:]
        if (height, width) != (60, 90):
            largest = ((found["boxes"][:, 2:] - found["boxes"][:, :2]).prod(1) / (height * width)).max()
            assert largest >= 0.3 - 1e-6  # what they share is in the part, and the part no larger than both together
    whole = random_closer(marked(), Generator().manual_seed(0), overlaps=(1.0,))
    assert whole["image"].shape == (3, 60, 90) and len(whole["boxes"]) == 2


def test_a_picture_without_objects_has_views_too():
    empty = {"image": torch.zeros(3, 20, 30, dtype=torch.uint8), "boxes": torch.zeros(0, 4), "labels": torch.zeros(0).long()}
    for seed in range(8):
        item = random_closer(random_further(empty, Generator().manual_seed(seed)), Generator().manual_seed(seed))
        assert item["boxes"].shape == (0, 4)


def test_a_view_is_a_function_of_index_and_seed():
    views = RandomViews(dataset=shapes_world_instances(split="train", size=48, count=4), size=32)
    first, again, other = views[1, 7], views[1, 7], views[1, 8]
    assert first["image"].shape == (3, 32, 32) and first["size"].tolist() != [32, 32]
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["image"], other["image"])
    assert torch.equal(views[2]["image"], views.dataset[2]["image"]) and len(views) == 4


def test_a_picture_is_not_laid_into_a_smaller_one():
    with pytest.raises(UserError, match=r"at least its own size; got most=0\.5"):
        random_further(marked(), Generator(), most=0.5)
