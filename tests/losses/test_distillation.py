"""Distillation and divergences beyond their cases: what each direction punishes, who gets a gradient, what does not fit."""

import math

import pytest
import torch
import torch.nn.functional as F

from groundup.losses.distillation import (
    DistillationLoss,
    SimilarityDistillationLoss,
    feature_distillation_loss,
    hard_distillation_loss,
)
from groundup.losses.divergence import forward_kl, reverse_kl


def test_forward_punishes_what_the_model_leaves_out_and_reverse_what_it_makes_up():
    both, one = torch.tensor([[0.0, 0.0, -20.0]]), torch.tensor([[0.0, -20.0, -20.0]])
    assert forward_kl(one, both) > 9 and reverse_kl(one, both) == pytest.approx(math.log(2), abs=1e-5)
    assert forward_kl(both, one) == pytest.approx(math.log(2), abs=1e-5) and reverse_kl(both, one) > 9
    assert forward_kl(both, both + 3).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("function", [forward_kl, reverse_kl])
@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (torch.ones(2, 3), torch.ones(2, 4), r"one shape; it was given torch.float32 \(2, 3\) and torch.float32 \(2, 4\)"),
        (torch.ones(2, 3).long(), torch.ones(2, 3), r"torch.int64 \(2, 3\) and torch.float32"),
        (torch.ones(2, 3), torch.ones(2, 3).long(), r"torch.float32 \(2, 3\) and torch.int64"),
        (torch.tensor(1.0), torch.tensor(1.0), r"\(..., classes\)"),
    ],
)
def test_logits_that_do_not_match_are_named(function, x, y, message):
    with pytest.raises(ValueError, match=f"{function.__name__} takes two .*{message}"):
        function(x, y)


def test_the_teacher_gets_no_gradient():
    target, queue = torch.tensor([0, 1]), torch.eye(3)
    for loss, args in (
        (DistillationLoss(), (target,)),
        (lambda x, y, t: hard_distillation_loss(x, x, y, t), (target,)),
        (feature_distillation_loss, ()),
        (SimilarityDistillationLoss(), (queue.requires_grad_(),)),
    ):
        student, teacher = torch.randn(2, 3, requires_grad=True), torch.randn(2, 3, requires_grad=True)
        loss(student, teacher, *args).backward()
        assert student.grad is not None and teacher.grad is None
    assert queue.grad is None


def test_the_factor_keeps_the_soft_part_of_one_size_at_any_temperature():
    student, teacher = torch.randn(8, 10).double(), torch.randn(8, 10).double()

    def slope(temperature):
        leaf = student.clone().requires_grad_()
        DistillationLoss(temperature=temperature, hard_weight=0.0)(leaf, teacher, torch.zeros(8).long()).backward()
        return leaf.grad

    # for T large the slope is (student - teacher, each less its mean) / (classes * batch), section 2.1 of the paper
    difference = student - teacher
    torch.testing.assert_close(slope(1e4), (difference - difference.mean(1, keepdim=True)) / 80, atol=1e-5, rtol=1e-3)
    assert 0.3 < slope(1.0).norm() / slope(10.0).norm() < 3


def test_the_defaults_are_a_temperature_of_four_and_a_tenth_of_labels():
    logits, teacher, target = torch.randn(3, 4), torch.randn(3, 4), torch.tensor([0, 3, 1])
    expected = 0.1 * F.cross_entropy(logits, target) + 0.9 * 16 * forward_kl(logits / 4, teacher / 4)
    torch.testing.assert_close(DistillationLoss()(logits, teacher, target), expected)


def test_a_hard_teacher_is_a_second_label():
    logits, teacher = torch.randn(3, 4), torch.eye(4)[:3]
    expected = F.cross_entropy(logits, torch.tensor([0, 1, 2]))
    torch.testing.assert_close(hard_distillation_loss(logits, logits, teacher, torch.tensor([0, 1, 2])), expected)


def test_features_cost_half_their_squared_distance():
    assert feature_distillation_loss(torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.zeros(2, 2)).item() == 12.5 / 2


def test_a_student_like_its_teacher_costs_the_teachers_own_entropy():
    teacher, queue = torch.randn(4, 3).double(), F.normalize(torch.randn(6, 3)).double()
    loss = SimilarityDistillationLoss(student_temperature=0.3, teacher_temperature=0.3)
    unit = F.normalize(teacher)
    shares = (torch.cat((unit @ queue.T, torch.ones(4, 1).double()), 1) / 0.3).softmax(1)
    torch.testing.assert_close(loss(5 * teacher, teacher, queue), -(shares * shares.log()).sum(1).mean())


def test_the_temperatures_of_seed_are_the_papers():
    student, teacher, queue = torch.randn(4, 3), torch.randn(4, 3), F.normalize(torch.randn(6, 3))
    given = SimilarityDistillationLoss(student_temperature=0.2, teacher_temperature=0.01)
    assert SimilarityDistillationLoss()(student, teacher, queue) == given(student, teacher, queue)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan])
def test_a_temperature_is_positive(wrong):
    with pytest.raises(ValueError, match=f"DistillationLoss: temperature must be positive; it was given {wrong}"):
        DistillationLoss(temperature=wrong)
    for name in ("student_temperature", "teacher_temperature"):
        with pytest.raises(ValueError, match=f"SimilarityDistillationLoss: {name} must be positive; it was given {wrong}"):
            SimilarityDistillationLoss(**{name: wrong})


@pytest.mark.parametrize("wrong", [-0.1, 1.1])
def test_the_labels_part_is_a_share(wrong):
    with pytest.raises(ValueError, match=f"DistillationLoss: hard_weight is a share, from 0 to 1; it was given {wrong}"):
        DistillationLoss(hard_weight=wrong)


def test_what_a_distillation_cannot_take_is_named():
    logits, target = torch.zeros(2, 3), torch.tensor([0, 1])
    with pytest.raises(ValueError, match="DistillationLoss takes two floating-point sets of logits"):
        DistillationLoss()(logits, torch.zeros(2, 4), target)
    with pytest.raises(ValueError, match="hard_distillation_loss takes two floating-point sets of logits"):
        hard_distillation_loss(logits, logits, torch.zeros(2, 4), target)
    for features in ((torch.zeros(2, 3), torch.zeros(2, 4)), (torch.zeros(3), torch.zeros(3))):
        with pytest.raises(ValueError, match=r"features \(batch, ...\) of one shape; it was given .* bring the student's"):
            feature_distillation_loss(*features)
    with pytest.raises(ValueError, match=r"SimilarityDistillationLoss takes .* student torch.float32 \(2, 3\), teacher"):
        SimilarityDistillationLoss()(logits, torch.zeros(2, 4), torch.zeros(5, 3))
    with pytest.raises(ValueError, match=r"SimilarityDistillationLoss: a queue .* \(length, 3\); it was given \(5, 4\)"):
        SimilarityDistillationLoss()(logits, logits, torch.zeros(5, 4))
