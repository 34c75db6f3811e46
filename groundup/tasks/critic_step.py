"""Many moves of a critic for each of the generator."""

import torch
from torch import Tensor
from torch.nn import Module

from groundup.errors import UserError
from groundup.tasks.step import Stateless, Update
from groundup.tasks.task import Batch
from groundup.tasks.wasserstein_generation import WassersteinGeneration


class CriticStep(Stateless):
    """The batch is dealt out to `critic_moves` moves of the critic, each against fresh pictures; then the generator moves once.

    So every move of the critic sees real pictures that no other saw, and a step remembers nothing: a `batch_size` of 320 is the
    five times 64 pictures of the paper. `distance` is logged as measured in the last of these moves, before it.

    Paper: https://arxiv.org/abs/1704.00028, algorithm 1; critic_moves is n_critic.
    Raises: UserError for fewer than one move, and for a batch with fewer pictures than moves.
    """

    def __init__(self, task: WassersteinGeneration, update: Update, *, critic_moves: int = 5):
        if critic_moves < 1:
            raise UserError(f"critic_moves must be at least 1; got {critic_moves}")
        self.task, self.update, self.critic_moves = task, update, critic_moves

    def __call__(self, model: Module, batch: Batch) -> dict[str, Tensor]:
        if len(batch["image"]) < self.critic_moves:
            raise UserError(
                f"{self.critic_moves} moves of the critic share each batch, and it has {len(batch['image'])} pictures: "
                f"give a batch_size of at least {self.critic_moves}, and better of {64 * self.critic_moves}"
            )
        for real in batch["image"].tensor_split(self.critic_moves):
            with torch.no_grad():
                made = model(*self.task.inputs({"image": real}))
            critic_loss, distance = self.task.critic_loss(model, real, made)
            self.update(critic_loss, child="critic")
        generator_loss = self.task.generator_loss(model, model(*self.task.inputs({"image": real})))
        self.update(generator_loss, child="generator")
        return {
            "critic_loss": critic_loss.detach(),
            "generator_loss": generator_loss.detach(),
            "distance": distance.detach(),
        }
