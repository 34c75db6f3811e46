"""SSD beyond its case: the published size, torchvision's names and start, the maps and default boxes, what it refuses."""

import pytest
import torch

from groundup.models.backbone import Backbone
from groundup.models.classification.nin import nin
from groundup.models.classification.vgg import vgg11_bn, vgg16
from groundup.models.detection.ssd import CARD, SMALLEST, WEIGHTS, ssd300_vgg16, ssd_small
from groundup.parity.compare import randomize
from groundup.weights.layout import fitting
from groundup.weights.rules import rename, restore
from tests.models.official import assert_same_names_and_shapes

TINY = dict(num_classes=3, width=2)


def torchvisions(**options):
    detection = pytest.importorskip("torchvision").models.detection
    return detection.ssd300_vgg16(weights=None, weights_backbone=None, **options)


def test_the_published_size_has_torchvisions_names_and_shapes():
    assert_same_names_and_shapes(ssd300_vgg16, torchvisions, WEIGHTS["torchvision"])
    with torch.device("meta"):
        millions = {size.__name__: sum(p.numel() for p in size().parameters()) / 1e6 for size in (ssd300_vgg16, ssd_small)}
    for size, number in millions.items():
        assert f"{number:.1f} million parameters" in CARD["sizes"][size]


def test_the_weights_go_back_to_torchvision_as_they_came():
    with torch.device("meta"):
        official = torchvisions().state_dict()
    numbered = {name: torch.tensor(float(number)) for number, name in enumerate(official)}
    back = restore(rename(numbered, WEIGHTS["torchvision"]), WEIGHTS["torchvision"])
    assert back == numbered


def test_the_weights_start_as_torchvisions_do(monkeypatch):
    pytest.importorskip("torchvision")

    class Narrow(torch.nn.Linear):
        """So that the 120 million numbers of the wide layers, which go, need not be drawn."""

        def __init__(self, in_features: int, out_features: int):
            super().__init__(1, 1)

    monkeypatch.setattr(torch.nn, "Linear", Narrow)
    theirs = rename(torchvisions(num_classes=4).state_dict(), WEIGHTS["torchvision"])
    for name, ours in ssd300_vgg16(num_classes=3).state_dict().items():
        mine, reference = ours.flatten()[:100_000], theirs[name].flatten()[:100_000]
        assert mine.std(correction=0).item() == pytest.approx(reference.std(correction=0).item(), rel=0.1), name
        assert mine.mean().item() == pytest.approx(reference.mean().item(), abs=3e-3), name


def test_a_picture_of_300_pixels_has_the_papers_8732_default_boxes():
    model = ssd300_vgg16(**TINY).eval()
    said = model(torch.randn(1, 3, 300, 300))
    assert said.default_boxes.shape == (8732, 4)
    assert said.logits.shape == (1, 8732, 4) and said.codes.shape == (1, 8732, 4)
    sides = [tuple(x.shape[2:]) for x in model.levels(torch.randn(1, 3, 300, 300))]
    assert sides == [(side, side) for side in (38, 19, 10, 5, 3, 1)]


def test_what_is_said_of_a_box_comes_from_its_own_place():
    """Of each level, a change at one place of its map changes what is said of the boxes within 3x3 places of it alone."""
    model = randomize(ssd_small(num_classes=3, width=4).double()).eval()
    x = torch.zeros(1, model.levels.channels[0], 5, 7, dtype=torch.float64)
    changed = x.clone()
    changed[..., 1, 5] = 1
    boxes = 4
    for before, after in zip(model.head[0](x), model.head[0](changed), strict=True):
        different = (before != after).any(-1).view(5, 7, boxes).any(-1)
        assert torch.nonzero(different).tolist() == [[row, column] for row in (0, 1, 2) for column in (4, 5, 6)]


def test_each_pixel_of_conv4_is_brought_to_the_length_that_is_learnt_and_gradients_pass_where_it_is_nothing():
    model = ssd300_vgg16(num_classes=3, width=4)
    images = torch.rand(1, 3, SMALLEST, SMALLEST)
    first = model.levels(images)[0]
    lengths = first.square().sum(1).sqrt()
    torch.testing.assert_close(lengths[lengths > 0], torch.full_like(lengths[lengths > 0], 20.0))
    with torch.no_grad():
        model.levels.to_conv4[0].weight.zero_()
    model.levels(images)[0].sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.levels.to_conv4.parameters())


@pytest.mark.parametrize("body", [vgg11_bn(num_classes=2, width=4, hidden_dim=1, image_size=32), nin(num_classes=2)])
def test_any_backbone_does_and_its_head_is_taken_off(body):
    assert isinstance(body, Backbone)
    model = ssd_small(num_classes=3, backbone=body, first=1, num_extra=1).eval()
    said = model(torch.randn(1, 3, 100, 130))
    assert said.logits.shape[1] == said.codes.shape[1] == len(said.default_boxes) > 0
    assert not any("backbone.head" in name for name in model.state_dict())


def test_default_boxes_grow_with_the_picture():
    model = ssd_small(num_classes=3, width=2).eval()
    small, large = (model(torch.randn(1, 3, side, 2 * side)).default_boxes for side in (64, 128))
    torch.testing.assert_close(2 * (small[-4:, 2:] - small[-4:, :2]), large[-4:, 2:] - large[-4:, :2])
    assert len(large) > 3 * len(small)


def test_a_vggs_own_body_is_what_the_maps_come_from():
    """The convolutions are those of VGG-16 in their order; only the third pooling rounds up instead of down."""
    ours, theirs = ssd300_vgg16(**TINY), vgg16(num_classes=1, width=2, hidden_dim=1, image_size=32)
    body = [*ours.levels.to_conv4, *ours.levels.to_conv5]
    assert [type(a) for a in body] == [type(b) for b in theirs.body[:-1]]
    images = torch.randn(1, 3, 288, 288)
    with torch.no_grad():
        for mine, other in zip(body, theirs.body):
            for name, weight in other.named_parameters():
                getattr(mine, name).copy_(weight)
        assert torch.equal(ours.levels.to_conv4(images), theirs.features(images)[3])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ssd300_vgg16(**TINY)(torch.zeros(1, 3, 267, 300)), "SSD300 takes .* at least 268x268 pixels"),
        (lambda: ssd_small(width=2, first=4), "of the 4 maps of ResNet the first that is asked is 0 to 3.*first=4"),
        (lambda: ssd_small(width=2, num_extra=-1), "0 or more are added"),
        (lambda: ssd_small(width=2, scales=(0.1, 0.2)), "5 maps take as many lists of aspect ratios and one scale more"),
    ],
)
def test_sizes_that_cannot_be_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_training_can_begin_from_vgg_16s_features_alone():
    asked = ssd300_vgg16(**TINY).state_dict()
    with torch.device("meta"):
        names = {**vgg16(num_classes=5, width=2, hidden_dim=3).state_dict()}
    official = {
        name.replace("body", "features"): torch.full(value.shape, float(number))
        for number, (name, value) in enumerate(names.items())
    }
    official["head.weight"].fill_(float("nan"))  # as in the file of features: what is not used may be anything
    fit = fitting(official, {"groundup": (), **WEIGHTS}, asked, keep_head=False)
    assert (fit.layout, fit.faults) == ("torchvision_backbone", [])
    assert torch.equal(fit.state["levels.to_conv5.5.bias"], official["features.28.bias"])
    assert fit.anew == [f"26 tensors of the backbone; the other {len(asked) - 26} begin anew"]
    del official["features.28.bias"]
    damaged = fitting(official, {"groundup": (), **WEIGHTS}, asked, keep_head=False)
    assert "levels.to_conv5.5.bias" in damaged.faults[0]


def test_whole_weights_that_lack_a_tensor_are_not_taken_for_a_backbone():
    asked = ssd300_vgg16(**TINY).state_dict()
    whole = restore(asked, WEIGHTS["torchvision"])
    del whole["backbone.scale_weight"]
    found = fitting(whole, {"groundup": (), **WEIGHTS}, asked, keep_head=False)
    assert found.layout == "torchvision" and found.faults == ["missing: levels.lengths"]


def test_a_detector_of_other_classes_is_begun_from_but_for_what_says_the_classes():
    learnt, asked = ssd300_vgg16(num_classes=7, width=2).state_dict(), ssd300_vgg16(**TINY).state_dict()
    fit = fitting(restore(learnt, WEIGHTS["torchvision"]), {"groundup": (), **WEIGHTS}, asked, keep_head=False)
    assert not fit.faults and asked.keys() - fit.state.keys() == {name for name in asked if ".classes." in name}
