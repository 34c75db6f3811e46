"""Boxes beyond their cases: number types, what lies outside, masks of nothing, what does not fit."""

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.boxes import FORMATS, box_area, box_convert, clip_boxes_to_image, masks_to_boxes, remove_small_boxes, widen

torchvision = pytest.importorskip("torchvision")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=2), st.sampled_from(FORMATS), st.sampled_from(FORMATS))
def test_a_format_and_back_is_the_same_box(shape, there, back):
    boxes = torch.rand(*shape, 4, dtype=torch.float64)
    torch.testing.assert_close(box_convert(box_convert(boxes, back, there), there, back), boxes)


@pytest.mark.parametrize(("in_fmt", "out_fmt"), list(product(FORMATS, FORMATS)))
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.int64, torch.int32, torch.uint8])
def test_number_types_are_torchvisions(in_fmt, out_fmt, dtype):
    boxes = torch.tensor([[2, 4, 8, 12], [1, 1, 4, 3]]).to(dtype)
    ours, theirs = box_convert(boxes, in_fmt, out_fmt), torchvision.ops.box_convert(boxes, in_fmt, out_fmt)
    assert ours.dtype == theirs.dtype and torch.equal(ours, theirs)
    ours, theirs = box_area(boxes, in_fmt), torchvision.ops.box_area(boxes, in_fmt)
    assert ours.dtype == theirs.dtype and torch.equal(ours, theirs)
    ours, theirs = clip_boxes_to_image(boxes, (6, 5)), torchvision.ops.clip_boxes_to_image(boxes, (6, 5))
    assert ours.dtype == theirs.dtype and torch.equal(ours, theirs)


def test_the_same_format_gives_a_copy():
    boxes = torch.ones(2, 4)
    box_convert(boxes, "xyxy", "xyxy").zero_()
    assert boxes.eq(1).all()


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [(torch.float16, torch.float32), (torch.float64, torch.float64), (torch.uint8, torch.int32), (torch.int64, torch.int64)],
)
def test_areas_do_not_overflow_small_number_types(dtype, wide):
    boxes = torch.tensor([[0, 0, 255, 254]]).to(dtype)
    assert widen(boxes).dtype == wide
    assert box_area(boxes).item() == 255 * 254


def test_the_defaults_are_corners():
    assert box_area(torch.tensor([1.0, 2.0, 4.0, 8.0])).item() == 18
    assert box_area(torch.tensor([1.0, 2.0, 4.0, 8.0]), "cxcywh").item() == 32


def test_the_height_comes_first_in_a_pictures_size():
    boxes = torch.tensor([[-1.0, -2.0, 50.0, 60.0]])
    assert clip_boxes_to_image(boxes, (30, 40)).tolist() == [[0, 0, 40, 30]]


def test_a_box_that_is_small_in_one_direction_is_removed():
    boxes = torch.tensor([[0.0, 0.0, 2.0, 5.0], [0.0, 0.0, 5.0, 2.0], [1.0, 1.0, 6.0, 6.0], [5.0, 5.0, 0.0, 0.0]])
    assert remove_small_boxes(boxes, 3).tolist() == [2]
    assert remove_small_boxes(boxes, 2).tolist() == [0, 1, 2]
    assert remove_small_boxes(boxes, 5.5).tolist() == []
    assert remove_small_boxes(boxes + 10, 3).tolist() == [2]  # wherever in the picture


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 3), st.integers(1, 5), st.integers(1, 5), st.integers(0, 10**6))
def test_masks_to_boxes_equals_torchvisions(count, height, width, seed):
    masks = torch.rand(count, height, width, generator=torch.Generator().manual_seed(seed)) > 0.8
    ours, theirs = masks_to_boxes(masks), torchvision.ops.masks_to_boxes(masks)
    assert ours.dtype == theirs.dtype and torch.equal(ours, theirs)


@pytest.mark.parametrize("shape", [(3, 0, 4), (3, 4, 0)])
def test_masks_without_pixels_each_have_a_box(shape):
    assert torch.equal(masks_to_boxes(torch.ones(shape)), torch.zeros(3, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: box_convert(torch.zeros(2, 5), "xyxy", "xywh"), r"box_convert takes boxes of shape \(..., 4\).*\(2, 5\)"),
        (lambda: box_convert(torch.zeros(()), "xyxy", "xywh"), r"box_convert takes boxes .*given \(\)"),
        (lambda: box_convert(torch.zeros(2, 4), "xyxy", "xyhw"), "'xyhw': choose one of xyxy, xywh, cxcywh"),
        (lambda: box_convert(torch.zeros(2, 4), "corners", "xywh"), "no format of boxes is called 'corners'"),
        (lambda: box_area(torch.zeros(4, 3)), r"box_area takes boxes .*\(4, 3\)"),
        (lambda: box_area(torch.zeros(4), "whatever"), "box_area: no format of boxes is called 'whatever'"),
        (lambda: clip_boxes_to_image(torch.zeros(2, 3), (4, 4)), r"clip_boxes_to_image takes boxes .*\(2, 3\)"),
        (lambda: remove_small_boxes(torch.zeros(2, 3), 1), r"remove_small_boxes takes boxes .*\(2, 3\)"),
        (lambda: remove_small_boxes(torch.zeros(4), 1), r"remove_small_boxes takes boxes \(boxes, 4\); it was given \(4,\)"),
        (lambda: masks_to_boxes(torch.zeros(4, 4)), r"masks_to_boxes takes masks .*given \(4, 4\)"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
