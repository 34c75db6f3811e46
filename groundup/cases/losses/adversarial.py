"""The losses of generative adversarial networks against the same composed from torch's functions, and the gradient penalty
against the slope of a small critic worked out by hand."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from groundup.cases.case import OpCase, Sample, call
from groundup.losses.adversarial import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    hinge_discriminator_loss,
    wasserstein_critic_loss,
    wasserstein_generator_loss,
)
from groundup.parity.compare import Constant


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


def composed_hinge_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return -torch.minimum(real_logits - 1, 0 * real_logits).mean() - torch.minimum(-fake_logits - 1, 0 * fake_logits).mean()


def penalty_of_small_critic(
    inner: Tensor, outer: Tensor, real: Tensor, fake: Tensor, mix: Tensor, weight: float = 10.0
) -> Tensor:
    """Ours, of the critic D(x) = outer . tanh(inner x), so that the gradients compared are those of its weights."""

    def critic(x: Tensor) -> Tensor:
        return (x.flatten(1) @ inner.T).tanh() @ outer

    return gradient_penalty(critic, real, fake, weight=weight, mix=mix)


def worked_penalty(inner: Tensor, outer: Tensor, real: Tensor, fake: Tensor, mix: Tensor, weight: float = 10.0) -> Tensor:
    """The slope of that critic is inner^T (outer * (1 - tanh^2)); nothing here is differentiated on the way."""
    total = 0
    for x, y, m in zip(real.detach().flatten(1), fake.detach().flatten(1), mix):
        bend = 1 - (inner @ (m * x + (1 - m) * y)).tanh() ** 2
        slope = inner.T @ (outer * bend)
        total = total + ((slope @ slope) ** 0.5 - 1) ** 2
    return weight * total / len(real)


def penalty_samples(generator: Generator) -> Iterator[Sample]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for shape in ((4, 3), (2, 1, 2, 3)):
        features = draw(*shape[1:]).numel()
        for settings in ({}, {"weight": 0.7}):
            mix = Constant(torch.rand(shape[0], generator=generator, dtype=torch.float64))
            yield call(draw(5, features), draw(5), draw(*shape), draw(*shape), mix, **settings)


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
    OpCase(
        name="wasserstein_critic_loss",
        kind="loss",
        level="B",
        reference="equation 3 of arXiv:1704.00028",
        ours=wasserstein_critic_loss,
        theirs=lambda real, fake: fake.sum() / fake.numel() - real.sum() / real.numel(),
        samples=discriminator_samples,
    ),
    OpCase(
        name="wasserstein_generator_loss",
        kind="loss",
        level="B",
        reference="algorithm 1 of arXiv:1704.00028",
        ours=wasserstein_generator_loss,
        theirs=lambda fake: -fake.sum() / fake.numel(),
        samples=generator_samples,
    ),
    OpCase(
        name="hinge_discriminator_loss",
        kind="loss",
        reference="composed",
        ours=hinge_discriminator_loss,
        theirs=composed_hinge_loss,
        samples=discriminator_samples,
    ),
    OpCase(
        name="gradient_penalty",
        kind="loss",
        level="B",
        reference="equation 3 of arXiv:1704.00028 for a critic of two layers, its slope worked out by hand",
        ours=penalty_of_small_critic,
        theirs=worked_penalty,
        samples=penalty_samples,
    ),
]
