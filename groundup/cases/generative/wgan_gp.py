"""WGAN-GP, generator, critic and the penalty on the critic's slope, against the same composed from torch.nn.

The gradient of the penalty is a second derivative of the critic, so a rung that forgets one is found out here.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.losses.adversarial import gradient_penalty
from groundup.models.generative.wgan_gp import wgan_gp
from groundup.parity.compare import Constant
from groundup.weights.rules import Rename

Penalty = Callable[[nn.Module, Tensor, Tensor, Tensor], Tensor]


class Game(nn.Module):
    """Makes pictures and scores them and others, and pays for the critic's slope between the two."""

    def __init__(self, generator: nn.Module, critic: nn.Module, penalty: Penalty):
        super().__init__()
        self.generator, self.critic, self.penalty = generator, critic, penalty

    def forward(self, latent: Tensor, images: Tensor, mix: Tensor) -> tuple[Tensor, ...]:
        made = self.generator(latent)
        return made, self.critic(made), self.critic(images), self.penalty(self.critic, images, made, mix)


def our_penalty(critic: nn.Module, real: Tensor, made: Tensor, mix: Tensor) -> Tensor:
    return gradient_penalty(critic, real, made, mix=mix)


def their_penalty(critic: nn.Module, real: Tensor, made: Tensor, mix: Tensor) -> Tensor:
    """One picture after the other, with torch.func's gradient."""

    def score(picture: Tensor) -> Tensor:
        return critic(picture.unsqueeze(0)).squeeze(0)

    pairs = zip(real.detach(), made.detach(), mix, strict=True)
    slopes = [torch.func.grad(score)(share * picture + (1 - share) * other) for picture, other, share in pairs]
    return 10 * torch.stack([(torch.linalg.vector_norm(slope) - 1) ** 2 for slope in slopes]).mean()


def ours() -> nn.Module:
    model = wgan_gp(image_size=16, image_channels=2, latent_dim=5, width=3)
    return Game(model.generator, model.critic, our_penalty)


def composed() -> nn.Module:
    generator = nn.Sequential(
        nn.Unflatten(1, (5, 1, 1)),
        nn.ConvTranspose2d(5, 6, 4, bias=False),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.ConvTranspose2d(6, 3, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.ConvTranspose2d(3, 2, 4, stride=2, padding=1),
        nn.Tanh(),
    )
    critic = nn.Sequential(
        nn.Conv2d(2, 3, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(3, 6, 4, stride=2, padding=1),
        nn.LayerNorm((6, 4, 4)),
        nn.LeakyReLU(0.2),
        nn.Conv2d(6, 1, 4, bias=False),
        nn.Flatten(0),
    )
    return Game(generator, critic, their_penalty)


def latents_and_pictures(generator: Generator) -> Iterator[Sample]:
    latent = torch.randn(3, 5, generator=generator, dtype=torch.float64)
    images = torch.randn(3, 2, 16, 16, generator=generator, dtype=torch.float64)
    yield call(latent, images, Constant(torch.rand(3, generator=generator, dtype=torch.float64)))


LAYERS = {
    "generator.1": "generator.project.convolution",
    "generator.2": "generator.project.norm",
    "generator.4": "generator.up.0.convolution",
    "generator.5": "generator.up.0.norm",
    "generator.7": "generator.output",
    "critic.0": "critic.input",
    "critic.2": "critic.down.0.convolution",
    "critic.3": "critic.down.0.norm",
    "critic.5": "critic.output",
}

CASES = [
    ModelCase(
        name="wgan_gp",
        reference="composed",
        ours=ours,
        theirs=composed,
        weights=[Rename(f"{theirs}.{{}}", f"{ours}.{{}}") for theirs, ours in LAYERS.items()],
        samples=latents_and_pictures,
    ),
]
