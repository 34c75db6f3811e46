"""The losses of the adversarial game: their value at a draw, where their slopes point and vanish, and the penalty on a slope."""

import math

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from groundup.losses.adversarial import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    hinge_discriminator_loss,
    wasserstein_critic_loss,
    wasserstein_generator_loss,
)


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


def test_a_critic_gains_what_it_scores_the_real_above_the_fake():
    real, fake = torch.tensor([3.0, 5.0]), torch.tensor([1.0])
    assert wasserstein_critic_loss(real, fake).item() == -3
    assert wasserstein_generator_loss(fake).item() == -1


def test_a_hinge_costs_nothing_beyond_its_margin():
    assert hinge_discriminator_loss(torch.tensor([1.0, 4.0]), torch.tensor([-1.0, -9.0])).item() == 0
    assert hinge_discriminator_loss(torch.tensor([0.0, 4.0]), torch.tensor([1.0])).item() == 2.5


@pytest.mark.parametrize("function", [wasserstein_critic_loss, hinge_discriminator_loss])
def test_whole_numbers_are_no_scores(function):
    whole, scores = torch.ones(2).long(), torch.ones(2)
    for args, name in (((whole, scores), "real"), ((scores, whole), "fake")):
        with pytest.raises(ValueError, match=f"{function.__name__} takes floating-point scores; {name}_.* is torch.int64"):
            function(*args)
    with pytest.raises(ValueError, match=r"wasserstein_generator_loss takes floating-point scores; fake_scores is torch.int64"):
        wasserstein_generator_loss(whole)


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64)


def test_a_critic_of_slope_one_pays_nothing_and_one_of_slope_three_ten_times_the_square_of_two():
    direction = torch.tensor([0.6, 0.8])
    real, fake = torch.randn(4, 2), torch.randn(4, 2)
    assert gradient_penalty(lambda x: x @ direction, real, fake).item() == pytest.approx(0, abs=1e-10)
    assert gradient_penalty(lambda x: 3 * (x @ direction), real, fake).item() == pytest.approx(40)
    assert gradient_penalty(lambda x: 3 * (x @ direction), real, fake, weight=1.0).item() == pytest.approx(4)


def test_the_critic_is_asked_on_the_way_from_fake_to_real():
    asked = []

    def critic(x):
        asked.append(x.detach())
        return x.sum((1, 2))

    real, fake = torch.full((3, 2, 2), 8.0), torch.full((3, 2, 2), 4.0)
    gradient_penalty(critic, real, fake, mix=torch.tensor([0.0, 0.25, 1.0]))
    assert [place.unique().tolist() for place in asked[0]] == [[4.0], [5.0], [8.0]]
    gradient_penalty(critic, real, fake)
    assert len({place.unique().item() for place in asked[1]}) == 3
    assert ((asked[1] > 4) & (asked[1] < 8)).all()
    for _ in range(2):
        gradient_penalty(critic, real, fake, generator=torch.Generator().manual_seed(1))
    assert torch.equal(asked[2], asked[3])


def test_the_penalty_passes_gradcheck_twice_over():
    real, fake, mix = draw(3, 4), draw(3, 4), torch.rand(3).double()

    def penalty(inner, outer):
        return gradient_penalty(lambda x: (x @ inner).tanh() @ outer, real, fake, mix=mix)

    weights = draw(4, 5).requires_grad_(), draw(5).requires_grad_()
    assert gradcheck(penalty, weights)
    assert gradgradcheck(penalty, weights)


def test_the_penalty_is_for_the_critic_alone():
    real, fake, weight = (draw(3, 4).requires_grad_() for _ in range(3))
    gradient_penalty(lambda x: (x * weight).tanh().sum(1), real, fake).backward()
    assert real.grad is None and fake.grad is None and weight.grad is not None


def test_a_slope_of_nothing_pays_and_gives_no_nan():
    weight = torch.zeros(2, requires_grad=True)
    loss = gradient_penalty(lambda x: x @ weight, torch.randn(3, 2), torch.randn(3, 2))
    loss.backward()
    assert loss.item() == 10 and torch.equal(weight.grad, torch.zeros(2))


def test_the_penalty_can_be_had_where_no_gradient_is_kept():
    with torch.no_grad():
        assert gradient_penalty(lambda x: 2 * x.sum(1), torch.zeros(2, 1), torch.ones(2, 1)).item() == 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fake": torch.zeros(3, 4)}, r"as many real as fake; it was given torch.float32 \(2, 4\) and torch.float32 \(3, 4\)"),
        ({"real": torch.zeros(2, 4).long()}, r"torch.int64 \(2, 4\) and torch.float32 \(2, 4\)"),
        ({"fake": torch.zeros(2, 4).long()}, r"torch.float32 \(2, 4\) and torch.int64 \(2, 4\)"),
        ({"real": torch.tensor(1.0), "fake": torch.tensor(1.0)}, r"pictures \(batch, ...\)"),
        ({"mix": torch.rand(3)}, r"2 pairs take 2 numbers to mix; mix is \(3,\)"),
        ({"critic": lambda x: x}, r"2 pictures take 2 scores; the critic gave \(2, 4\)"),
        ({"critic": lambda x: x.sum()}, r"2 pictures take 2 scores; the critic gave \(\)"),
    ],
)
def test_what_the_penalty_cannot_take_is_named(changes, message):
    arguments = {"critic": lambda x: x.sum(1), "real": torch.zeros(2, 4), "fake": torch.zeros(2, 4)} | changes
    with pytest.raises(ValueError, match=f"gradient_penalty.*{message}"):
        gradient_penalty(**arguments)
