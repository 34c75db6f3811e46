"""The reliability diagram's numbers, against torchmetrics and by hand."""

import pytest
import torch
from torchmetrics.classification import MulticlassCalibrationError

from groundup.explain.calibration import draw_calibration, reliability


def test_two_bins_by_hand():
    found = reliability(torch.tensor([0.3, 0.4, 0.6, 0.8, 0.7]), torch.tensor([True, False, True, True, False]), bins=2)
    assert found.count.tolist() == [2, 3]
    assert found.confidence.tolist() == pytest.approx([0.35, 0.7])
    assert found.accuracy.tolist() == pytest.approx([0.5, 2 / 3])
    assert found.error == pytest.approx(2 / 5 * 0.15 + 3 / 5 * (0.7 - 2 / 3))
    assert (found.mean_confidence, found.mean_accuracy) == pytest.approx((0.56, 0.6))


def test_it_is_the_error_that_torchmetrics_finds_in_the_probabilities_of_all_classes():
    shares = torch.softmax(2 * torch.randn(500, 7), -1)
    truth = torch.randint(7, (500,))
    confidence, label = shares.max(-1)
    expected = MulticlassCalibrationError(num_classes=7, n_bins=15, norm="l1")(shares, truth).item()
    assert reliability(confidence, label == truth).error == pytest.approx(expected, rel=1e-5)


def test_the_bars_add_up_to_the_error_also_where_answers_are_wholly_sure():
    confidence = torch.cat([torch.rand(300), torch.ones(50)])
    found = reliability(confidence, torch.rand(350) < 0.6)
    assert len(found.count) == 15 and found.count.sum() == 350
    gaps = (found.accuracy - found.confidence).abs()
    assert found.error == pytest.approx((found.count * gaps).sum().item() / 350, rel=1e-5)


def test_a_classifier_that_is_as_sure_as_it_is_right_has_no_error():
    confidence = torch.tensor([0.75] * 4 + [0.5] * 2)
    right = torch.tensor([True, True, True, False, True, False])
    assert reliability(confidence, right).error == pytest.approx(0, abs=1e-6)


def test_empty_bins_are_no_number_and_are_not_drawn():
    found = reliability(torch.tensor([0.95, 0.96]), torch.tensor([True, False]))
    assert found.count.tolist() == [0] * 14 + [2]
    assert found.accuracy[:14].isnan().all() and found.accuracy[14] == 0.5
    assert draw_calibration(found).size > (300, 300)
