"""The autoencoder against the same network composed from torch.nn."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Generator, nn

from groundup.cases.case import ModelCase, Sample, call
from groundup.models.generative.autoencoder import autoencoder
from groundup.weights.rules import Rename


def composed() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(24, 7),
        nn.ReLU(),
        nn.Linear(7, 5),
        nn.ReLU(),
        nn.Linear(5, 2),
        nn.Linear(2, 5),
        nn.ReLU(),
        nn.Linear(5, 7),
        nn.ReLU(),
        nn.Linear(7, 24),
        nn.Unflatten(1, (2, 3, 4)),
    )


def pictures(generator: Generator) -> Iterator[Sample]:
    yield call(torch.randn(3, 2, 3, 4, generator=generator, dtype=torch.float64))


LAYERS = {
    "1": "trunk.hidden.0",
    "3": "trunk.hidden.2",
    "5": "code",
    "6": "decoder.hidden.0",
    "8": "decoder.hidden.2",
    "10": "decoder.output",
}

CASES = [
    ModelCase(
        name="autoencoder",
        reference="composed",
        ours=partial(autoencoder, image_shape=(2, 3, 4), latent_dim=2, hidden_dims=(7, 5)),
        theirs=composed,
        weights=[Rename(f"{theirs}.{{}}", f"{ours}.{{}}") for theirs, ours in LAYERS.items()],
        samples=pictures,
    ),
]
