"""The variational autoencoder against the same network composed from torch.nn, its draw made by torch.distributions."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, Tensor, nn
from torch.distributions import Normal
from torch.distributions.transforms import AffineTransform

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.generative.vae import vae
from groundup.weights.rules import Rename


class Composed(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Flatten(), nn.Linear(24, 7), nn.ReLU(), nn.Linear(7, 5), nn.ReLU())
        self.mean, self.log_var = nn.Linear(5, 2), nn.Linear(5, 2)
        self.decoder = nn.Sequential(
            nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 24), nn.Unflatten(1, (2, 3, 4))
        )

    def forward(self, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.trunk(images)
        mean, log_var = self.mean(x), self.log_var(x)
        cloud = Normal(mean, log_var.exp().sqrt())
        return self.decoder(AffineTransform(cloud.loc, cloud.scale)(noise)), mean, log_var


def pictures_and_noise(generator: Generator) -> Iterator[Sample]:
    images = torch.randn(3, 2, 3, 4, generator=generator, dtype=torch.float64)
    yield call(images, torch.randn(3, 2, generator=generator, dtype=torch.float64))


LAYERS = {
    "trunk.1": "trunk.hidden.0",
    "trunk.3": "trunk.hidden.2",
    "decoder.0": "decoder.hidden.0",
    "decoder.2": "decoder.hidden.2",
    "decoder.4": "decoder.output",
}

CASES = [
    ModelCase(
        name="vae",
        reference="composed",
        ours=partial(vae, image_shape=(2, 3, 4), latent_dim=2, hidden_dims=(7, 5)),
        theirs=Composed,
        weights=[Rename(f"{theirs}.{{}}", f"{ours}.{{}}") for theirs, ours in LAYERS.items()],
        samples=pictures_and_noise,
    ),
]
