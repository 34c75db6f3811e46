"""Overlap beyond its cases: random sets, what the measures promise, number types, what does not fit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.box_iou import box_iou, complete_box_iou, distance_box_iou, generalized_box_iou
from groundup.parity.compare import PART_BOUND, compare_functions

torchvision = pytest.importorskip("torchvision")

MEASURES = (box_iou, generalized_box_iou, distance_box_iou, complete_box_iou)


def theirs(measure):
    return getattr(torchvision.ops, measure.__name__)


@st.composite
def sets(draw_from):
    """Two sets of boxes on a coarse grid, where sides touch and boxes are equal, or between its lines."""
    batch = draw_from(st.sampled_from([((), ()), ((2,), (2,)), ((1,), (3,)), ((), (2,)), ((2, 1), (1, 3))]))
    whole = draw_from(st.booleans())
    generator = torch.Generator().manual_seed(draw_from(st.integers(0, 10**6)))
    boxes = []
    for shape in batch:
        count = draw_from(st.integers(0, 4))
        corner, size = torch.rand(2, *shape, count, 2, generator=generator, dtype=torch.float64) * 4
        corner, size = (corner.floor(), size.floor() + 1) if whole else (corner, size + 0.1)
        boxes.append(torch.cat((corner, corner + size), -1))
    return boxes


@settings(max_examples=25, deadline=None)
@given(sets())
def test_every_measure_equals_torchvisions(boxes):
    for measure in MEASURES:
        for rung in measure.rungs:
            assert compare_functions(getattr(measure, rung), theirs(measure), boxes).within(PART_BOUND)


@pytest.mark.parametrize("measure", MEASURES)
def test_equal_boxes_agree_wholly_and_boxes_apart_do_not(measure):
    boxes = torch.tensor([[0.0, 0.0, 2.0, 1.0], [7.0, 0.0, 9.0, 1.0], [90.0, 0.0, 92.0, 1.0]], dtype=torch.float64)
    table = measure(boxes, boxes)
    torch.testing.assert_close(table.diagonal(), torch.ones(3, dtype=torch.float64))
    assert (table[0, 1:] <= 0).all()
    if measure is not box_iou:
        assert table[0, 2] < table[0, 1] < 0  # the further away, the worse


def test_the_measures_of_two_boxes_by_hand():
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([[1.0, 0.0, 4.0, 1.0]])
    iou, around = 1 / 6, 8  # they share 1 of 4 + 3 - 1, in a box of 4 x 2
    assert box_iou(*boxes).item() == pytest.approx(iou)
    assert generalized_box_iou(*boxes).item() == pytest.approx(iou - (around - 6) / around)
    distance = (1.5**2 + 0.5**2) / (4**2 + 2**2)
    assert distance_box_iou(*boxes).item() == pytest.approx(iou - distance)
    v = 4 / torch.pi**2 * (torch.tensor(1.0).atan() - torch.tensor(3.0).atan()).item() ** 2
    assert complete_box_iou(*boxes).item() == pytest.approx(iou - distance - v * v / (1 - iou + v))


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.int32])
def test_number_types_are_torchvisions(measure, dtype):
    boxes = torch.tensor([[0, 0, 4, 4], [1, 2, 6, 7], [3, 3, 4, 9]]).to(dtype)
    for rung in measure.rungs:
        ours, reference = getattr(measure, rung)(boxes, boxes[:2]), theirs(measure)(boxes, boxes[:2])
        assert ours.dtype == reference.dtype and torch.equal(ours, reference)


@pytest.mark.parametrize("measure", MEASURES)
def test_small_whole_numbers_do_not_wrap_around(measure):
    boxes = torch.tensor([[0, 0, 10, 10], [200, 200, 250, 250]])
    torch.testing.assert_close(measure(boxes.to(torch.uint8), boxes.to(torch.uint8)), measure(boxes, boxes))


@pytest.mark.parametrize("rung", ["loops", "tensors"])
@pytest.mark.parametrize("fmt", ["xywh", "cxcywh"])
def test_formats_of_whole_numbers(rung, fmt):
    boxes = torch.tensor([[3, 3, 5, 4], [4, 5, 2, 7]])
    ours = getattr(box_iou, rung)(boxes, boxes, fmt)
    torch.testing.assert_close(ours, torchvision.ops.box_iou(boxes, boxes, fmt))


@pytest.mark.parametrize("rung", ["loops", "tensors"])
def test_two_number_types_meet_in_the_wider(rung):
    boxes = torch.tensor([[0.0, 0.0, 3.0, 1.0], [1.0, 0.0, 2.0, 7.0]])
    ours = getattr(box_iou, rung)(boxes, boxes.double())
    assert ours.dtype == torch.float64
    torch.testing.assert_close(ours, torchvision.ops.box_iou(boxes, boxes.double()))


@pytest.mark.parametrize("rung", ["loops", "tensors"])
def test_boxes_without_area_have_no_overlap_to_speak_of(rung):
    point = torch.tensor([[1.0, 1.0, 1.0, 1.0]])
    assert getattr(box_iou, rung)(point, point).isnan().all()
    assert getattr(box_iou, rung)(point, torch.tensor([[0.0, 0.0, 2.0, 2.0]])).item() == 0


def test_alpha_takes_no_gradient():
    boxes = torch.tensor([[0.0, 0.0, 2.0, 1.0]], dtype=torch.float64, requires_grad=True)
    other = torch.tensor([[0.0, 0.0, 1.0, 2.0]], dtype=torch.float64)
    errors = compare_functions(
        lambda b: complete_box_iou(b, other), lambda b: torchvision.ops.complete_box_iou(b, other), [boxes]
    )
    assert errors.within(PART_BOUND)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ((2, 5), (2, 4), r"takes boxes1 of shape \(..., 4\).*given \(2, 5\)"),
        ((2, 4), (2, 3), r"takes boxes2 of shape \(..., 4\).*given \(2, 3\)"),
        ((4,), (2, 4), r"takes two sets of boxes, .*given \(4,\) and \(2, 4\)"),
        ((2, 4), (4,), r"takes two sets of boxes, .*given \(2, 4\) and \(4,\)"),
        ((2, 3, 4), (3, 3, 4), r".*leading dimensions broadcast; it was given \(2, 3, 4\) and \(3, 3, 4\)"),
        ((2, 2, 3, 4), (3, 2, 3, 4), r".*leading dimensions broadcast"),
    ],
)
def test_what_does_not_fit_is_named(measure, first, second, message):
    for rung in measure.rungs:
        with pytest.raises(ValueError, match=f"{measure.__name__} {message}"):
            getattr(measure, rung)(torch.zeros(first), torch.zeros(second))


@pytest.mark.parametrize("rung", ["loops", "tensors"])
def test_an_unknown_format_is_named(rung):
    with pytest.raises(ValueError, match="box_iou: no format of boxes is called 'xyhw': choose one of xyxy, xywh, cxcywh"):
        getattr(box_iou, rung)(torch.zeros(1, 4), torch.zeros(1, 4), "xyhw")
