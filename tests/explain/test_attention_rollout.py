"""Attention rollout is the product of the blocks' mixtures, and finds the patch that the class token looks at."""

import pytest
import torch
from torch import nn

from groundup.explain.attention_rollout import attention_rollout, draw_rollout, rollout, self_attentions
from groundup.explain.sheet import picture_of
from groundup.explain.subject import NothingToShow
from groundup.layers.attention import MultiHeadAttention
from groundup.models.classification.resnet import resnet18
from groundup.models.classification.vit import vit_b_16


def vit(**changes):
    settings = dict(num_classes=5, image_size=8, patch_size=4, embed_dim=12, num_layers=3, num_heads=3, mlp_dim=16)
    return vit_b_16(**settings | changes).double().eval().requires_grad_(False)


IMAGES = torch.randn(2, 3, 8, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_it_is_the_product_of_matrices_written_by_hand():
    model = vit()
    x, mixtures = model.embedding(IMAGES), []
    for block in model.encoder.blocks:
        weights = block.attention.weights(block.attention_norm(x)).mean(1)
        mixtures.append((weights + torch.eye(7)) / 2)
        x = block(x)
    joint = mixtures[2] @ mixtures[1] @ mixtures[0]
    found = rollout(self_attentions(model, IMAGES))
    assert found.shape == (3, 2, 7, 7)
    torch.testing.assert_close(found[2], joint)
    torch.testing.assert_close(found[0], mixtures[0])
    patches = attention_rollout(model, IMAGES, (2, 3))
    torch.testing.assert_close(patches[2], joint[:, 0, 1:].view(2, 2, 3))


def test_its_rows_sum_to_one_behind_every_block_and_in_half_the_bits_too():
    model = vit()
    torch.testing.assert_close(rollout(self_attentions(model, IMAGES)).sum(-1), torch.ones(3, 2, 7, dtype=torch.float64))
    with torch.autocast("cpu", torch.bfloat16):
        low = rollout(self_attentions(model.float(), IMAGES.float()))
    torch.testing.assert_close(low.sum(-1), torch.ones(3, 2, 7, dtype=torch.float64))


def test_where_all_look_at_all_alike_half_of_a_token_is_left_by_each_block():
    even = torch.full((1, 4, 4), 0.25, dtype=torch.float64)
    for blocks, joint in enumerate(rollout([even] * 5), start=1):
        own = 0.5**blocks
        torch.testing.assert_close(joint[0], own * torch.eye(4, dtype=torch.float64) + (1 - own) / 4)


def test_the_patch_that_the_class_token_looks_at_is_the_brightest():
    model = vit(num_layers=1, num_heads=1, embed_dim=4)
    embedding, attention = model.embedding, model.encoder.blocks[0].attention
    embedding.projection.weight.zero_()
    embedding.projection.weight[0] = 1  # the first number of a token: how bright its patch is
    embedding.positions.zero_()
    attention.query.weight.zero_()
    attention.query.bias.copy_(torch.tensor([9.0, 0, 0, 0]))  # all look for brightness
    attention.key.weight.copy_(torch.eye(4))
    images = torch.zeros(1, 3, 8, 12, dtype=torch.float64)
    images[..., 4:, 4:8] = 1
    heat = attention_rollout(model, images, (2, 3))[-1, 0]
    assert heat.argmax() == 4 and heat[1, 1] > 0.49 and heat.sum() - heat[1, 1] < 0.01
    assert draw_rollout([picture_of(images[0])], heat[None, None], ["star"]).size > (200, 100)


def test_without_a_class_token_it_is_what_all_patches_have_gathered():
    model = nn.Sequential(nn.Flatten(2), Turned(), MultiHeadAttention(embed_dim=4, num_heads=2)).double()
    images = torch.randn(1, 4, 2, 3, dtype=torch.float64)
    (weights,) = self_attentions(model, images)
    by_hand = (0.5 * weights + 0.5 * torch.eye(6)).mean(1).view(1, 1, 2, 3)
    torch.testing.assert_close(attention_rollout(model, images, (2, 3)), by_hand)


class Turned(nn.Module):
    def forward(self, x):
        return x.mT


class Windows(nn.Module):
    """Two attentions, of which one sees half the tokens."""

    def __init__(self):
        super().__init__()
        self.whole, self.halves = (MultiHeadAttention(embed_dim=4, num_heads=2) for _ in range(2))

    def forward(self, x):
        x = self.whole(x.flatten(2).mT)
        return self.halves(x.unflatten(1, (2, -1)))


def test_models_without_attention_or_with_attentions_in_windows_have_nothing_to_show():
    with pytest.raises(NothingToShow, match="no attention"):
        attention_rollout(resnet18(width=4, stem_stride=1).eval(), torch.randn(1, 3, 16, 16), (2, 2))
    with pytest.raises(NothingToShow, match="do not all see the same tokens"):
        attention_rollout(Windows(), torch.randn(1, 4, 2, 4), (2, 4))


def test_the_model_answers_as_ever_and_no_hook_stays():
    model = vit()
    before = model(IMAGES)
    self_attentions(model, IMAGES)
    assert torch.equal(model(IMAGES), before)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_of_many_blocks_the_first_the_last_and_some_between_are_drawn():
    heat = torch.rand(12, 1, 2, 3, dtype=torch.float64)
    wide, narrow = (draw_rollout([picture_of(IMAGES[0])], part, ["star"]).width for part in (heat, heat[:2]))
    assert narrow < wide < 7 * 150
