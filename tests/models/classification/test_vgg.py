"""VGG beyond its case: the published sizes, the names of two libraries, small pictures, and what its ideas do."""

import weakref

import pytest
import torch

from groundup.cases.classification.vgg import SIZE, timm, torchvision
from groundup.layers.convolution import Conv2d
from groundup.layers.dropout import Dropout
from groundup.models.backbone import Backbone
from groundup.models.classification import vgg
from groundup.models.classification.vgg import VGG, WEIGHTS, vgg11, vgg11_bn
from groundup.parity.compare import randomize
from groundup.weights.rules import rename, restore
from tests.models.official import assert_same_answers, assert_same_names_and_shapes

SIZES = [f"vgg{layers}{norm}" for norm in ("", "_bn") for layers in (11, 13, 16, 19)]
TINY = dict(num_classes=5, width=4, hidden_dim=6)


@pytest.mark.parametrize("size", SIZES)
def test_each_published_size_has_torchvisions_names_and_shapes(size):
    models = pytest.importorskip("torchvision").models
    assert_same_names_and_shapes(getattr(vgg, size), getattr(models, size), WEIGHTS["torchvision"])


@pytest.mark.parametrize("size", SIZES)
def test_each_published_size_has_timms_names_and_shapes(size):
    create_model = pytest.importorskip("timm").create_model
    assert_same_names_and_shapes(getattr(vgg, size), lambda: create_model(size), WEIGHTS["timm"])


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("theirs", [torchvision, timm])
def test_with_the_weights_of_other_libraries_it_answers_as_they_do(theirs, batch_norm):
    pytest.importorskip(theirs.__name__)
    ours = (vgg11_bn if batch_norm else vgg11)(**SIZE)
    images = torch.randn(2, 3, 100, 255, dtype=torch.float64)
    assert_same_answers(ours, theirs(batch_norm), WEIGHTS[theirs.__name__], images)


def test_weights_for_another_picture_size_do_not_go_out_to_timm():
    with torch.device("meta"):
        small = vgg11(image_size=32).state_dict()
    with pytest.raises(ValueError, match=r"hidden.0.weight of shape \(4096, 512\) does not divide into the sizes \(-1, 7, 7\)"):
        restore(small, WEIGHTS["timm"])


@pytest.mark.parametrize("size", ["vgg11", "vgg13_bn"])
def test_the_weights_start_as_torchvisions_do_number_by_number(size, monkeypatch):
    models = pytest.importorskip("torchvision").models

    class Narrow(torch.nn.Linear):
        """So that 120 million numbers need not be drawn."""

        def __init__(self, in_features: int, out_features: int):
            narrow = {512 * 7 * 7: 512, 4096: 6}
            super().__init__(narrow.get(in_features), narrow.get(out_features, out_features))

    monkeypatch.setattr(torch.nn, "Linear", Narrow)
    torch.manual_seed(0)
    theirs = rename(getattr(models, size)(num_classes=5).state_dict(), WEIGHTS["torchvision"])
    torch.manual_seed(0)
    ours = getattr(vgg, size)(image_size=32, num_classes=5, hidden_dim=6).state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_dropout_strikes_out_what_torchvisions_does():
    pytest.importorskip("torchvision")
    theirs = randomize(torchvision(batch_norm=False).double())
    theirs.classifier[2].p = theirs.classifier[5].p = 0.4
    ours = vgg11(dropout=0.4, **SIZE).double()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS["torchvision"]))
    images, answers = torch.randn(2, 3, 32, 32, dtype=torch.float64), []
    for model in (ours, theirs):
        torch.manual_seed(0)  # fused dropout draws as torch's does
        answers.append(model.train()(images))
    torch.testing.assert_close(*answers)


@pytest.mark.parametrize("size", SIZES)
def test_each_size_is_what_is_announced(size):
    with torch.device("meta"):
        model = getattr(vgg, size)()
    convolutions = sum(isinstance(layer, Conv2d) for layer in model.body)
    assert f"{convolutions + 3}" in size  # two wide layers and the head
    assert model.feature_channels == (64, 128, 256, 512, 512)
    assert [layer.p for layer in model.hidden if isinstance(layer, Dropout)] == [0.5, 0.5]
    millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    assert f"{millions:.1f} million parameters" in vgg.CARD["sizes"][size]


@pytest.mark.parametrize("size", ["vgg11", "vgg16_bn"])
def test_maps_have_the_channels_and_strides_that_are_announced(size):
    model = getattr(vgg, size)(**TINY).eval()
    maps = model.features(torch.randn(2, 3, 64, 96))
    assert isinstance(model, Backbone)
    assert model.feature_channels == (4, 8, 16, 32, 32)
    assert model.feature_strides == (1, 2, 4, 8, 16)
    expected = [(2, c, 64 // s, 96 // s) for c, s in zip(model.feature_channels, model.feature_strides, strict=True)]
    assert [tuple(x.shape) for x in maps] == expected
    assert all(x.min() == 0 for x in maps)  # behind the ReLU


@pytest.mark.parametrize("image_size", [32, 63, 64, 224, 256])
def test_the_wide_layers_take_the_last_map_of_an_announced_size_as_it_is(image_size):
    model = vgg11(image_size=image_size, **TINY).eval()
    images = torch.randn(1, 3, image_size, image_size)
    last = model.body[-1](model.features(images)[-1])
    assert last.shape[2:] == (image_size // 32, image_size // 32)
    assert torch.equal(model.head(model.hidden(last.flatten(1))), model(images))


def test_an_answer_holds_no_map_longer_than_it_is_needed():
    model, seen, held = vgg11(**TINY).eval(), [], []
    for layer in model.body:
        layer.register_forward_hook(lambda module, args, output: seen.append(weakref.ref(output)))
    model.head.register_forward_pre_hook(lambda module, args: held.extend(found() for found in seen))
    with torch.no_grad():
        model(torch.randn(1, 3, 32, 32))
    assert held == [None] * len(model.body)


def test_any_size_from_32_pixels_and_one_channel_are_taken():
    model = vgg11_bn(in_channels=1, image_size=64, **TINY).eval()
    for height, width in ((32, 32), (33, 250), (224, 200)):
        assert model(torch.randn(1, 1, height, width)).shape == (1, 5)


@pytest.mark.parametrize("shape", [(1, 3, 31, 100), (1, 3, 100, 31), (3, 100, 100)])
def test_smaller_pictures_and_pictures_without_a_batch_are_refused(shape):
    model = vgg11(**TINY)
    for asked in (model, model.features):
        with pytest.raises(ValueError, match=r"VGG takes \(batch, channels, height, width\) of at least 32x32 pixels; it was"):
            asked(torch.randn(shape))


def test_an_image_size_that_no_picture_can_have_is_refused():
    with pytest.raises(ValueError, match="VGG takes pictures of at least 32x32 pixels; image_size was 31"):
        vgg11(image_size=31)


@pytest.mark.parametrize(("depth", "seen"), [(1, 3), (2, 5), (3, 7)])
def test_kernels_of_3x3_in_a_row_see_as_far_as_a_larger_one(depth, seen):
    model = VGG(layers=(depth, 1, 1, 1, 1), batch_norm=False, in_channels=1, image_size=32, dropout=0.0, **TINY)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.abs_()
    image = torch.ones(1, 1, 33, 33, requires_grad=True)
    model.features(image)[0][..., 16, 16].sum().backward()
    edge = seen // 2
    counted = image.grad[0, 0] > 0
    assert counted[16 - edge : 17 + edge, 16 - edge : 17 + edge].all()
    assert counted.sum() == seen**2


def spread(model: VGG) -> list[float]:
    """The standard deviation of each map that one batch of noise gives."""
    return [x.std().item() for x in model.features(torch.randn(4, 3, 64, 64))]


def test_what_goes_through_19_layers_keeps_its_size_from_hes_start_and_is_lost_from_one_small_size():
    torch.manual_seed(0)
    model = vgg.vgg19(num_classes=5, width=16, hidden_dim=6)
    first, *_, last = spread(model)
    assert 0.2 < last / first < 5
    with torch.no_grad():
        for layer in model.body:
            if isinstance(layer, Conv2d):
                layer.weight.normal_(0, 0.01)  # as the paper's shallow network begins
    first, *_, last = spread(model)
    assert last / first < 1e-6


def test_behind_a_batch_norm_the_size_of_the_kernels_does_not_matter():
    torch.manual_seed(0)
    model = vgg11_bn(**TINY).double()
    images = torch.rand(4, 3, 64, 64, dtype=torch.float64)
    before = model.features(images)
    with torch.no_grad():
        for layer in model.body:
            if isinstance(layer, Conv2d):
                layer.weight.mul_(100)
    for x, y in zip(before, model.features(images), strict=True):
        torch.testing.assert_close(x, y, rtol=0, atol=1e-3)
