"""Grad-CAM is its two equations, at the right place of every network, and lights up what speaks for a class."""

import numpy as np
import pytest
import torch
from torch import nn

from groundup.explain.feature_maps import feature_maps
from groundup.explain.grad_cam import Place, draw_grad_cam, grad_cam, places
from groundup.explain.sheet import overlaid, picture_of
from groundup.explain.subject import NothingToShow
from groundup.models.classification.airbench import airbench94
from groundup.models.classification.alexnet import alexnet
from groundup.models.classification.googlenet import googlenet
from groundup.models.classification.lenet import lenet5
from groundup.models.classification.nin import nin
from groundup.models.classification.resnet import resnet18
from groundup.models.classification.vgg import vgg11
from groundup.models.classification.vit import vit_b_16


class Small(nn.Module):
    """A convolution, a ReLU, and what reads the classes off the map."""

    def __init__(self, head):
        super().__init__()
        self.convolution = nn.Conv2d(2, 3, 3, padding=1)
        self.relu = nn.ReLU()
        self.head = head

    def forward(self, x):
        return self.head(self.relu(self.convolution(x)))


def small(head):
    model = Small(head).double().eval().requires_grad_(False)
    return model, Place("relu", model.relu, 4, 5)


IMAGES = torch.randn(2, 2, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_over_a_mean_and_a_linear_layer_it_is_the_weighted_sum_of_the_maps():
    linear = nn.Linear(3, 4)
    model, place = small(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear))
    maps = model.relu(model.convolution(IMAGES))
    classes = torch.tensor([3, 1])
    summed = torch.einsum("bk,bkij->bij", linear.weight[classes] / 20, maps)  # each pixel's share in a mean is 1/20
    assert (summed < 0).any() and (summed > 0).any()
    torch.testing.assert_close(grad_cam(model, IMAGES, classes, place), summed.clamp_min(0))


def test_it_is_equations_1_and_2_with_gradients_taken_by_differences():
    model, place = small(nn.Sequential(nn.Flatten(), nn.Linear(60, 7), nn.Tanh(), nn.Linear(7, 4)))
    maps = model.relu(model.convolution(IMAGES))
    gradient = torch.zeros(4, *maps.shape, dtype=torch.float64)  # (class, batch, channel, row, column)
    for index in np.ndindex(3, 4, 5):
        step = torch.zeros(3, 4, 5, dtype=torch.float64)
        step[index] = 1e-5
        gradient[(..., *index)] = (model.head(maps + step) - model.head(maps - step)).mT / 2e-5
    alpha = gradient.sum((3, 4), keepdim=True) / 20
    by_hand = (alpha * maps).sum(2).clamp_min(0)
    assert by_hand.any()
    for number in range(4):
        heat = grad_cam(model, IMAGES, torch.tensor([number, number]), place)
        torch.testing.assert_close(heat, by_hand[number], rtol=1e-6, atol=1e-9)


class RedOrGreen(nn.Module):
    """A network that is known: class 0 is how much red there is, class 1 how much green."""

    def __init__(self):
        super().__init__()
        self.stage = nn.AvgPool2d(4)

    def forward(self, x):
        return self.stage(x).mean((2, 3))[:, :2]


def test_a_class_that_is_seen_in_one_corner_lights_up_that_corner_and_no_other_place():
    image = torch.zeros(1, 3, 12, 16)
    image[0, 0, :4, :4] = 1  # red, above on the left
    image[0, 1, 8:, 12:] = 1  # green, below on the right
    model = RedOrGreen().eval()
    (place,) = places(model, image)
    assert (place.name, place.rows, place.columns) == ("stage", 3, 4)
    for number, corner in ((0, (0, 0)), (1, (2, 3))):
        (heat,) = grad_cam(model, image, torch.tensor([number]), place)
        assert heat.nonzero().tolist() == [list(corner)]
        shown = np.asarray(overlaid(picture_of(torch.zeros(3, 12, 16, dtype=torch.uint8)), heat / heat.max())).sum(-1)
        row, column = np.unravel_index(shown.argmax(), shown.shape)
        assert (row // 4, column // 4) == corner
        assert shown[0, 15] == shown[11, 0] == 0


def test_a_class_for_which_nothing_speaks_is_dark_and_said_to_be():
    image = torch.zeros(1, 3, 12, 16)
    image[0, 2] = 1  # blue
    model = RedOrGreen().eval()
    (place,) = places(model, image)
    heat = grad_cam(model, image, torch.tensor([0]), place)
    assert heat.tolist() == torch.zeros(1, 3, 4).tolist()
    assert draw_grad_cam([picture_of(image[0])], [(place, heat)], ["red"], title="").size > (100, 100)


def test_pictures_of_a_batch_do_not_see_each_other():
    model, place = small(nn.Sequential(nn.Flatten(), nn.Linear(60, 7), nn.Tanh(), nn.Linear(7, 4)))
    classes = torch.tensor([0, 3])
    together = grad_cam(model, IMAGES, classes, place)
    apart = torch.cat([grad_cam(model, IMAGES[i : i + 1], classes[i : i + 1], place) for i in range(2)])
    torch.testing.assert_close(together, apart)


def test_neither_the_weights_nor_the_answers_nor_the_hooks_are_touched():
    model = resnet18(num_classes=5, width=4, stem_stride=1).eval()
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        before = model(images)
        grad_cam(model, images, torch.tensor([0, 1]), places(model, images)[0])  # also where gradients are off
        assert torch.equal(model(images), before)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_what_follows_may_write_into_the_map():
    model, place = small(nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(60, 4)))
    classes = torch.tensor([0, 3])
    heat = grad_cam(model, IMAGES, classes, place)
    model.head[0].inplace = False
    torch.testing.assert_close(heat, grad_cam(model, IMAGES, classes, place))


BACKBONES = {
    "resnet18": (lambda: resnet18(num_classes=5, width=4, stem_stride=1), 32, ["stage4", "stage3", "stage2", "stage1"]),
    "vgg11": (lambda: vgg11(num_classes=5, width=4, hidden_dim=8, image_size=32), 32, None),
    "alexnet": (lambda: alexnet(num_classes=5, width=4, hidden_dim=8, image_size=64), 96, None),
    "nin": (lambda: nin(num_classes=5, width_mult=0.05), 16, None),
    "googlenet": (lambda: googlenet(num_classes=5, stem_stride=1, width_mult=0.1), 16, None),
    "airbench94": (lambda: airbench94(num_classes=5, widths=(4, 8, 8)), 24, None),
}


@pytest.mark.parametrize("name", BACKBONES)
def test_its_places_are_those_that_give_the_maps_of_a_backbone(name):
    create, side, names = BACKBONES[name]
    model = create().eval().requires_grad_(False)
    images = torch.randn(2, 3, side, side)
    found = places(model, images)
    maps = [map for map in model.features(images)[::-1] if map[0, 0].numel() > 1]
    assert [(place.rows, place.columns) for place in found] == [tuple(map.shape[2:]) for map in maps]
    assert names is None or [place.name for place in found] == names
    classes = model(images).argmax(1)
    for place, map in zip(found[:2], maps, strict=False):
        given = []
        handle = place.module.register_forward_hook(lambda module, inputs, output, given=given: given.append(output.clone()))
        model(images)
        handle.remove()
        assert len(given) == 1 and torch.equal(given[0], map)
        heat = grad_cam(model, images, classes, place)
        assert heat.shape == (2, place.rows, place.columns) and heat.isfinite().all()


def test_a_map_of_one_pixel_is_no_place_and_a_network_of_nothing_else_has_none():
    model = resnet18(num_classes=5, width=4).eval()
    assert [place.name for place in places(model, torch.randn(1, 3, 32, 32))] == ["stage3", "stage2", "stage1"]
    with pytest.raises(NothingToShow, match="more than one pixel"):
        places(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval(), torch.randn(1, 3, 8, 8))
    with pytest.raises(NothingToShow, match="no part of the model gives a map"):
        places(nn.Sequential(nn.Flatten(), nn.Linear(192, 5)).eval(), torch.randn(1, 3, 8, 8))


def test_a_network_that_is_no_backbone_shows_the_last_map_of_each_size():
    assert [place.name for place in places(lenet5().eval(), torch.randn(1, 1, 32, 32))] == ["s4", "c3", "s2", "c1"]


@pytest.fixture
def vit():
    """A ViT of two blocks with a head that says something, for pictures of 2x3 patches."""
    model = vit_b_16(num_classes=5, image_size=8, patch_size=4, embed_dim=12, num_layers=2, num_heads=3, mlp_dim=16)
    with torch.no_grad():
        model.head.weight.normal_()
    return model.double().eval().requires_grad_(False)


PATCHES = torch.randn(2, 3, 8, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_of_a_vit_the_places_are_what_the_attentions_read_since_behind_the_last_no_patch_counts(vit):
    images = PATCHES.clone().requires_grad_()
    tokens = vit.tokens(images)
    (gradient,) = torch.autograd.grad(vit.head(tokens[:, 0]).sum(), tokens)
    assert not gradient[:, 1:].any()
    names = ["encoder.blocks.1.attention_norm", "encoder.blocks.0.attention_norm"]
    assert [place.name for place in places(vit, PATCHES)] == names


def test_of_a_vit_it_is_the_same_equations_on_the_patches_row_by_row(vit):
    first, last = vit.encoder.blocks
    x = first(vit.embedding(PATCHES))
    read = last.attention_norm(x).requires_grad_()
    x = x + last.attention(read)
    x = vit.encoder.norm(x + last.feed_forward(last.feed_forward_norm(x)))
    classes = torch.tensor([4, 0])
    (gradient,) = torch.autograd.grad(vit.head(x[:, 0]).gather(1, classes[:, None]).sum(), read)
    alpha = gradient[:, 1:].mean(1)  # over the six patches
    by_hand = torch.einsum("bk,bpk->bp", alpha, read.detach()[:, 1:]).clamp_min(0).view(2, 2, 3)
    assert by_hand.max() > 0
    torch.testing.assert_close(grad_cam(vit, PATCHES, classes, places(vit, PATCHES)[0]), by_hand)


def test_it_says_the_same_in_half_the_bits_and_in_the_other_layout():
    model = resnet18(num_classes=5, width=8, stem_stride=1).eval().requires_grad_(False)
    images = torch.randn(2, 3, 32, 32)
    classes = torch.tensor([1, 4])
    place = places(model, images)[1]
    heat = grad_cam(model, images, classes, place)
    model = model.to(memory_format=torch.channels_last)
    torch.testing.assert_close(
        grad_cam(model, images.to(memory_format=torch.channels_last), classes, place), heat, rtol=1e-4, atol=1e-6
    )
    with torch.autocast("cpu", torch.bfloat16):
        low = grad_cam(model, images, classes, place)
        assert len(feature_maps(model, images)) == 4
    assert (low - heat).abs().max() < 0.05 * heat.max()
