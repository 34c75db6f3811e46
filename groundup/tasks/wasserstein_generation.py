"""New pictures from random numbers, by a critic that measures how far they lie from the real ones."""

from torch import Tensor
from torch.nn import Module

from groundup.errors import UserError
from groundup.losses.adversarial import gradient_penalty, wasserstein_critic_loss, wasserstein_generator_loss
from groundup.tasks.image_generation import FromNoise


class WassersteinGeneration(FromNoise):
    """A generator against a critic, the model's child of that name, whose slope is kept at 1.

    `penalty_weight` is what a slope of another size costs the critic. The other arguments are as of all that make pictures of
    random numbers.
    Paper: https://arxiv.org/abs/1704.00028, algorithm 1; penalty_weight is lambda.
    Raises: UserError for a penalty_weight that is not above 0.
    """

    def __init__(self, *, latent_dim: int, image_shape: tuple[int, ...], penalty_weight: float = 10.0):
        super().__init__(latent_dim=latent_dim, image_shape=image_shape)
        if not penalty_weight > 0:
            raise UserError(f"penalty_weight must be above 0, for it alone bounds the critic's slope; got {penalty_weight}")
        self.penalty_weight = penalty_weight

    def critic_loss(self, model: Module, real: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
        """What the critic lowers, penalty and all; and the distance that it measures between the two heaps of pictures.

        Where on the way between a real and a made picture the slope is looked at is drawn from the global generator.
        """
        distance = -wasserstein_critic_loss(model.critic(real), model.critic(made))
        return gradient_penalty(model.critic, real, made, weight=self.penalty_weight) - distance, distance

    def generator_loss(self, model: Module, made: Tensor) -> Tensor:
        return wasserstein_generator_loss(model.critic(made))
