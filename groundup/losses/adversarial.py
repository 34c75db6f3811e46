"""The losses of generative adversarial networks: as first written, of Wasserstein's distance with its penalty, and the hinge.

A discriminator's logit is the log-odds that a picture is real; a critic's score is only the higher the more real. All losses
are means over a batch.
"""

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from groundup.ops.activation import relu
from groundup.ops.binary_loss import binary_cross_entropy_with_logits
from groundup.ops.distance import length


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """- log D(x) of real pictures x, minus log(1 - D(G(z))) of generated ones.

    The pictures given to the discriminator for `fake_logits` should be detached from the generator: this step is not its own.

    Shapes: two tensors of any shapes -> ().
    Paper: https://arxiv.org/abs/1406.2661 (section 3, equation 1).
    """
    real = binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    fake = binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    return real + fake


def generator_loss(fake_logits: Tensor) -> Tensor:
    """- log D(G(z)) of generated pictures: the generator wants them taken for real.

    The game as first written has the generator lower log(1 - D(G(z))). The slope of that, by the logit, is -D(G(z)), which
    vanishes just when the discriminator sees through every picture and the generator has most to learn. The slope of
    - log D(G(z)) is D(G(z)) - 1, at its largest there: it does not saturate, and the two losses have the same best answer.

    Shapes: any -> ().
    Paper: https://arxiv.org/abs/1406.2661 (section 3).
    """
    return binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))


def check_scores(name: str, **scores: Tensor) -> None:
    """A ValueError for scores that are not floating-point."""
    for argument, tensor in scores.items():
        if not tensor.is_floating_point():
            raise ValueError(f"{name} takes floating-point scores; {argument} is {tensor.dtype}")


def wasserstein_critic_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """mean of D(G(z)) - mean of D(x): a critic whose slope is nowhere above 1 measures by it how far apart the two lie.

    What keeps the slope at 1 is `gradient_penalty`, to be added.

    Shapes: two tensors of any shapes -> ().
    Raises: ValueError for integers.
    Paper: https://arxiv.org/abs/1704.00028 (equation 3, its first two terms; from https://arxiv.org/abs/1701.07875).
    """
    check_scores("wasserstein_critic_loss", real_scores=real_scores, fake_scores=fake_scores)
    return fake_scores.mean() - real_scores.mean()


def wasserstein_generator_loss(fake_scores: Tensor) -> Tensor:
    """- mean of D(G(z)): the generator raises the critic's score of its pictures. The hinge losses' generator has the same.

    Shapes: any -> ().
    Raises: ValueError for integers.
    Paper: https://arxiv.org/abs/1704.00028 (algorithm 1).
    """
    check_scores("wasserstein_generator_loss", fake_scores=fake_scores)
    return -fake_scores.mean()


def hinge_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """mean of max(1 - D(x), 0) + mean of max(1 + D(G(z)), 0): right by a margin of 1 is right enough.

    The generator's loss beside it is `wasserstein_generator_loss`.

    Shapes: two tensors of any shapes -> ().
    Raises: ValueError for integers.
    Paper: Geometric GAN, https://arxiv.org/abs/1705.02894.
    """
    check_scores("hinge_discriminator_loss", real_logits=real_logits, fake_logits=fake_logits)
    return relu(1 - real_logits).mean() + relu(1 + fake_logits).mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    *,
    weight: float = 10.0,
    mix: Tensor | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """weight * mean over the batch of (|slope of D at x^| - 1)^2: the critic's slope by the picture should have length 1.

    x^ = mix * real + (1 - mix) * fake, with mix drawn evenly from 0 to 1 for each pair: on the way between the two the best
    critic has slope 1. The penalty is itself made of a gradient, so training the critic takes a second derivative. No
    gradient goes on to the pictures. A critic that sees the batch as a whole (batch norm) has no slope of one picture.

    Shapes: real and fake alike, (batch, ...); critic takes such and returns one score an example; mix (batch) -> ().
    Raises: ValueError for shapes that differ, integers, and a critic that returns another number of scores.
    Paper: https://arxiv.org/abs/1704.00028 (equation 3 and algorithm 1; weight is lambda, mix is epsilon).
    """
    if real.shape != fake.shape or not (real.dim() and real.is_floating_point() and fake.is_floating_point()):
        raise ValueError(
            "gradient_penalty takes floating-point pictures (batch, ...), as many real as fake; it was given "
            f"{real.dtype} {tuple(real.shape)} and {fake.dtype} {tuple(fake.shape)}"
        )
    if mix is None:
        mix = torch.rand(len(real), generator=generator, dtype=real.dtype, device=real.device)
    if mix.shape != real.shape[:1]:
        raise ValueError(f"gradient_penalty: {len(real)} pairs take {len(real)} numbers to mix; mix is {tuple(mix.shape)}")
    mix = mix.detach().view(-1, *[1] * (real.dim() - 1))
    between = (mix * real.detach() + (1 - mix) * fake.detach()).requires_grad_()
    with torch.enable_grad():
        scores = critic(between)
        if scores.numel() != len(real):
            raise ValueError(
                f"gradient_penalty: {len(real)} pictures take {len(real)} scores; the critic gave {tuple(scores.shape)}"
            )
        (slope,) = torch.autograd.grad(scores.sum(), between, create_graph=True)
        size = length(slope.reshape(len(slope), math.prod(slope.shape[1:])), 2, 1)
        return weight * (size - 1).square().mean()
