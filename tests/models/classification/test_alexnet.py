"""AlexNet beyond its case: the published size, the start, the maps, where dropout strikes, and what its ideas do."""

import pytest
import torch

from groundup.cases.classification.alexnet import torchvision
from groundup.layers.dropout import Dropout
from groundup.models.backbone import Backbone
from groundup.models.classification.alexnet import CARD, WEIGHTS, alexnet, last_side
from groundup.parity.compare import randomize
from groundup.weights.rules import rename
from tests.models.official import assert_same_answers, assert_same_names_and_shapes

TINY = dict(num_classes=5, width=4, hidden_dim=6)


def test_the_published_size_has_torchvisions_names_and_shapes():
    models = pytest.importorskip("torchvision").models
    assert_same_names_and_shapes(alexnet, models.alexnet, WEIGHTS["torchvision"])


def test_with_torchvisions_weights_it_answers_as_torchvision_does():
    pytest.importorskip("torchvision")
    images = torch.randn(2, 3, 100, 79, dtype=torch.float64)
    assert_same_answers(alexnet(num_classes=7, hidden_dim=10), torchvision(), WEIGHTS["torchvision"], images)


def test_the_weights_start_as_torchvisions_do_number_by_number():
    models = pytest.importorskip("torchvision").models
    torch.manual_seed(0)
    ours = alexnet(num_classes=7).state_dict()
    torch.manual_seed(0)
    theirs = rename(models.alexnet(num_classes=7).state_dict(), WEIGHTS["torchvision"])
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_dropout_strikes_out_what_torchvisions_does():
    pytest.importorskip("torchvision")
    theirs = randomize(torchvision().double())
    theirs.classifier[0].p = theirs.classifier[3].p = 0.4
    ours = alexnet(num_classes=7, hidden_dim=10, dropout=0.4).double()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS["torchvision"]))
    images, answers = torch.randn(2, 3, 63, 63, dtype=torch.float64), []
    for model in (ours, theirs):
        torch.manual_seed(0)  # fused dropout draws as torch's does
        answers.append(model.train()(images))
    torch.testing.assert_close(*answers)


def test_half_is_struck_out_in_training_and_nothing_in_evaluation():
    model = alexnet(**TINY)
    assert [layer.p for layer in model.hidden if isinstance(layer, Dropout)] == [0.5, 0.5]
    images = torch.randn(1, 3, 80, 80)
    assert not torch.equal(model(images), model(images))
    assert torch.equal(model.eval()(images), model(images))


def test_maps_have_the_channels_and_strides_that_are_announced():
    model = alexnet(**TINY).eval()
    images = torch.randn(2, 3, 224, 256)
    assert isinstance(model, Backbone)
    assert model.feature_channels == (4, 12, 16)
    assert model.feature_strides == (4, 8, 16)
    assert [tuple(x.shape) for x in model.features(images)] == [(2, 4, 55, 63), (2, 12, 27, 31), (2, 16, 13, 15)]


def test_the_published_size_is_what_is_announced():
    with torch.device("meta"):
        model = alexnet()
    assert model.feature_channels == (64, 192, 256)
    millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    assert f"{millions:.1f} million parameters" in CARD["sizes"]["alexnet"]


def test_the_maps_are_those_that_the_answer_is_made_of():
    model = alexnet(**TINY).eval()
    images = torch.randn(1, 3, 224, 224)
    last = model.body[-1](model.features(images)[-1])
    assert torch.equal(model.head(model.hidden(last.flatten(1))), model(images))


@pytest.mark.parametrize("image_size", [63, 64, 95, 127, 224, 227, 256])
def test_the_wide_layers_take_the_last_map_of_an_announced_size_as_it_is(image_size):
    model = alexnet(image_size=image_size, **TINY).eval()
    last = model.body(torch.randn(1, 3, image_size, image_size))
    assert tuple(last.shape[2:]) == (model.side, model.side) == (last_side(image_size), last_side(image_size))
    assert model.hidden[1].weight.shape == (6, last[0].numel())


def test_any_size_from_63_pixels_and_one_channel_are_taken():
    model = alexnet(in_channels=1, image_size=64, **TINY).eval()
    for height, width in ((63, 63), (63, 250), (224, 200)):
        assert model(torch.randn(1, 1, height, width)).shape == (1, 5)


@pytest.mark.parametrize("shape", [(1, 3, 62, 100), (1, 3, 100, 62), (3, 100, 100)])
def test_smaller_pictures_and_pictures_without_a_batch_are_refused(shape):
    model = alexnet(**TINY)
    for asked in (model, model.features):
        with pytest.raises(
            ValueError, match=r"AlexNet takes \(batch, channels, height, width\) of at least 63x63 pixels; it was"
        ):
            asked(torch.randn(shape))


def test_an_image_size_that_no_picture_can_have_is_refused():
    with pytest.raises(ValueError, match="AlexNet takes pictures of at least 63x63 pixels; image_size was 62"):
        alexnet(image_size=62)


def test_nothing_saturates_a_picture_ten_thousand_times_brighter_gives_logits_ten_thousand_times_larger():
    model = alexnet(**TINY).double().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.mul_(0 if name.endswith("bias") else 3)
        images = torch.rand(2, 3, 80, 80, dtype=torch.float64)
        torch.testing.assert_close(model(1e4 * images), 1e4 * model(images))


def test_windows_of_the_poolings_overlap_so_that_a_pixel_can_be_the_largest_of_four():
    pool = alexnet(**TINY).body[2]
    picture = torch.zeros(1, 1, 7, 7)
    picture[..., 2, 4] = 1
    assert pool(picture).sum() == 4
