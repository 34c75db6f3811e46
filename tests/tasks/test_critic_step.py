"""The critic's many moves, each on pictures of its own, and then the generator's one."""

import pytest
import torch
from torch import Generator

from groundup.engine.update import Update
from groundup.errors import UserError
from groundup.models.generative.wgan_gp import wgan_gp
from groundup.optim.adam import AdamW
from groundup.tasks.critic_step import CriticStep
from groundup.tasks.wasserstein_generation import WassersteinGeneration

TASK = WassersteinGeneration(latent_dim=6, image_shape=(1, 8, 8))


@pytest.fixture
def model():
    return wgan_gp(image_size=8, image_channels=1, latent_dim=6, width=4).train()


@pytest.fixture
def batch():
    return {"image": torch.rand(10, 1, 8, 8, generator=Generator().manual_seed(0)) * 2 - 1}


def updater(model, **settings):
    optimizers = {side: AdamW(getattr(model, side).parameters(), lr=1e-2) for side in ("critic", "generator")}
    return Update(model, optimizers, device="cpu", **settings)


class Watched(WassersteinGeneration):
    """Keeps what the critic is shown."""

    def __init__(self):
        super().__init__(latent_dim=6, image_shape=(1, 8, 8))
        self.real, self.made = [], []

    def critic_loss(self, model, real, made):
        assert not made.requires_grad
        self.real.append(real)
        self.made.append(made)
        return super().critic_loss(model, real, made)


def test_the_critic_moves_as_often_as_was_asked_and_then_the_generator_once(model, batch):
    order = []
    CriticStep(TASK, lambda loss, child: order.append(child), critic_moves=3)(model, batch)
    assert order == ["critic", "critic", "critic", "generator"]


def test_each_real_picture_of_the_batch_serves_in_one_move_and_meets_fresh_made_ones(model, batch):
    task = Watched()
    CriticStep(task, updater(model), critic_moves=4)(model, batch)
    assert [len(part) for part in task.real] == [3, 3, 2, 2]
    assert torch.equal(torch.cat(task.real), batch["image"])
    assert [len(part) for part in task.made] == [3, 3, 2, 2]
    assert not torch.equal(task.made[0], task.made[1])


def test_a_sides_moves_change_that_side_alone(model, batch):
    def weights(side):
        return [parameter.detach().clone() for parameter in getattr(model, side).parameters()]

    update = updater(model)

    def look(loss, child):
        other = "generator" if child == "critic" else "critic"
        own, others = weights(child), weights(other)
        update(loss, child=child)
        assert not any(torch.equal(old, new) for old, new in zip(own, weights(child), strict=True))
        assert all(torch.equal(old, new) for old, new in zip(others, weights(other), strict=True))

    CriticStep(TASK, look)(model, batch)


@pytest.mark.parametrize(("accumulate_steps", "critic", "generator"), [(1, 10, 2), (2, 5, 1)])
def test_with_accumulation_nothing_is_left_over_between_steps(model, batch, accumulate_steps, critic, generator):
    update = updater(model, accumulate_steps=accumulate_steps)
    step = CriticStep(TASK, update, critic_moves=5)
    for _ in range(2):
        step(model, batch)
    taken = {side: {int(state["step"]) for state in update.optimizers[side].state.values()} for side in update.optimizers}
    assert taken == {"critic": {critic}, "generator": {generator}}
    assert set(update.pending.values()) == {0}


def test_the_losses_and_the_distance_are_logged_without_a_graph(model, batch):
    logs = CriticStep(TASK, updater(model))(model, batch)
    assert list(logs) == ["critic_loss", "generator_loss", "distance"]
    assert all(value.shape == () and not value.requires_grad for value in logs.values())


def test_the_distance_is_by_how_much_the_real_score_above_the_made_and_the_penalty_comes_on_top(model):
    class Steep(torch.nn.Module):
        def forward(self, images):
            return 2 * images.mean((1, 2, 3)) * 8  # slope 2: 64 pixels of 2 * 8 / 64 each

    model.critic = Steep()
    real, made = torch.ones(4, 1, 8, 8), -torch.ones(4, 1, 8, 8)
    loss, distance = TASK.critic_loss(model, real, made)
    assert distance.item() == 32
    assert loss.item() == pytest.approx(10 * (2 - 1) ** 2 - 32)
    assert TASK.generator_loss(model, made).item() == 16


def test_the_critic_learns_the_distance_that_the_penalty_lets_it():
    """Between all dark and all bright lies a way of length 0.5 * 8 = 4. Of all slopes s, 4 s - 10 (s - 1)^2 is best at 1.2."""
    torch.manual_seed(0)
    model = wgan_gp(image_size=8, image_channels=1, latent_dim=6, width=4)
    model.forward = lambda latent: torch.full((len(latent), 1, 8, 8), -0.25)
    optimizer = AdamW(model.critic.parameters(), lr=3e-3, betas=(0.0, 0.9))

    def update(loss, child):
        if child == "critic":
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    step = CriticStep(TASK, update)
    distances = [step(model, {"image": torch.full((20, 1, 8, 8), 0.25)})["distance"].item() for _ in range(40)]
    assert distances[0] < 2
    assert distances[-1] == pytest.approx(4 * 1.2, rel=0.1)


def test_what_cannot_be_is_refused_in_one_line(model, batch):
    with pytest.raises(UserError, match="critic_moves must be at least 1; got 0"):
        CriticStep(TASK, updater(model), critic_moves=0)
    with pytest.raises(UserError, match="5 moves of the critic share each batch, and it has 4 pictures: give a batch_size of at"):
        CriticStep(TASK, updater(model))(model, {"image": batch["image"][:4]})
    for weight in (0, -1, float("nan")):
        with pytest.raises(UserError, match="penalty_weight must be above 0"):
            WassersteinGeneration(latent_dim=6, image_shape=(1, 8, 8), penalty_weight=weight)
