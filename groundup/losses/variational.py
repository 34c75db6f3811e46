"""The loss of a variational autoencoder: how badly the code is decoded, and how far it is from the prior.

The evidence lower bound (ELBO) bounds the log-likelihood of a picture from below; minus it is what training lowers. Paper:
Kingma & Welling, https://arxiv.org/abs/1312.6114 (equation 3; the divergence is worked out in appendix B, the two decoders
in appendix C).
"""

import math

import torch
from torch import Tensor
from torch.nn import Module

from groundup.ops.binary_loss import binary_cross_entropy_with_logits


def check_alike(name: str, **tensors: Tensor) -> None:
    """A ValueError unless all are floating-point of one shape (batch, ...)."""
    first = next(iter(tensors.values()))
    if not all(tensor.is_floating_point() and tensor.shape == first.shape and tensor.dim() for tensor in tensors.values()):
        shapes = ", ".join(f"{argument} {tensor.dtype} {tuple(tensor.shape)}" for argument, tensor in tensors.items())
        raise ValueError(f"{name} takes floating-point tensors of one shape (batch, ...); it was given {shapes}")


def per_example(terms: Tensor) -> Tensor:
    """The sum over all but the batch. Shapes: (batch, ...) -> (batch)."""
    return terms.reshape(len(terms), math.prod(terms.shape[1:])).sum(1)


def gaussian_kl(mean: Tensor, log_var: Tensor, other_mean: Tensor | None = None, other_log_var: Tensor | None = None) -> Tensor:
    """KL(N(mean, var) || N(other_mean, other_var)) of diagonal normal distributions, for each example.

    1 / 2 * sum over dimensions of (log(other_var / var) + (var + (mean - other_mean)^2) / other_var - 1)

    Without the other two, the other is the standard normal distribution: mean 0, variance 1.

    Shapes: all alike, (batch, ...) -> (batch).
    Raises: ValueError for shapes that differ and for integers.
    Paper: https://arxiv.org/abs/1312.6114 (appendix B; mean and log_var are mu and log sigma^2).
    Equals: torch.distributions.kl_divergence of two normal distributions, summed.
    """
    other_mean = torch.zeros_like(mean) if other_mean is None else other_mean
    other_log_var = torch.zeros_like(log_var) if other_log_var is None else other_log_var
    check_alike("gaussian_kl", mean=mean, log_var=log_var, other_mean=other_mean, other_log_var=other_log_var)
    ratio = log_var - other_log_var
    return per_example(ratio.exp() - 1 - ratio + (mean - other_mean).square() * (-other_log_var).exp()) / 2


def bernoulli_reconstruction(logits: Tensor, target: Tensor) -> Tensor:
    """Minus the log-likelihood of pixels that are on or off, each with probability sigmoid(logits) of on, for each example.

    Shapes: two alike, (batch, ...) -> (batch).
    Raises: ValueError for shapes that differ and for integers.
    Paper: https://arxiv.org/abs/1312.6114 (appendix C.1).
    Equals: torch.distributions.Bernoulli's, for pixels of 0 and 1.
    """
    check_alike("bernoulli_reconstruction", logits=logits, target=target)
    return per_example(binary_cross_entropy_with_logits(logits, target, reduction="none"))


def gaussian_reconstruction(mean: Tensor, target: Tensor, var: float = 1.0) -> Tensor:
    """Minus the log-likelihood of pixels that are normal around the mean with one variance, for each example.

    sum over pixels of 1 / 2 * (log(2 pi var) + (target - mean)^2 / var): half the squared error, but for constants.

    Shapes: two alike, (batch, ...) -> (batch).
    Raises: ValueError for shapes that differ, integers and a variance that is not positive.
    Paper: https://arxiv.org/abs/1312.6114 (appendix C.2, with a variance that is given).
    Equals: torch.distributions.Normal's.
    """
    check_alike("gaussian_reconstruction", mean=mean, target=target)
    if not 0 < var < math.inf:
        raise ValueError(f"gaussian_reconstruction: var must be positive; it was given {var}")
    return per_example((math.log(2 * math.pi * var) + (target - mean).square() / var) / 2)


class ELBOLoss(Module):
    """Minus the evidence lower bound, the mean over the batch: reconstruction + beta * divergence.

    `beta` above 1 presses the code harder towards the prior, whose dimensions are independent: each then tends to hold one
    property of the picture, at the price of blur (beta-VAE). With beta = 1 it is the bound itself.

    Shapes: reconstruction (batch), mean and log_var (batch, ...) of the code -> ().
    Raises: ValueError for shapes that do not match and a negative beta.
    Paper: https://arxiv.org/abs/1312.6114 (equation 3); beta is of Higgins et al. 2017, beta-VAE,
    https://openreview.net/forum?id=Sy2fzU9gl.
    """

    def __init__(self, *, beta: float = 1.0):
        super().__init__()
        if not beta >= 0:
            raise ValueError(f"ELBOLoss: beta must not be negative; it was given {beta}")
        self.beta = beta

    def forward(self, reconstruction: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
        divergence = gaussian_kl(mean, log_var)
        if reconstruction.shape != divergence.shape:
            raise ValueError(
                f"ELBOLoss takes one reconstruction for each example, {tuple(divergence.shape)}; it was given "
                f"{tuple(reconstruction.shape)}"
            )
        return (reconstruction + self.beta * divergence).mean()
