"""Classification losses beyond their cases: their settings, and weights that travel with the module."""

import pytest
import torch
from torch import nn

from groundup.losses.classification import BCEWithLogitsLoss, CrossEntropyLoss


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


def test_weights_are_buffers_and_move_with_the_module():
    for loss, names in (
        (CrossEntropyLoss(weight=torch.ones(3)), ["weight"]),
        (BCEWithLogitsLoss(weight=torch.ones(3), pos_weight=torch.ones(3)), ["weight", "pos_weight"]),
    ):
        assert list(loss.double().state_dict()) == names
        assert not list(loss.parameters())
        assert all(value.dtype == torch.float64 for value in loss.buffers())


def test_settings_go_by_name_only():
    for loss in (CrossEntropyLoss, BCEWithLogitsLoss):
        with pytest.raises(TypeError):
            loss(torch.ones(3))
