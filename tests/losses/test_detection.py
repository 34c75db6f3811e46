"""Losses of boxes beyond their cases: random pairs, by hand, slopes, what `eps` does, what does not fit."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.losses.detection import complete_box_iou_loss, distance_box_iou_loss, generalized_box_iou_loss, multibox_loss
from groundup.ops.box_iou import complete_box_iou, distance_box_iou, generalized_box_iou
from groundup.parity.by_hand import HandMade
from groundup.parity.compare import PART_BOUND, compare_functions

torchvision = pytest.importorskip("torchvision")

LOSSES = {
    generalized_box_iou_loss: generalized_box_iou,
    distance_box_iou_loss: distance_box_iou,
    complete_box_iou_loss: complete_box_iou,
}


def draw(*shape, seed=0, whole=False):
    corner, side = torch.rand(2, *shape, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 4
    corner, side = (corner.floor(), side.floor() + 1) if whole else (corner, side + 0.1)
    return torch.cat((corner, corner + side), -1)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=2), st.sampled_from(["none", "mean", "sum"]), st.booleans(), st.integers(0, 10**6))
def test_every_loss_equals_torchvisions(shape, reduction, whole, seed):
    pair = draw(*shape, seed=seed, whole=whole), draw(*shape, seed=seed + 1, whole=whole)
    for ours in LOSSES:
        theirs = getattr(torchvision.ops, ours.__name__)
        assert compare_functions(ours, theirs, pair, {"reduction": reduction}).within(PART_BOUND)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_one_less_the_measure(loss):
    first, second = draw(6), draw(6, seed=1)
    torch.testing.assert_close(loss(first, second), 1 - LOSSES[loss](first, second).diagonal(), atol=1e-5, rtol=0)
    torch.testing.assert_close(loss(first, first), torch.zeros(6, dtype=torch.float64), atol=1e-5, rtol=0)


@pytest.mark.parametrize("loss", LOSSES)
def test_boxes_apart_are_pulled_together(loss):
    near, far = torch.tensor([1.5, 0.0, 2.5, 1.0]), torch.tensor([5.0, 0.0, 6.0, 1.0], requires_grad=True)
    target = torch.tensor([0.0, 0.0, 1.0, 1.0])
    loss(far, target).backward()
    assert far.grad[0] + far.grad[2] > 0
    assert loss(far, target) > loss(near, target) > 1


@pytest.mark.parametrize("eps", [1e-7, 0.5])
def test_eps_stands_in_every_denominator(eps):
    boxes = torch.tensor([0.0, 0.0, 2.0, 2.0]), torch.tensor([1.0, 0.0, 4.0, 1.0])
    iou, distance = 1 / (6 + eps), 2.5 / (20 + eps)
    v = 4 / math.pi**2 * (math.atan(1) - math.atan(3)) ** 2
    assert generalized_box_iou_loss(*boxes, eps=eps).item() == pytest.approx(1 - iou + 2 / (8 + eps))
    assert distance_box_iou_loss(*boxes, eps=eps).item() == pytest.approx(1 - iou + distance)
    complete = 1 - iou + distance + v * v / (1 - iou + v + eps)
    assert complete_box_iou_loss(*boxes, eps=eps).item() == pytest.approx(complete)


@pytest.mark.parametrize("loss", LOSSES)
def test_two_points_in_one_place_give_a_number_where_eps_allows_it(loss):
    point = torch.ones(4, dtype=torch.float64)
    default = loss(point, point).item()
    assert math.isnan(default) if loss is complete_box_iou_loss else default == 1


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("beside", [[4.0, 1.0, 6.0, 3.0], [1.0, 4.0, 3.0, 6.0]])
def test_the_slope_of_boxes_that_just_touch_is_torchvisions(loss, beside):
    pair = torch.tensor([0.0, 0.0, 4.0, 4.0], dtype=torch.float64), torch.tensor(beside, dtype=torch.float64)
    assert compare_functions(loss, getattr(torchvision.ops, loss.__name__), pair).within(PART_BOUND)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_mean_of_no_pairs_is_zero_with_a_gradient(loss):
    boxes = torch.zeros(0, 4, requires_grad=True)
    for reduction in ("mean", "sum"):
        value = loss(boxes, torch.zeros(0, 4), reduction)
        value.backward()
        assert value.item() == 0
    assert loss(boxes, torch.zeros(0, 4)).shape == (0,)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.int64])
def test_number_types_are_torchvisions(loss, dtype):
    boxes = torch.tensor([[0, 0, 4, 4], [1, 2, 6, 7]]).to(dtype)
    ours, theirs = loss(boxes, boxes.flip(0)), getattr(torchvision.ops, loss.__name__)(boxes, boxes.flip(0))
    assert ours.dtype == theirs.dtype
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("loss", LOSSES)
def test_no_kernel_does_the_work(loss):
    with HandMade():
        loss(draw(3).requires_grad_(), draw(3, seed=1), "mean").backward()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("first", "second", "reduction", "message"),
    [
        ((2, 5), (2, 5), "none", r"takes boxes1 of shape \(..., 4\).*given \(2, 5\)"),
        ((2, 4), (2, 3), "none", r"takes boxes2 of shape \(..., 4\).*given \(2, 3\)"),
        ((2, 4), (3, 4), "none", r"takes boxes in pairs; it was given \(2, 4\) and \(3, 4\)"),
        ((2, 4), (1, 4), "none", r"takes boxes in pairs"),
        ((2, 4), (2, 4), "average", "no reduction is called 'average': choose one of none, mean, sum"),
    ],
)
def test_what_does_not_fit_is_named(loss, first, second, reduction, message):
    with pytest.raises(ValueError, match=f"{loss.__name__}:? {message}"):
        loss(torch.zeros(first), torch.zeros(second), reduction)


def multibox(logits, codes, boxes, labels, **options):
    default = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10], [0, 20, 10, 30], [20, 20, 30, 30], [40, 40, 50, 50]])
    return multibox_loss(logits, codes, default.double(), boxes, labels, **options)


def test_multibox_loss_learns_boxes_from_matches_alone_and_from_the_hardest_background():
    logits = torch.zeros(1, 5, 3, dtype=torch.float64)
    logits[0, :, 0] = torch.tensor([0.0, 3, -1, -2, -3])  # the last three are the least taken for background
    logits, codes = logits.requires_grad_(), torch.ones(1, 5, 4, dtype=torch.float64, requires_grad=True)
    boxes = [torch.tensor([[0.0, 0, 10, 10]], dtype=torch.float64)]
    class_loss, box_loss = multibox(logits, codes, boxes, [torch.tensor([2])], negative_ratio=2.0)
    (class_loss + box_loss).backward()
    assert codes.grad[0].abs().sum(1).gt(0).tolist() == [True, False, False, False, False]
    assert logits.grad[0].abs().sum(1).gt(0).tolist() == [True, False, False, True, True]
    assert box_loss.item() == pytest.approx(4 * 0.5)  # four codes of 1 where 0 is right


def test_multibox_loss_of_pictures_without_objects_is_0_and_has_a_gradient():
    logits = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    codes = torch.randn(2, 5, 4, dtype=torch.float64, requires_grad=True)
    none = [torch.zeros(0, 4, dtype=torch.float64)] * 2
    losses = multibox(logits, codes, none, [torch.zeros(0, dtype=torch.int64)] * 2)
    assert [loss.item() for loss in losses] == [0, 0]
    sum(losses).backward()
    assert not logits.grad.any() and not codes.grad.any()


def test_multibox_loss_refuses_what_does_not_fit_together():
    logits, codes = torch.zeros(1, 4, 3, dtype=torch.float64), torch.zeros(1, 4, 4, dtype=torch.float64)
    none, labels = [torch.zeros(0, 4)], [torch.zeros(0, dtype=torch.int64)]
    with pytest.raises(ValueError, match="for 5 default boxes, and boxes and labels of 1 and 1 pictures"):
        multibox(logits, codes, none, labels)
