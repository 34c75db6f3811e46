"""The two losses of a generative adversarial network (https://arxiv.org/abs/1406.2661, section 3).

The discriminator answers whether a picture is real; its logit is the log-odds of yes. Both losses are means over a batch.
"""

import torch
from torch import Tensor

from groundup.ops.binary_loss import binary_cross_entropy_with_logits


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """- log D(x) of real pictures x, minus log(1 - D(G(z))) of generated ones.

    The pictures given to the discriminator for `fake_logits` should be detached from the generator: this step is not its own.

    Shapes: two tensors of any shapes -> ().
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
    """
    return binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))
