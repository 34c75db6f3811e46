"""Pictures changed together with boxes, masks and keypoints, held against torchvision.transforms.v2 on its own tensors."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.data.annotated import PER_OBJECT
from groundup.data.transforms.geometry import crop, flip, pad, resize, resize_short, size_of
from groundup.data.transforms.random_geometry import (
    random_crop,
    random_flip,
    random_part,
    random_resized_crop,
    random_short,
)
from groundup.errors import UserError

PAIRS = ((1, 2),)
EXACT_RESIZE = "AVX" in torch.backends.cpu.get_cpu_capability()  # elsewhere torchvision resizes in floating point


def an_item(seed, height, width, objects=4, points=3):
    """Random annotations on a random picture, with masks that fill part of their boxes, and some points not annotated."""
    generator = torch.Generator().manual_seed(seed)

    def draw(low, high, *shape):
        return torch.randint(low, high, shape, generator=generator)

    corners = torch.rand(objects, 2, 2, generator=generator).sort(dim=1).values * torch.tensor([width, height])
    boxes = corners.reshape(objects, 4)
    y, x = torch.arange(height)[:, None] + 0.5, torch.arange(width) + 0.5
    x1, y1, x2, y2 = boxes[..., None, None].unbind(1)
    masks = (x >= x1) & (x < x2) & (y >= y1) & (y < y2)
    seen = draw(0, 3, objects, points)
    keypoints = torch.stack([draw(0, width, objects, points), draw(0, height, objects, points), seen], dim=2).float()
    return {
        "image": draw(0, 256, 3, height, width).to(torch.uint8),
        "mask": draw(0, 21, height, width),
        "segments": draw(-1, 5, height, width),
        "masks": masks,
        "boxes": boxes,
        "labels": draw(0, 9, objects),
        "iscrowd": draw(0, 2, objects).bool(),
        "area": masks.sum(dim=(1, 2)).float(),
        "keypoints": keypoints * (seen > 0).unsqueeze(2),
        "caption": "a picture",
    }


def theirs(item, change):
    """What torchvision makes of an item: each of its parts as the tensor of its kind, through the same change."""
    from torchvision import tv_tensors

    size = size_of(item)
    parts = {
        "image": tv_tensors.Image(item["image"]),
        "mask": tv_tensors.Mask(item["mask"]),
        "segments": tv_tensors.Mask(item["segments"]),
        "masks": tv_tensors.Mask(item["masks"]),
        "boxes": tv_tensors.BoundingBoxes(item["boxes"], format="XYXY", canvas_size=size),
        "keypoints": tv_tensors.KeyPoints(item["keypoints"][..., :2], canvas_size=size),
    }
    return {key: change(part).as_subclass(torch.Tensor) for key, part in parts.items()}


def assert_equal(ours, wanted, keep=None, *, grey_levels=0):
    """Equal in every part; in boxes and keypoints to the last bits, in the picture to so many grey levels."""
    keep = torch.ones(len(wanted["boxes"]), dtype=torch.bool) if keep is None else keep
    assert ours["image"].dtype == torch.uint8
    assert (ours["image"].int() - wanted["image"].int()).abs().max() <= grey_levels
    assert torch.equal(ours["mask"], wanted["mask"])
    assert torch.equal(ours["segments"], wanted["segments"])
    assert torch.equal(ours["masks"], wanted["masks"][keep])
    torch.testing.assert_close(ours["boxes"], wanted["boxes"][keep], rtol=1e-6, atol=1e-5)
    seen = ours["keypoints"][..., 2] > 0
    torch.testing.assert_close(ours["keypoints"][..., :2][seen], wanted["keypoints"][keep][seen], rtol=1e-6, atol=1e-5)
    assert ours["keypoints"][~seen].eq(0).all()
    assert len({len(ours[key]) for key in PER_OBJECT if key in ours}) == 1


SIDE = st.integers(2, 40)
ITEMS = st.builds(an_item, st.integers(0, 10**6), SIDE, SIDE)


@settings(deadline=None)
@given(ITEMS)
def test_a_flip_equals_that_of_torchvision(item):
    from torchvision.transforms.v2.functional import horizontal_flip

    assert_equal(flip(item), theirs(item, horizontal_flip))


@settings(deadline=None)
@given(ITEMS)
def test_a_flip_undoes_itself_and_a_left_eye_becomes_a_right_one(item):
    flipped = flip(item, flip_pairs=PAIRS)
    assert torch.equal(flipped["keypoints"][:, 1], flip(item)["keypoints"][:, 2])
    again = flip(flipped, flip_pairs=PAIRS)
    for key in item:
        if key == "boxes":
            torch.testing.assert_close(again[key], item[key], atol=1e-5, rtol=0)
        elif key != "caption":
            assert torch.equal(again[key], item[key]), key


@settings(deadline=None)
@given(ITEMS, st.data())
def test_a_crop_equals_that_of_torchvision_for_the_objects_that_it_leaves(item, data):
    from torchvision.transforms.v2.functional import crop as crop_theirs

    rows, columns = size_of(item)
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    height, width = data.draw(st.integers(1, rows - top)), data.draw(st.integers(1, columns - left))
    wanted = theirs(item, lambda part: crop_theirs(part, top, left, height, width))
    sides = wanted["boxes"][:, 2:] - wanted["boxes"][:, :2]
    keep = (sides >= 1).all(dim=1) & wanted["masks"].flatten(1).any(dim=1)
    ours = crop(item, top=top, left=left, height=height, width=width)
    assert_equal(ours, wanted, keep)
    assert torch.equal(ours["labels"], item["labels"][keep])
    assert torch.equal(ours["area"], wanted["masks"][keep].sum(dim=(1, 2)).float())
    x, y = wanted["keypoints"][keep].unbind(2)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (item["keypoints"][keep][..., 2] > 0)
    assert torch.equal(ours["keypoints"][..., 2] > 0, inside)


def test_torchvisions_own_rule_drops_the_same_boxes():
    from torchvision import tv_tensors
    from torchvision.transforms import v2

    for seed in range(20):
        item = {key: found for key, found in an_item(seed, 30, 40).items() if key in ("image", "boxes", "labels")}
        boxes = tv_tensors.BoundingBoxes(item["boxes"], format="XYXY", canvas_size=(30, 40))
        boxes = v2.functional.crop(boxes, 5, 6, 12, 14)
        wanted = v2.SanitizeBoundingBoxes(min_size=2)({"boxes": boxes, "labels": item["labels"]})
        ours = crop(item, top=5, left=6, height=12, width=14, min_size=2)
        torch.testing.assert_close(ours["boxes"], wanted["boxes"].as_subclass(torch.Tensor))
        assert torch.equal(ours["labels"], wanted["labels"])


@settings(deadline=None)
@given(ITEMS, SIDE, SIDE)
def test_a_resized_picture_equals_that_of_torchvision(item, height, width):
    from torchvision.transforms.v2.functional import resize as resize_theirs

    wanted = theirs(item, lambda part: resize_theirs(part, [height, width], antialias=True))
    assert_equal(resize(item, height=height, width=width), wanted, grey_levels=0 if EXACT_RESIZE else 1)


@settings(deadline=None)
@given(ITEMS, st.tuples(*[st.integers(0, 5)] * 4))
def test_padding_equals_that_of_torchvision(item, border):
    from torchvision import tv_tensors
    from torchvision.transforms.v2.functional import pad as pad_theirs

    left, top, right, bottom = border
    wanted = theirs(item, lambda part: pad_theirs(part, list(border)))
    outside = torch.ones(wanted["mask"].shape, dtype=torch.bool)
    rows, columns = size_of(item)
    outside[top : top + rows, left : left + columns] = False
    for key, value in (("mask", 255), ("segments", -1)):  # theirs fills with 0, which is a class
        wanted[key] = wanted[key].masked_fill(outside, value)
    assert_equal(pad(item, left=left, top=top, right=right, bottom=bottom), wanted)
    assert not isinstance(wanted["mask"], tv_tensors.Mask)


@settings(deadline=None)
@given(ITEMS, st.integers(2, 60), st.none() | st.integers(61, 80))
def test_the_shorter_side_is_brought_to_the_size_that_torchvision_gives_it(item, size, max_size):
    from torchvision.transforms.v2.functional import resize as resize_theirs

    wanted = resize_theirs(item["image"], [size], max_size=max_size, antialias=True)
    assert size_of(resize_short(item, size=size, max_size=max_size)) == tuple(wanted.shape[-2:])


def test_an_item_with_a_picture_alone_and_one_without_objects_go_through():
    item = an_item(0, 20, 30, objects=0)
    for one in (item, {"image": item["image"]}, {"image": item["image"], "mask": item["mask"]}):
        generator = torch.Generator().manual_seed(0)
        changed = random_resized_crop(random_flip(one, generator, probability=1.0), generator, height=8, width=9)
        assert size_of(changed) == (8, 9)
        assert changed.keys() == one.keys()


def test_the_item_given_is_not_changed():
    item, before = an_item(0, 20, 30), an_item(0, 20, 30)
    generator = torch.Generator().manual_seed(0)
    for change in (random_flip, lambda i, g: random_crop(i, g, height=25, width=10), lambda i, g: pad(i, left=2)):
        change(item, generator)
    assert all(torch.equal(item[key], before[key]) for key in item if key != "caption")


def test_without_masks_the_area_goes_down_with_the_box():
    item = {"image": torch.zeros(3, 10, 10), "boxes": torch.tensor([[0.0, 0, 8, 4]]), "area": torch.tensor([20.0])}
    assert crop(item, top=0, left=4, height=10, width=6)["area"].tolist() == [10]
    assert resize(item, height=20, width=5)["area"].tolist() == [20]


def test_an_area_that_was_annotated_stays_where_nothing_is_cut_off():
    item = an_item(3, 20, 30) | {"area": torch.tensor([1.5, 2.5, 3.5, 4.5])}
    kept = crop(item, top=0, left=0, height=20, width=30, min_size=0)
    assert set(kept["area"].tolist()) <= {1.5, 2.5, 3.5, 4.5}


def test_an_object_none_of_whose_pixels_is_left_goes_although_its_box_is_there():
    masks = torch.zeros(1, 10, 10, dtype=torch.bool)
    masks[0, 9, 9] = True
    item = {"image": torch.zeros(3, 10, 10), "boxes": torch.tensor([[0.0, 0, 10, 10]]), "masks": masks}
    assert len(crop(item, top=0, left=0, height=5, width=5)["boxes"]) == 0
    assert len(crop(item, top=5, left=5, height=5, width=5)["boxes"]) == 1


def test_chance_comes_from_the_generator_alone():
    def all_of_it(seed):
        item, generator = an_item(1, 30, 40), torch.Generator().manual_seed(seed)
        item = random_flip(item, generator)
        item = random_short(item, generator, sizes=(30, 40, 50))
        item = random_crop(item, generator, height=35, width=35)
        return random_resized_crop(item, generator, height=16, width=16)["image"]

    torch.manual_seed(1)
    first = all_of_it(5)
    torch.manual_seed(2)
    assert torch.equal(all_of_it(5), first)
    assert not torch.equal(all_of_it(6), first)


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 10**6))
def test_a_random_part_lies_inside_and_keeps_to_its_ranges(height, width, seed):
    generator = torch.Generator().manual_seed(seed)
    top, left, rows, columns = random_part((height, width), generator, scale=(0.2, 0.9), ratio=(0.5, 2.0))
    assert 0 <= top <= height - rows
    assert 0 <= left <= width - columns
    if min(height, width) > 30 and max(height, width) < 2 * min(height, width):
        assert 0.18 <= rows * columns / (height * width) <= 0.93
        assert 0.48 <= columns / rows <= 2.1


def test_random_parts_are_spread_over_the_picture_and_its_scales():
    generator = torch.Generator().manual_seed(0)
    parts = torch.tensor(
        [random_part((100, 100), generator, scale=(0.1, 1.0), ratio=(0.75, 4 / 3)) for _ in range(2000)]
    ).double()
    share = parts[:, 2] * parts[:, 3] / 1e4
    assert share.min() < 0.13
    assert share.max() > 0.9
    assert (parts[:, 3] / parts[:, 2]).log().mean().abs() < 0.02  # as often wide as high
    middle = parts[:, :2] + parts[:, 2:] / 2
    assert (middle.mean(dim=0) - 50).abs().max() < 1.5


def test_half_of_the_pictures_are_flipped():
    generator, item = torch.Generator().manual_seed(0), an_item(0, 4, 5)
    flipped = sum(not torch.equal(random_flip(item, generator)["image"], item["image"]) for _ in range(400))
    assert 160 < flipped < 240


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda item: crop(item, top=0, left=25, height=5, width=6),
            "a crop of 6x5 at column 25, row 0 is not inside a picture of 30x20",
        ),
        (lambda item: crop(item, top=-1, left=0, height=5, width=6), "row -1 is not inside"),
        (lambda item: crop(item, top=0, left=0, height=0, width=6), "a crop of 6x0"),
        (lambda item: resize(item, height=0, width=5), "a picture of 5x0 has no pixels"),
        (lambda item: pad(item, left=-1), "padding adds pixels; got left=-1"),
        (
            lambda item: random_resized_crop(item, torch.Generator(), height=5, width=5, scale=(0.5, 1.5)),
            "scale is a range in 0 to 1",
        ),
        (lambda item: random_resized_crop(item, torch.Generator(), height=5, width=5, ratio=(2, 1)), "ratio one above 0"),
    ],
)
def test_changes_that_cannot_be_are_refused(change, message):
    with pytest.raises(UserError, match=message):
        change(an_item(0, 20, 30))
