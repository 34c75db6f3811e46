"""The parts of the evidence lower bound against torch.distributions, and their sum against its equation."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from groundup.cases.case import OpCase, Sample, call
from groundup.cases.losses.settings import with_settings
from groundup.losses.variational import ELBOLoss, bernoulli_reconstruction, gaussian_kl, gaussian_reconstruction
from groundup.parity.compare import Constant


def normal(mean: Tensor, log_var: Tensor) -> Normal:
    return Normal(mean, (log_var / 2).exp())


def torch_gaussian_kl(
    mean: Tensor, log_var: Tensor, other_mean: Tensor | None = None, other_log_var: Tensor | None = None
) -> Tensor:
    zero = torch.zeros_like(mean)
    other = normal(zero if other_mean is None else other_mean, zero if other_log_var is None else other_log_var)
    return kl_divergence(normal(mean, log_var), other).flatten(1).sum(1)


def torch_bernoulli(logits: Tensor, target: Tensor) -> Tensor:
    return -Bernoulli(logits=logits).log_prob(target).flatten(1).sum(1)


def torch_gaussian(mean: Tensor, target: Tensor, var: float = 1.0) -> Tensor:
    return -Normal(mean, var**0.5).log_prob(target).flatten(1).sum(1)


def worked_elbo(reconstruction: Tensor, mean: Tensor, log_var: Tensor, beta: float = 1.0) -> Tensor:
    """Appendix B of the paper with its sum written out: - D = 1 / 2 sum of (1 + log var - mean^2 - var)."""
    total = 0
    for loss, means, log_vars in zip(reconstruction, mean, log_var):
        bound = -loss
        for m, v in zip(means.flatten(), log_vars.flatten()):
            bound = bound + beta * (1 + v - m**2 - v.exp()) / 2
        total = total - bound
    return total / len(reconstruction)


def draw(generator: Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def kl_samples(generator: Generator) -> Iterator[Sample]:
    for shape in ((3, 4), (2, 3, 4), (0, 3)):
        yield call(*(draw(generator, *shape) for _ in range(4)))
        yield call(*(draw(generator, *shape) for _ in range(2)))
        yield call(draw(generator, *shape), draw(generator, *shape), other_log_var=draw(generator, *shape))


def bernoulli_samples(generator: Generator) -> Iterator[Sample]:
    for shape in ((3, 4), (2, 1, 3, 3), (0, 3)):
        yield call(3 * draw(generator, *shape), Constant((draw(generator, *shape) > 0).double()))


def gaussian_samples(generator: Generator) -> Iterator[Sample]:
    for shape in ((3, 4), (2, 1, 3, 3), (0, 3)):
        for settings in ({}, {"var": 0.3}):
            yield call(draw(generator, *shape), draw(generator, *shape), **settings)


def elbo_samples(generator: Generator) -> Iterator[Sample]:
    for settings in ({}, {"beta": 4.0}, {"beta": 0.0}):
        yield call(draw(generator, 3), draw(generator, 3, 4), draw(generator, 3, 4), **settings)
        yield call(draw(generator, 2), draw(generator, 2, 3, 2), draw(generator, 2, 3, 2), **settings)


CASES = [
    OpCase(
        name="gaussian_kl",
        kind="loss",
        reference="torch.distributions.kl_divergence",
        ours=gaussian_kl,
        theirs=torch_gaussian_kl,
        samples=kl_samples,
    ),
    OpCase(
        name="bernoulli_reconstruction",
        kind="loss",
        reference="torch.distributions.Bernoulli",
        ours=bernoulli_reconstruction,
        theirs=torch_bernoulli,
        samples=bernoulli_samples,
    ),
    OpCase(
        name="gaussian_reconstruction",
        kind="loss",
        reference="torch.distributions.Normal",
        ours=gaussian_reconstruction,
        theirs=torch_gaussian,
        samples=gaussian_samples,
    ),
    OpCase(
        name="ELBOLoss",
        kind="loss",
        level="B",
        reference="appendix B of arXiv:1312.6114, one dimension after the other",
        ours=with_settings(ELBOLoss),
        theirs=worked_elbo,
        samples=elbo_samples,
    ),
]
