"""The sheet of filters has every kernel, in the colours that it looks for."""

import numpy as np
import pytest
import torch
from torch import nn

from groundup.explain.filters import SIDE, Kernels, columns_for, draw_filters, first_kernels, kernel_tiles
from groundup.explain.subject import NothingToShow
from groundup.models.classification.lenet import lenet5
from groundup.models.classification.resnet import resnet18
from groundup.models.classification.vit import vit_b_16


def colours(picture):
    return {colour: count for count, colour in picture.getcolors(1 << 22)}


def test_every_kernel_of_colour_is_there_once_and_enlarged():
    weight = torch.zeros(20, 3, 3, 3)
    for number in range(20):
        weight[number, 0], weight[number, 1], weight[number, 2] = 1, -number / 20, number / 20
    found = colours(draw_filters(Kernels("conv1", weight)))
    for number in range(20):
        share = [round((0.5 + 0.5 * value) * 255) for value in (1, -number / 20, number / 20)]
        near = [colour for colour in found if max(abs(a - b) for a, b in zip(colour, share)) <= 1]
        assert any(found[colour] == SIDE**2 for colour in near), number


def test_of_one_channel_red_is_above_nothing_and_blue_below_by_the_largest_weight_of_either_sign():
    for sign in (1, -1):
        (cell,) = kernel_tiles(sign * torch.tensor([[[0.5, -1.0], [0.0, 1.0]]]))
        (half, least), (nothing, most) = np.asarray(cell.picture)[14::28, 14::28, :3].astype(int)[:, :, [0, 2]]  # red and blue
        warmth = [pixel[0] - pixel[1] for pixel in (half, least, nothing, most)]
        assert abs(warmth[2]) < 10 and sign * warmth[0] > 20
        assert sign * warmth[3] > 50 and sign * warmth[1] < -50
    assert np.asarray(kernel_tiles(torch.tensor([[[-2.0, 1.0]]]))[0].picture)[0, -1].max() > 200  # half the scale is a pale red


def test_of_other_numbers_of_channels_each_is_a_tile():
    weight = torch.ones(3, 2, 4, 4)
    weight[:, 1] = torch.tensor([0.25, 0.5, 0.75])[:, None, None]
    found = colours(draw_filters(Kernels("conv", weight)))
    counts = sorted(count for count in found.values() if count % SIDE**2 == 0)
    assert counts == [SIDE**2] * 3 + [3 * SIDE**2]


def test_the_first_convolution_is_found_in_every_kind_of_model():
    assert first_kernels(lenet5()).name == "c1"
    model = resnet18(width=4)
    assert torch.equal(first_kernels(model).weight, model.conv1.weight.detach().double())
    patches = vit_b_16(image_size=8, patch_size=4, embed_dim=12, num_layers=1, num_heads=3, mlp_dim=8)
    name, weight = first_kernels(patches)
    assert name == "embedding.projection" and weight.shape == (12, 3, 4, 4)
    with pytest.raises(NothingToShow, match="no convolution"):
        first_kernels(nn.Linear(3, 2))


def test_rows_are_full_where_they_can_be():
    assert {number: columns_for(number) for number in (1, 6, 16, 64, 96)} == {1: 1, 6: 3, 16: 4, 64: 8, 96: 12}
    assert columns_for(37) == 8


def test_a_kernel_of_nothing_is_drawn_too():
    assert draw_filters(Kernels("conv1", torch.zeros(4, 3, 3, 3))).size > (SIDE, SIDE)
