"""Classification losses beyond their cases: their settings, weights that travel with the module, and what focal loss forgets."""

import math

import pytest
import torch
from torch import nn

from groundup.losses.classification import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    FocalLoss,
    NLLLoss,
    sigmoid_focal_loss,
)


@pytest.mark.parametrize(
    "options",
    [{}, dict(reduction="sum"), dict(reduction="none"), dict(ignore_index=0), dict(weight=torch.tensor([1.0, 2.0, 3.0]))],
)
def test_each_setting_of_cross_entropy_does_what_torchs_does(options):
    logits, target = torch.randn(4, 3), torch.tensor([0, 2, 1, 0])
    torch.testing.assert_close(CrossEntropyLoss(**options)(logits, target), nn.CrossEntropyLoss(**options)(logits, target))


@pytest.mark.parametrize(
    "options",
    [{}, dict(reduction="sum"), dict(reduction="none"), dict(weight=torch.rand(3)), dict(pos_weight=torch.tensor(2.0))],
)
def test_each_setting_of_the_binary_loss_does_what_torchs_does(options):
    logits, target = torch.randn(4, 3), torch.rand(4, 3)
    torch.testing.assert_close(BCEWithLogitsLoss(**options)(logits, target), nn.BCEWithLogitsLoss(**options)(logits, target))


@pytest.mark.parametrize(
    "options",
    [{}, dict(reduction="sum"), dict(reduction="none"), dict(ignore_index=0), dict(weight=torch.tensor([1.0, 2.0, 3.0]))],
)
def test_each_setting_of_the_log_likelihood_does_what_torchs_does(options):
    log_probs, target = torch.randn(4, 3).log_softmax(1), torch.tensor([0, 2, 1, 0])
    torch.testing.assert_close(NLLLoss(**options)(log_probs, target), nn.NLLLoss(**options)(log_probs, target))


@pytest.mark.parametrize("options", [{}, dict(reduction="sum"), dict(reduction="none"), dict(weight=torch.rand(3))])
def test_each_setting_of_the_loss_of_probabilities_does_what_torchs_does(options):
    shares, target = torch.rand(4, 3), torch.rand(4, 3)
    torch.testing.assert_close(BCELoss(**options)(shares, target), nn.BCELoss(**options)(shares, target))


def test_weights_are_buffers_and_move_with_the_module():
    for loss, names in (
        (CrossEntropyLoss(weight=torch.ones(3)), ["weight"]),
        (NLLLoss(weight=torch.ones(3)), ["weight"]),
        (BCELoss(weight=torch.ones(3)), ["weight"]),
        (FocalLoss(weight=torch.ones(3)), ["weight"]),
        (BCEWithLogitsLoss(weight=torch.ones(3), pos_weight=torch.ones(3)), ["weight", "pos_weight"]),
    ):
        assert list(loss.double().state_dict()) == names
        assert not list(loss.parameters())
        assert all(value.dtype == torch.float64 for value in loss.buffers())


def test_settings_go_by_name_only():
    for loss in (CrossEntropyLoss, NLLLoss, BCELoss, BCEWithLogitsLoss, FocalLoss):
        with pytest.raises(TypeError):
            loss(torch.ones(3))


def test_without_focus_it_is_the_cross_entropy():
    logits, target = torch.randn(5, 4).double(), torch.tensor([0, 3, -100, 1, 2])
    torch.testing.assert_close(FocalLoss(gamma=0.0)(logits, target), CrossEntropyLoss()(logits, target))
    yes = torch.rand(5, 4).double()
    torch.testing.assert_close(
        sigmoid_focal_loss(logits, yes, alpha=-1, gamma=0.0, reduction="mean"), BCEWithLogitsLoss()(logits, yes)
    )


def test_an_example_at_nine_tenths_counts_a_hundredth():
    logits = torch.tensor([[math.log(9.0), 0.0]])
    assert FocalLoss()(logits, torch.tensor([0])).item() == pytest.approx(0.01 * -math.log(0.9), rel=1e-5)
    losses = sigmoid_focal_loss(logits[:, :1], torch.ones(1, 1))
    assert losses.shape == (1, 1) and losses.item() == pytest.approx(0.25 * 0.01 * -math.log(0.9), rel=1e-5)


def test_a_mean_of_focal_losses_is_over_what_is_not_ignored():
    logits, weight = torch.zeros(4, 2), torch.tensor([3.0, 5.0])
    loss = FocalLoss(weight=weight)(logits, torch.tensor([0, -100, 1, -100]))
    assert loss.item() == pytest.approx(4 * 0.25 * math.log(2))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_a_logit_that_is_sure_and_right_has_slope_zero_for_any_focus(gamma):
    logits = torch.tensor([[1e4, 0.0]], requires_grad=True)
    FocalLoss(gamma=gamma)(logits, torch.tensor([0])).backward()
    assert torch.equal(logits.grad, torch.zeros(1, 2))
    logits = torch.tensor([1e4, -1e4], requires_grad=True)
    sigmoid_focal_loss(logits, torch.tensor([1.0, 0.0]), gamma=gamma, reduction="sum").backward()
    assert torch.equal(logits.grad, torch.zeros(2))


def test_a_small_type_of_integer_names_the_classes_of_focal_loss_as_well():
    logits, target = torch.randn(3, 4), torch.tensor([0, 3, 1])
    loss = FocalLoss(weight=torch.rand(4))
    assert loss(logits, target.to(torch.uint8)) == loss(logits, target)


def test_what_focal_loss_cannot_take_is_named():
    logits, target = torch.zeros(2, 3), torch.tensor([0, 1])
    with pytest.raises(ValueError, match=r"FocalLoss: gamma must not be negative.* it was given -0.5"):
        FocalLoss(gamma=-0.5)
    with pytest.raises(ValueError, match=r"sigmoid_focal_loss: gamma must not be negative.* it was given nan"):
        sigmoid_focal_loss(torch.zeros(2), torch.zeros(2), gamma=math.nan)
    with pytest.raises(ValueError, match=r"FocalLoss takes class indices as target; it was given torch.float32 \(2, 3\)"):
        FocalLoss()(logits, torch.zeros(2, 3))
    with pytest.raises(ValueError, match="target 3 is none of the 3 classes"):
        FocalLoss()(logits, torch.tensor([0, 3]))
    with pytest.raises(ValueError, match="FocalLoss: no reduction is called 'all'"):
        FocalLoss(reduction="all")(logits, target)
    with pytest.raises(ValueError, match="sigmoid_focal_loss: no reduction is called 'all'"):
        sigmoid_focal_loss(torch.zeros(2), torch.zeros(2), reduction="all")
    with pytest.raises(ValueError, match=r"one shape; it was given \(2, 3\) and \(2,\)"):
        sigmoid_focal_loss(logits, torch.zeros(2))
    for alpha in (-0.5, 1.5, -2.0):
        with pytest.raises(ValueError, match=f"alpha lies between 0 and 1, or is -1 for none; it was given {alpha}"):
            sigmoid_focal_loss(torch.zeros(2), torch.zeros(2), alpha=alpha)
