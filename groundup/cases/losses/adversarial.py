"""The losses of a generative adversarial network against the same composed from torch's softplus."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.losses.adversarial import discriminator_loss, generator_loss


def composed_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def composed_generator_loss(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(fake_logits).mean()


def discriminator_samples(generator: Generator) -> Iterator[Sample]:
    for real, fake in (((5,), (3,)), ((4, 1), (4, 1)), ((2, 1, 3, 3), (2, 1, 3, 3))):
        yield call(
            3 * torch.randn(real, generator=generator, dtype=torch.float64),
            3 * torch.randn(fake, generator=generator, dtype=torch.float64),
        )
    yield call(torch.zeros(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64))


def generator_samples(generator: Generator) -> Iterator[Sample]:
    for sample in discriminator_samples(generator):
        yield call(sample.args[1])


CASES = [
    OpCase(
        name="discriminator_loss",
        kind="loss",
        reference="composed",
        ours=discriminator_loss,
        theirs=composed_discriminator_loss,
        samples=discriminator_samples,
    ),
    OpCase(
        name="generator_loss",
        kind="loss",
        reference="composed",
        ours=generator_loss,
        theirs=composed_generator_loss,
        samples=generator_samples,
    ),
]
