"""WGAN-GP beyond its case: a critic without batch norm, whose whole loss can be differentiated twice."""

import pytest
import torch

from groundup.layers.normalization import BatchNorm2d, LayerNorm
from groundup.models.generative.dcgan import dcgan
from groundup.models.generative.wgan_gp import wgan_gp
from groundup.ops.ladder import rung
from groundup.tasks.wasserstein_generation import WassersteinGeneration

SMALL = {"image_size": 16, "image_channels": 1, "latent_dim": 6, "width": 4}


def kinds(module, kind):
    return [layer for layer in module.modules() if isinstance(layer, kind)]


def test_the_generator_is_dcgans():
    ours, theirs = wgan_gp(**SMALL).generator, dcgan(**SMALL).generator
    ours.load_state_dict(theirs.state_dict())
    latent = torch.randn(3, 6)
    assert torch.equal(ours(latent), theirs(latent))


def test_the_critic_has_layer_norm_where_the_discriminator_has_batch_norm():
    model = wgan_gp(image_size=64, image_channels=3, latent_dim=6, width=4)
    assert not kinds(model.critic, BatchNorm2d)
    assert [norm.normalized_shape for norm in kinds(model.critic, LayerNorm)] == [(8, 16, 16), (16, 8, 8), (32, 4, 4)]
    assert len(kinds(dcgan(image_size=64, width=4).discriminator, BatchNorm2d)) == 3


def test_a_score_hangs_on_its_own_picture_alone():
    critic, images = wgan_gp(**SMALL).critic.train(), torch.randn(5, 1, 16, 16)
    torch.testing.assert_close(critic(images)[:1], critic(images[:1]))


@pytest.mark.parametrize("name", ["tensors", "manual", "fused"])
def test_the_gradient_of_the_critics_whole_loss_is_that_of_finite_differences(name):
    """Not the slope alone: the derivative of a loss that has the slope in it, for every parameter, along a random direction."""
    model = wgan_gp(**SMALL | {"image_size": 8}).double()
    task = WassersteinGeneration(latent_dim=6, image_shape=(1, 8, 8))
    parameters = list(model.critic.parameters())
    with torch.no_grad():
        for parameter in parameters:
            parameter.normal_(0, 0.5)
    real, made = torch.randn(4, 1, 8, 8).double(), torch.randn(4, 1, 8, 8).double()

    def loss():
        torch.manual_seed(3)  # the same places on the way between real and made
        with rung(name):
            return task.critic_loss(model, real, made)[0]

    gradients = torch.autograd.grad(loss(), parameters)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        direction, step = torch.randn_like(parameter), 1e-6
        with torch.no_grad():
            parameter += step * direction
            above = loss()
            parameter -= 2 * step * direction
            below = loss()
            parameter += step * direction
        assert ((above - below) / (2 * step)).item() == pytest.approx((gradient * direction).sum().item(), rel=1e-5, abs=1e-6)


def test_every_parameter_of_the_critic_is_moved_by_its_loss():
    model = wgan_gp(**SMALL)
    real, made = torch.randn(4, 1, 16, 16), torch.randn(4, 1, 16, 16)
    WassersteinGeneration(latent_dim=6, image_shape=(1, 16, 16)).critic_loss(model, real, made)[0].backward()
    assert all(parameter.grad.any() for parameter in model.critic.parameters())


def test_the_published_size_begins_with_512_channels():
    with torch.device("meta"):
        model = wgan_gp()
    assert model.generator.project.convolution.weight.shape[:2] == (128, 512)
    assert model.critic.output.weight.shape == (1, 512, 4, 4) and model.critic.output.bias is None


def test_pictures_and_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="the critic takes 16x16 pixels; these have 32x16"):
        wgan_gp(**SMALL).critic(torch.randn(2, 1, 32, 16))
    with pytest.raises(ValueError, match=r"must be 8, 16, 32, 64 \.\.\.; got 28"):
        wgan_gp(**SMALL | {"image_size": 28})
