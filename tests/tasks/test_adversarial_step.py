"""Two opponents, two optimisers: each move changes its own side alone."""

from copy import deepcopy

import pytest
import torch
from torch import Generator

from groundup.engine.update import Update
from groundup.models.generative.dcgan import dcgan
from groundup.optim.adam import AdamW
from groundup.tasks.adversarial_step import AdversarialStep
from groundup.tasks.image_generation import ImageGeneration

TASK = ImageGeneration(latent_dim=6, image_shape=(1, 16, 16))
SIDES = ("discriminator", "generator")


@pytest.fixture
def model():
    return dcgan(image_size=16, image_channels=1, latent_dim=6, width=4).train()


@pytest.fixture
def batch():
    return {"image": torch.rand(8, 1, 16, 16, generator=Generator().manual_seed(0)) * 2 - 1}


def updater(model, **settings):
    optimizers = {side: AdamW(getattr(model, side).parameters(), lr=1e-2) for side in SIDES}
    return Update(model, optimizers, device="cpu", **settings)


def weights(module):
    return [parameter.detach().clone() for parameter in module.parameters()]


def differs(before, module):
    return [not torch.equal(old, new) for old, new in zip(before, module.parameters(), strict=True)]


def moves(model, batch, look):
    """Play one batch; `look(side, loss, move)` stands around each move."""
    update = updater(model)
    AdversarialStep(TASK, lambda loss, child: look(child, loss, lambda: update(loss, child=child)))(model, batch)


@pytest.mark.parametrize("side", SIDES)
def test_a_sides_update_changes_all_its_weights_and_leaves_the_opponents_alone(model, batch, side):
    (other,) = set(SIDES) - {side}
    changed = {}

    def look(child, loss, move):
        own, opponents = weights(getattr(model, side)), weights(getattr(model, other))
        move()
        if child == side:
            changed["own"], changed["other"] = differs(own, getattr(model, side)), differs(opponents, getattr(model, other))

    moves(model, batch, look)
    assert all(changed["own"])
    assert not any(changed["other"])


def test_the_discriminator_moves_first_and_its_loss_never_reaches_the_generator(model, batch):
    order = []

    def look(child, loss, move):
        order.append(child)
        if child == "discriminator":
            reached = torch.autograd.grad(loss, list(model.generator.parameters()), allow_unused=True, retain_graph=True)
            assert all(gradient is None for gradient in reached)
        move()

    moves(model, batch, look)
    assert order == ["discriminator", "generator"]


def test_the_generator_plays_against_the_discriminator_that_just_learnt(model, batch):
    met = []

    class Watched(ImageGeneration):
        def generator_loss(self, model, made):
            met.append(differs(before, model.discriminator))
            return super().generator_loss(model, made)

    before = weights(model.discriminator)
    AdversarialStep(Watched(latent_dim=6, image_shape=(1, 16, 16)), updater(model))(model, batch)
    assert all(met[0])


def test_the_generators_move_leaves_no_gradient_with_the_discriminator(model, batch):
    AdversarialStep(TASK, updater(model))(model, batch)
    assert not any(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())


@pytest.mark.parametrize(("accumulate_steps", "expected"), [(1, [1, 2, 3, 4]), (2, [0, 1, 1, 2])])
def test_each_optimiser_steps_once_for_every_batch_or_once_for_every_two(model, batch, accumulate_steps, expected):
    update = updater(model, accumulate_steps=accumulate_steps)
    step = AdversarialStep(TASK, update)
    taken = {side: [] for side in SIDES}
    for _ in expected:
        step(model, batch)
        for side in SIDES:
            states = update.optimizers[side].state.values()
            taken[side].append(int(max((state["step"] for state in states), default=0)))
    assert taken == dict.fromkeys(SIDES, expected)


def test_each_pass_moves_the_batch_norm_statistics_that_the_docstring_names(model, batch):
    step = AdversarialStep(TASK, updater(model))
    for _ in range(2):
        step(model, batch)
    assert model.generator.project.norm.num_batches_tracked == 2 * 1
    assert model.discriminator.down[0].norm.num_batches_tracked == 2 * 3


def test_both_losses_are_logged_without_a_graph(model, batch):
    logs = AdversarialStep(TASK, updater(model))(model, batch)
    assert list(logs) == ["discriminator_loss", "generator_loss"]
    assert all(loss.shape == () and not loss.requires_grad for loss in logs.values())


def test_the_same_random_numbers_give_the_same_step_bit_for_bit(model, batch):
    twin = deepcopy(model)
    for one in (model, twin):
        torch.manual_seed(5)
        step = AdversarialStep(TASK, updater(one))
        for _ in range(3):
            step(one, batch)
    assert not any(differs(weights(model), twin))


def test_the_discriminator_learns_to_tell_and_the_generator_learns_to_fool(model):
    bright = {"image": torch.full((16, 1, 16, 16), 0.8)}
    step = AdversarialStep(TASK, updater(model))
    first = step(model, bright)["discriminator_loss"]
    with torch.no_grad():
        before = model.generator(torch.randn(16, 6)).mean()
    losses = [step(model, bright)["discriminator_loss"] for _ in range(30)]
    with torch.no_grad():
        after = model.generator(torch.randn(16, 6)).mean()
    assert min(losses) < first / 2
    assert after > before + 0.2
