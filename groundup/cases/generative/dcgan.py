"""DCGAN, both opponents, against the same networks composed from torch.nn."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.generative.dcgan import dcgan
from groundup.weights.rules import Rename


class Game(nn.Module):
    """Makes pictures and judges them, and judges others beside: one forward pass through everything."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def forward(self, latent: Tensor, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        made = self.generator(latent)
        return made, self.discriminator(made), self.discriminator(images)


def ours() -> nn.Module:
    model = dcgan(image_size=16, image_channels=2, latent_dim=5, width=3)
    return Game(model.generator, model.discriminator)


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
    discriminator = nn.Sequential(
        nn.Conv2d(2, 3, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(3, 6, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(6),
        nn.LeakyReLU(0.2),
        nn.Conv2d(6, 1, 4),
        nn.Flatten(0),
    )
    return Game(generator, discriminator)


def latents_and_pictures(generator: Generator) -> Iterator[Sample]:
    latent = torch.randn(3, 5, generator=generator, dtype=torch.float64)
    yield call(latent, torch.randn(3, 2, 16, 16, generator=generator, dtype=torch.float64))


LAYERS = {
    "generator.1": "generator.project.convolution",
    "generator.2": "generator.project.norm",
    "generator.4": "generator.up.0.convolution",
    "generator.5": "generator.up.0.norm",
    "generator.7": "generator.output",
    "discriminator.0": "discriminator.input",
    "discriminator.2": "discriminator.down.0.convolution",
    "discriminator.3": "discriminator.down.0.norm",
    "discriminator.5": "discriminator.output",
}

CASES = [
    ModelCase(
        name="dcgan",
        reference="composed",
        ours=ours,
        theirs=composed,
        weights=[Rename(f"{theirs}.{{}}", f"{ours}.{{}}") for theirs, ours in LAYERS.items()],
        samples=latents_and_pictures,
    ),
]
