"""DCGAN beyond its case: the paper's guidelines, the start, and the sizes that it takes."""

import pytest
import torch
from torch.nn import Module

from groundup.layers.convolution import Conv2d, ConvTranspose2d
from groundup.layers.normalization import BatchNorm2d
from groundup.models.generative.dcgan import DCGAN, dcgan


def small(**changes) -> DCGAN:
    return dcgan(**{"image_size": 16, "image_channels": 1, "latent_dim": 6, "width": 4} | changes)


def layers(module: Module, *kinds: type) -> list[Module]:
    return [layer for layer in module.modules() if isinstance(layer, kinds)]


@pytest.mark.parametrize("size", [8, 16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_come_in_the_size_that_was_asked_and_each_gets_one_logit(size, channels):
    model = small(image_size=size, image_channels=channels)
    images = model(torch.randn(3, 6))
    assert images.shape == (3, channels, size, size)
    assert model.discriminator(images).shape == (3,)


def test_pictures_stay_between_minus_one_and_one_however_large_the_weights():
    model = small()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1000)
    images = model(torch.randn(8, 6))
    assert images.abs().max() <= 1
    assert images.min() < -0.9 and images.max() > 0.9


def test_the_papers_generator_begins_with_1024_channels_and_halves_them():
    model = dcgan()
    shapes = []
    for layer in layers(model.generator, ConvTranspose2d):
        layer.register_forward_hook(lambda layer, inputs, output: shapes.append(tuple(output.shape[1:])))
    model(torch.randn(2, 100))
    assert shapes == [(1024, 4, 4), (512, 8, 8), (256, 16, 16), (128, 32, 32), (3, 64, 64)]


def test_batch_norm_follows_every_convolution_but_the_generators_last_and_the_discriminators_first_and_last():
    model = small(image_size=64)
    convolutions = layers(model, Conv2d, ConvTranspose2d)
    bare = [layer for layer in convolutions if layer.bias is not None]
    assert bare == [model.generator.output, model.discriminator.input, model.discriminator.output]
    assert len(layers(model.generator, BatchNorm2d)) == 4
    assert len(layers(model.discriminator, BatchNorm2d)) == 3


def test_the_discriminator_lets_a_gradient_back_where_its_activations_are_negative():
    model = small().eval()
    with torch.no_grad():
        model.discriminator.input.weight.zero_()
        model.discriminator.input.bias.fill_(-1)
        model.discriminator.down[0].norm.bias.fill_(-100)
    model.discriminator(torch.randn(2, 1, 16, 16)).sum().backward()
    assert model.discriminator.input.bias.grad.abs().min() > 0


def test_kernels_start_normal_with_deviation_0_02_and_biases_at_zero():
    model = small(image_size=32, width=32)
    for layer in layers(model, Conv2d, ConvTranspose2d):
        if layer.weight.numel() > 5000:
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
            assert layer.weight.mean().abs() < 0.001
        assert layer.weight.std() < 0.03
        assert layer.bias is None or not layer.bias.any()


@pytest.mark.parametrize("size", [0, 4, 6, 12, 28, 33, -8])
def test_a_size_that_doubling_does_not_reach_is_refused_with_those_that_fit(size):
    with pytest.raises(ValueError, match=rf"must be 8, 16, 32, 64 \.\.\.; got {size}"):
        small(image_size=size)


def test_latents_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"takes latents \(batch, 6\); it was given \(2, 5\)"):
        small()(torch.randn(2, 5))


def test_pictures_of_another_size_are_refused():
    with pytest.raises(ValueError, match="takes 16x16 pixels; these have 32x16"):
        small().discriminator(torch.randn(2, 1, 32, 16))
