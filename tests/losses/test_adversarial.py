"""The two losses of the adversarial game: their value at a draw, and where their slopes point and vanish."""

import math

import pytest
import torch

from groundup.losses.adversarial import discriminator_loss, generator_loss


def test_a_discriminator_that_only_guesses_pays_two_logarithms_of_two():
    guess = torch.zeros(4)
    assert discriminator_loss(guess, guess).item() == pytest.approx(2 * math.log(2))
    assert generator_loss(guess).item() == pytest.approx(math.log(2))


def test_a_discriminator_that_is_right_and_sure_pays_nothing():
    assert discriminator_loss(torch.full((3,), 50.0), torch.full((3,), -50.0)).item() < 1e-20


def test_the_two_players_pull_the_fakes_in_opposite_directions():
    fakes = torch.linspace(-3, 3, 7, requires_grad=True)
    (discriminator,) = torch.autograd.grad(discriminator_loss(torch.zeros(1), fakes), fakes)
    (generator,) = torch.autograd.grad(generator_loss(fakes), fakes)
    assert (discriminator > 0).all() and (generator < 0).all()


def test_the_generators_slope_is_steepest_where_it_is_found_out():
    logits = torch.tensor([-30.0], requires_grad=True)
    (slope,) = torch.autograd.grad(generator_loss(logits), logits)
    (saturating,) = torch.autograd.grad(torch.log(1 - torch.sigmoid(logits)).sum(), logits)
    assert slope.item() == pytest.approx(-1.0)
    assert abs(saturating.item()) < 1e-12


def test_real_and_fake_batches_may_differ_in_size_and_each_counts_as_one_mean():
    real, fake = torch.randn(5), torch.randn(2)
    assert torch.isclose(discriminator_loss(real, fake), discriminator_loss(real.repeat(3), fake))
