"""FCN with its skips: the paper's size, the start, any picture, any backbone."""

import pytest
import torch
from torch.nn.functional import interpolate

from groundup.models.classification.googlenet import googlenet
from groundup.models.classification.resnet import resnet18
from groundup.models.segmentation import fcn
from groundup.models.segmentation.fcn import FCN, Enlargement, fcn8s, fcn16s, fcn32s, fcn_light
from groundup.parity.compare import randomize

SMALL = dict(num_classes=4, width=2, hidden_channels=6)


def test_on_vgg16_it_has_the_134_million_parameters_of_the_papers_table():
    with torch.device("meta"):
        model = fcn32s()
    enlarging = sum(p.numel() for p in model.last.parameters())
    assert sum(p.numel() for p in model.parameters()) - enlarging == pytest.approx(134e6, rel=5e-3)
    assert enlarging == 21 * 21 * 64 * 64


@pytest.mark.parametrize(("size", "millions"), [("fcn32s", 136.2), ("fcn16s", 134.8), ("fcn8s", 134.5), ("fcn_light", 2.9)])
def test_each_size_has_as_many_parameters_as_its_card_says(size, millions):
    with torch.device("meta"):
        model = getattr(fcn, size)()
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)
    assert f"{millions} million" in fcn.CARD["sizes"][size] and f"{millions} million" in getattr(fcn, size).__doc__


@pytest.mark.parametrize(("size", "steps"), [(fcn32s, [32]), (fcn16s, [2, 16]), (fcn8s, [2, 2, 8])])
def test_the_last_step_enlarges_by_what_the_name_says(size, steps):
    model = size(**SMALL)
    assert [part.convolution.stride for part in (*model.enlarge, model.last)] == steps


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_an_enlargement_begins_as_bilinear_interpolation_away_from_the_border(factor):
    x = torch.randn(2, 3, 5, 6)
    with torch.no_grad():
        ours = Enlargement(channels=3, factor=factor)(x)
    theirs = interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
    inside = (..., slice(factor, -factor), slice(factor, -factor))
    torch.testing.assert_close(ours[inside], theirs[inside])
    assert ours.shape == theirs.shape and not torch.allclose(ours, theirs)


def test_an_untrained_network_calls_every_class_equally_likely():
    assert not fcn8s(**SMALL).eval()(torch.randn(1, 3, 40, 33)).any()


def test_a_new_skip_leaves_what_was_learnt_before_it_as_it_is():
    coarse, fine = randomize(fcn32s(**SMALL)).eval(), fcn16s(**SMALL).eval()
    fine.body.load_state_dict(coarse.body.state_dict())
    fine.hidden.load_state_dict(coarse.hidden.state_dict())
    fine.score.load_state_dict(coarse.score.state_dict())
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        scores = coarse.score(coarse.hidden(torch.nn.functional.max_pool2d(coarse.body.features(images)[-1], 2)))
        torch.testing.assert_close(fine(images), fine.last(fine.enlarge[0](scores)))
        fine.skip[0].head.bias.fill_(1.0)
        assert not torch.allclose(fine(images), fine.last(fine.enlarge[0](scores)))


def test_a_picture_of_any_size_gets_a_score_at_each_of_its_pixels():
    model = randomize(fcn_light(num_classes=4, backbone=resnet18(width=4))).eval()
    with torch.no_grad():
        for height, width in ((1, 1), (33, 64), (70, 31)):
            assert model(torch.randn(2, 3, height, width)).shape == (2, 4, height, width)


def test_what_fills_a_picture_up_is_nothing_but_zeros_on_the_right_and_below():
    model = randomize(fcn_light(num_classes=4, backbone=resnet18(width=4, stem_stride=1))).eval()
    images = torch.randn(1, 3, 13, 21)
    filled = torch.zeros(1, 3, 16, 24)
    filled[:, :, :13, :21] = images
    with torch.no_grad():
        torch.testing.assert_close(model(images), model(filled)[:, :, :13, :21])


def test_nothing_of_the_classifier_is_left_that_could_not_learn():
    model = randomize(fcn8s(**SMALL))
    model(torch.randn(1, 3, 32, 32)).square().mean().backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None]


def test_it_stands_on_other_backbones_too_and_every_weight_of_them_learns():
    backbone = googlenet(num_classes=1, width_mult=1 / 16, auxiliary=False)
    model = randomize(FCN(backbone=backbone, num_classes=3, skips=4))
    model(torch.randn(2, 3, 64, 64)).square().mean().backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None]
    assert model.last.convolution.stride == 2


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="has 4 maps, so skips is 0 to 3; it was given 4"):
        fcn_light(backbone=resnet18(width=4), skips=4)
    odd = resnet18(width=4)
    odd.feature_strides = (4, 8, 12, 24)
    with pytest.raises(ValueError, match=r"must divide the next one; they are \[4, 8, 12, 24\]"):
        fcn_light(backbone=odd)
