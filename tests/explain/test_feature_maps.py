"""Feature maps are those of the protocol, by the names of the parts that give them."""

import numpy as np
import torch
from PIL import Image

from groundup.explain.feature_maps import MOST, Part, draw_features, feature_maps, strongest
from groundup.models.classification.lenet import lenet5
from groundup.models.classification.resnet import resnet18
from groundup.models.classification.vit import vit_b_16


def test_of_a_backbone_they_are_its_features():
    model = resnet18(width=4, stem_stride=1).eval()
    images = torch.randn(1, 3, 16, 24)
    found = feature_maps(model, images)
    assert [part.name for part in found] == ["stage1", "stage2", "stage3", "stage4"]
    assert all(torch.equal(part.output, map) for part, map in zip(found, model.features(images), strict=True))
    assert not any(part.output.requires_grad for part in found)


def test_of_a_vit_they_are_its_patches_which_no_single_part_gives():
    model = vit_b_16(image_size=8, patch_size=4, embed_dim=12, num_layers=1, num_heads=3, mlp_dim=8).eval()
    (part,) = feature_maps(model, torch.randn(1, 3, 8, 12))
    assert part.module is None and part.output.shape == (1, 12, 2, 3)


def test_of_another_network_they_are_the_last_map_of_each_size():
    model = lenet5().eval()
    found = feature_maps(model, torch.randn(1, 1, 32, 32))
    assert [(part.name, *part.output.shape[1:]) for part in found] == [
        *(("c1", 6, 28, 28), ("s2", 6, 14, 14), ("c3", 16, 10, 10), ("s4", 16, 5, 5))
    ]
    assert not any(module._forward_hooks for module in model.modules())


def test_the_strongest_channels_are_those_that_vary_most():
    values = torch.zeros(4, 2, 2)
    values[0] = 100  # the same everywhere
    values[1, 0, 0], values[2, 0, 0], values[3, 1, 1] = 1, -3, 2
    assert strongest(values, 3).tolist() == [2, 3, 1]
    assert strongest(torch.tensor([1.0, -5.0, 2.0])[:, None, None], 2).tolist() == [1, 2]


def test_a_sheet_has_a_row_for_each_map_and_the_brightest_where_the_map_is_highest():
    rows = []
    for number in (1, 3):
        values = torch.zeros(1, 10, 2, 2)
        values[0, :, 0, 0] = torch.arange(10.0)
        rows.append(draw_features(Image.new("RGB", (8, 8)), [Part("stage1", None, values)] * number, said="cat"))
    assert rows[0].width == rows[1].width > MOST * 92
    assert rows[1].height > 1.7 * rows[0].height
    yellow = (np.asarray(rows[0]) == (253, 231, 36)).all(-1)
    assert yellow.sum() == MOST * 46 * 46
