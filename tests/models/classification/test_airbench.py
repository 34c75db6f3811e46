"""Airbench beyond its case: what learns, how it begins, and the sizes that it takes."""

import pytest
import torch

from groundup.models.backbone import Backbone
from groundup.models.classification.airbench import ConvGroup, airbench94, airbench95


def small(**changes):
    return airbench94(**{"num_classes": 5, "widths": (4, 6, 8)} | changes)


def test_the_published_sizes():
    for size, parameters in ((airbench94, 1_972_792), (airbench95, 4_606_520)):
        model = size()
        learning = sum(p.numel() for p in model.parameters() if p.requires_grad)
        assert sum(p.numel() for p in model.parameters()) == parameters, size.__name__
        assert parameters - learning == 24 * 12 + 2 * sum(model.feature_channels)  # the filters, and the gains of the norms


def test_the_first_layer_is_given_and_does_not_learn():
    whitening = torch.randn(24, 3, 2, 2)
    model = small(whitening=whitening.tolist())
    assert torch.equal(model.whiten.weight, whitening) and not model.whiten.bias.any()
    model(torch.randn(2, 3, 32, 32)).sum().backward()
    assert model.whiten.weight.grad is None and model.whiten.bias.grad is not None


def test_a_group_begins_by_passing_its_input_on():
    group = ConvGroup(in_channels=3, channels=8)
    x = torch.randn(2, 3, 6, 6)
    torch.testing.assert_close(group.conv1(x)[:, :3], x)
    assert group.conv1(x)[:, 3:].abs().mean() > 0.1
    y = torch.randn(2, 8, 6, 6)
    torch.testing.assert_close(group.conv2(y), y)


@pytest.mark.parametrize(("height", "width"), [(9, 9), (28, 28), (32, 40), (64, 64)])
def test_maps_have_the_channels_and_strides_that_are_announced(height, width):
    model = small().eval()
    maps = model.features(torch.randn(2, 3, height, width))
    assert isinstance(model, Backbone)
    expected = [(2, c, (height - 1) // s, (width - 1) // s) for c, s in zip(model.feature_channels, model.feature_strides)]
    assert [tuple(x.shape) for x in maps] == expected
    assert model(torch.randn(2, 3, height, width)).shape == (2, 5)


def test_smaller_pictures_are_refused():
    with pytest.raises(ValueError, match="takes pictures of 9x9 pixels or more; these have 8x32"):
        small()(torch.randn(1, 3, 8, 32))
