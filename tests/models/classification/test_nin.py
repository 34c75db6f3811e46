"""NiN beyond its case: both networks, their start, the pyramid, and what its two ideas promise."""

import math

import pytest
import torch
import torch.nn.functional as F

from groundup.cases.classification.nin import SIZE, composed, composed_rules
from groundup.models.backbone import Backbone
from groundup.models.classification.nin import MLPConv, nin
from tests.models.official import assert_same_answers

TINY = dict(num_classes=5, width_mult=1 / 32)


def test_the_network_for_photographs_answers_as_the_composed_one():
    ours = nin(**SIZE | dict(stem_stride=4))
    assert_same_answers(ours, composed(4), composed_rules(4), torch.randn(2, 3, 79, 66, dtype=torch.float64))


@pytest.mark.parametrize(
    ("settings", "widths", "kernels", "parameters"),
    [
        (dict(), [192, 160, 96, 192, 192, 192, 192, 192, 10], [5, 5, 3], 966_986),
        (
            dict(stem_stride=4, num_classes=1000),
            [96, 96, 96, 256, 256, 256, 384, 384, 384, 1024, 1024, 1000],
            [11, 5, 3, 3],
            7_595_176,
        ),
    ],
    ids=["CIFAR-10", "ImageNet"],
)
def test_the_published_sizes_are_those_of_the_authors(settings, widths, kernels, parameters):
    with torch.device("meta"):
        model = nin(**settings)
    weights = [parameter for parameter in model.parameters() if parameter.dim() == 4]
    assert [len(weight) for weight in weights] == widths
    assert [weight.shape[-1] for weight in weights if weight.shape[-1] > 1] == kernels
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters


def test_dropout_stands_where_the_authors_have_it():
    placed = [[stage[1].p for stage in nin(stem_stride=stride, **TINY).stages[1:]] for stride in (1, 4)]
    assert placed == [[0.5, 0.5], [0.0, 0.0, 0.5]]


@pytest.mark.parametrize(("settings", "size"), [(dict(), 32), (dict(stem_stride=4, num_classes=1000), 96)])
def test_fresh_weights_keep_the_size_of_what_goes_through_and_guess(settings, size):
    torch.manual_seed(0)
    model = nin(**settings).eval()
    images = torch.randn(4, 3, size, size)
    with torch.no_grad():
        logits, maps = model(images), model.features(images)
    assert all(0.3 < x.square().mean().sqrt() < 5 for x in maps)
    assert F.cross_entropy(logits, torch.arange(4)).item() == pytest.approx(math.log(logits.shape[1]), rel=0.1)
    assert (logits > 0).float().mean() > 0.95  # a class whose map is 0 everywhere would not learn


@pytest.mark.parametrize("stem_stride", [1, 4])
def test_maps_have_the_channels_and_strides_that_are_announced(stem_stride):
    model = nin(stem_stride=stem_stride, **TINY).eval()
    side, sides = (32, [32, 16, 8]) if stem_stride == 1 else (71, [16, 8, 4, 2])
    maps = model.features(torch.randn(2, 3, side, side))
    assert isinstance(model, Backbone)
    assert [tuple(x.shape) for x in maps] == [(2, c, side, side) for c, side in zip(model.feature_channels, sides, strict=True)]
    assert model.feature_strides == tuple(stem_stride * 2**number for number in range(len(sides)))


def test_an_mlpconv_is_a_perceptron_at_every_place():
    layer = MLPConv(in_channels=2, channels=(5, 4, 3), kernel_size=3, padding=1).double()
    x = torch.randn(1, 2, 6, 7, dtype=torch.float64)
    expected = F.unfold(x, 3, padding=1)[0].T  # (places, patch)
    for part in layer.layers:
        expected = (expected @ part.weight.flatten(1).T + part.bias).clamp(min=0)
    assert torch.allclose(layer(x)[0].flatten(1).T, expected)


def test_each_logit_is_the_mean_of_its_classs_map():
    model = nin(**TINY).eval()
    images = torch.randn(2, 3, 20, 28)
    maps = model.class_maps(images)
    assert maps.shape == (2, 5, 5, 7)
    assert maps.min() >= 0
    assert torch.allclose(model(images), maps.mean((2, 3)))


def test_where_a_thing_is_seen_moves_with_it_and_the_logits_do_not():
    torch.manual_seed(0)
    model = nin(**TINY).double().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()  # so that the empty ground stays empty
    thing = torch.randn(3, 6, 6, dtype=torch.float64)
    images = torch.zeros(2, 3, 64, 64, dtype=torch.float64)
    images[0, :, 20:26, 20:26], images[1, :, 28:34, 36:42] = thing, thing
    maps = model.class_maps(images)
    assert maps.abs().max() > 0
    assert torch.allclose(maps[1], maps[0].roll((2, 4), (1, 2)))
    assert torch.allclose(*model(images))


def test_only_the_head_depends_on_the_classes():
    shapes = [{name: x.shape for name, x in nin(**TINY | dict(num_classes=n)).state_dict().items()} for n in (5, 6)]
    assert {name for name in shapes[0] if shapes[0][name] != shapes[1][name]} == {"head.weight", "head.bias"}


@pytest.mark.parametrize(("stem_stride", "least"), [(1, 4), (4, 39)])
def test_a_picture_too_small_is_refused_and_the_smallest_taken(stem_stride, least):
    model = nin(stem_stride=stem_stride, in_channels=1, **TINY)
    assert model(torch.randn(1, 1, least, least)).shape == (1, 5)
    for height, width in ((least - 1, 50), (50, least - 1)):
        message = (
            f"NiN with stem_stride={stem_stride} takes pictures of at least {least}x{least} pixels; these have {height}x{width}"
        )
        with pytest.raises(ValueError, match=message):
            model(torch.randn(1, 1, height, width))


def test_another_stem_is_refused():
    with pytest.raises(ValueError, match="stem_stride is 1, for small pictures, or 4, for photographs; it was given 2"):
        nin(stem_stride=2)
