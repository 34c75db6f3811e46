"""Dice beyond its cases: masks that fit and that miss, masks of nothing, pixels that are ignored, what does not fit."""

import math

import pytest
import torch

from groundup.losses.segmentation import ClassDiceLoss, DiceLoss, MaskLoss

SURE = 50.0


def test_a_mask_that_fits_costs_nothing_and_one_that_misses_nearly_all():
    target = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    logits = SURE * (2 * target - 1)
    assert DiceLoss()(logits, target).item() == pytest.approx(0, abs=1e-6)
    assert DiceLoss(smooth=0.0)(-logits, target).item() == pytest.approx(1)
    assert DiceLoss()(-logits, target).item() == pytest.approx(1 - 1 / 5)
    assert MaskLoss()(logits, target).item() == pytest.approx(0, abs=1e-5)


def test_half_an_overlap_costs_one_half():
    target, logits = torch.tensor([[1.0, 1.0, 0.0, 0.0]]), SURE * torch.tensor([[-1.0, 1.0, 1.0, -1.0]])
    assert DiceLoss(smooth=0.0)(logits, target).item() == pytest.approx(0.5)


def test_a_small_mask_counts_as_much_as_a_large_one():
    target = torch.zeros(2, 100)
    target[0, :50], target[1, :2] = 1, 1
    miss = torch.full((2, 100), -SURE)
    half = miss.clone()
    half[0, :50] = SURE
    other = miss.clone()
    other[1, :2] = SURE
    loss = DiceLoss(smooth=0.0)
    assert loss(half, target).item() == pytest.approx(0.5) and loss(other, target).item() == pytest.approx(0.5)


def test_a_mask_of_nothing_where_nothing_is_costs_nothing():
    assert DiceLoss()(torch.full((1, 4), -SURE), torch.zeros(1, 4)).item() == pytest.approx(0)


def test_the_mix_is_five_parts_of_each():
    logits, target = torch.randn(2, 3, 4), (torch.randn(2, 3, 4) > 0).float()
    bce = torch.nn.BCEWithLogitsLoss()(logits, target)
    torch.testing.assert_close(MaskLoss()(logits, target), 5 * bce + 5 * DiceLoss()(logits, target))
    mixed = MaskLoss(bce_weight=2.0, dice_weight=3.0, smooth=0.5)(logits, target)
    torch.testing.assert_close(mixed, 2 * bce + 3 * DiceLoss(smooth=0.5)(logits, target))


def test_classes_that_are_right_cost_nothing_and_what_is_ignored_nothing_either():
    target = torch.tensor([[[0, 2], [1, 2]]])
    logits = SURE * torch.eye(3)[target].movedim(-1, 1)
    assert ClassDiceLoss()(logits, target).item() == pytest.approx(0, abs=1e-6)
    wrong = logits.clone()
    wrong[0, :, 0, 0] = wrong[0, :, 0, 0].roll(1)
    assert ClassDiceLoss()(wrong, target).item() > 0.1
    hidden = target.clone()
    hidden[0, 0, 0] = -100
    assert ClassDiceLoss()(wrong, hidden).item() == pytest.approx(0, abs=1e-6)
    hidden[0, 0, 0] = 9
    assert ClassDiceLoss(ignore_index=9)(wrong, hidden).item() == pytest.approx(0, abs=1e-6)


def test_the_default_of_smooth_is_one():
    logits, target = torch.randn(3, 4), torch.tensor([0, 3, 1])
    assert ClassDiceLoss()(logits, target) == ClassDiceLoss(smooth=1.0)(logits, target)
    assert ClassDiceLoss()(logits, target) != ClassDiceLoss(smooth=1.5)(logits, target)


def test_a_small_type_of_integer_names_classes_as_well():
    logits, target = torch.randn(3, 4), torch.tensor([0, 3, 1])
    assert ClassDiceLoss()(logits, target.to(torch.uint8)) == ClassDiceLoss()(logits, target)


@pytest.mark.parametrize("loss", [DiceLoss, MaskLoss])
@pytest.mark.parametrize(
    ("logits", "target", "message"),
    [
        (torch.zeros(2, 3), torch.zeros(2, 4), r"one shape \(masks, ...\); it was given torch.float32 \(2, 3\) and .*\(2, 4\)"),
        (torch.zeros(3), torch.zeros(3), r"one shape \(masks, ...\)"),
        (torch.zeros(2, 3).long(), torch.zeros(2, 3), r"torch.int64 \(2, 3\) and torch.float32"),
        (torch.zeros(2, 3), torch.zeros(2, 3).long(), r"torch.float32 \(2, 3\) and torch.int64"),
    ],
)
def test_masks_that_do_not_match_are_named(loss, logits, target, message):
    with pytest.raises(ValueError, match=f"{loss.__name__} takes floating-point logits and targets of .*{message}"):
        loss()(logits, target)


@pytest.mark.parametrize(
    ("logits", "target", "message"),
    [
        (torch.zeros(2, 3, 4), torch.zeros(2, 3).long(), r"torch.float32 \(2, 3, 4\) and torch.int64 \(2, 3\)"),
        (torch.zeros(3), torch.tensor(0), r"\(batch, classes, ...\)"),
        (torch.zeros(2, 3).long(), torch.zeros(2).long(), "torch.int64"),
        (torch.zeros(2, 3), torch.zeros(2), "and torch.float32"),
        (torch.zeros(2, 3), torch.tensor([0, 3]), "target 3 is none of the 3 classes"),
    ],
)
def test_what_dice_of_classes_cannot_take_is_named(logits, target, message):
    with pytest.raises(ValueError, match=f"ClassDiceLoss.*{message}"):
        ClassDiceLoss()(logits, target)


@pytest.mark.parametrize("loss", [DiceLoss, ClassDiceLoss])
@pytest.mark.parametrize("smooth", [-1.0, math.nan])
def test_smooth_is_not_negative(loss, smooth):
    with pytest.raises(ValueError, match=f"{loss.__name__}: smooth must not be negative; it was given {smooth}"):
        loss(smooth=smooth)
    loss(smooth=0.0)
