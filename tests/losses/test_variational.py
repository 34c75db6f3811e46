"""The evidence lower bound beyond its cases: where the divergence vanishes, what beta weighs, what does not fit."""

import math

import pytest
import torch

from groundup.losses.variational import ELBOLoss, bernoulli_reconstruction, gaussian_kl, gaussian_reconstruction


def test_a_code_like_the_prior_is_no_way_from_it():
    zeros = torch.zeros(2, 3)
    assert torch.equal(gaussian_kl(zeros, zeros), torch.zeros(2))
    mean, log_var = torch.randn(2, 3), torch.randn(2, 3)
    torch.testing.assert_close(gaussian_kl(mean, log_var, mean, log_var), torch.zeros(2))


def test_a_code_off_by_one_costs_a_half_in_each_dimension():
    zeros = torch.zeros(2, 3)
    assert gaussian_kl(torch.ones(2, 3), zeros).tolist() == [1.5, 1.5]
    assert gaussian_kl(zeros, zeros, torch.ones(2, 3)).tolist() == [1.5, 1.5]


def test_the_closed_form_is_what_many_draws_find():
    """Monte Carlo: the mean of log q - log p over draws from q, to within four of its standard errors."""
    mean, other_mean = (torch.randn(3, 4).double() for _ in range(2))
    log_var, other_log_var = (0.5 * torch.randn(3, 4).double() for _ in range(2))
    for other in ((), (other_mean, other_log_var)):
        q = torch.distributions.Normal(mean, (log_var / 2).exp())
        p = torch.distributions.Normal(*(other[0], (other[1] / 2).exp()) if other else (torch.zeros_like(mean), 1.0))
        code = mean + (log_var / 2).exp() * torch.randn(100_000, 3, 4).double()
        found = (q.log_prob(code) - p.log_prob(code)).sum(-1)
        error = found.std(0) / len(code) ** 0.5
        assert ((gaussian_kl(mean, log_var, *other) - found.mean(0)).abs() < 4 * error).all()
        assert (error < 0.02).all()


def test_an_even_guess_costs_one_bit_a_pixel():
    losses = bernoulli_reconstruction(torch.zeros(2, 3, 4), torch.ones(2, 3, 4))
    torch.testing.assert_close(losses, torch.full((2,), 12 * math.log(2)))


def test_the_squared_error_is_all_that_differs_between_two_pictures():
    mean, target = torch.zeros(2, 3), torch.tensor([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]])
    losses = gaussian_reconstruction(mean, target)
    assert (losses[0] - losses[1]).item() == pytest.approx(4.5)
    losses = gaussian_reconstruction(mean, target, var=0.25)
    assert (losses[0] - losses[1]).item() == pytest.approx(18)
    assert gaussian_reconstruction(mean, target, var=1e-8).isfinite().all()


def test_beta_weighs_the_divergence():
    reconstruction, mean, log_var = torch.tensor([1.0, 3.0]), torch.ones(2, 4), torch.zeros(2, 4)
    assert ELBOLoss()(reconstruction, mean, log_var).item() == 4
    assert ELBOLoss(beta=4.0)(reconstruction, mean, log_var).item() == 10
    assert ELBOLoss(beta=0.0)(reconstruction, mean, log_var).item() == 2


def test_the_bound_lies_below_the_likelihood():
    """One code of one number, decoded as a normal around it: log p(x) is that of a normal of variance 2."""
    x = torch.tensor(0.7, dtype=torch.float64)
    likelihood = torch.distributions.Normal(0.0, 2**0.5).log_prob(x)

    def bound(mean, var):
        noise = torch.linspace(0.0005, 0.9995, 1000, dtype=torch.float64)
        codes = mean + var**0.5 * torch.special.ndtri(noise)
        reconstruction = gaussian_reconstruction(codes.unsqueeze(1), x.expand(1000, 1)).mean()
        mean, log_var = torch.tensor([[mean]]).double(), torch.tensor([[math.log(var)]]).double()
        return -ELBOLoss()(reconstruction.view(1), mean, log_var).item()

    assert bound(0.35, 0.5) == pytest.approx(likelihood.item(), abs=2e-3)  # the true posterior: no gap
    for mean, var in ((0.0, 0.5), (0.35, 1.0), (1.0, 0.2)):
        assert bound(mean, var) < likelihood - 0.02


ALIKE = [
    (gaussian_kl, "mean torch.float32 .*log_var torch.float32"),
    (bernoulli_reconstruction, "logits torch.float32 .*target torch.float32"),
    (gaussian_reconstruction, "mean torch.float32 .*target torch.float32"),
]


@pytest.mark.parametrize(("function", "message"), ALIKE)
def test_shapes_that_differ_are_named(function, message):
    with pytest.raises(ValueError, match=rf"{function.__name__} takes floating-point tensors of one shape.* {message} \(2, 4\)"):
        function(torch.zeros(2, 3), torch.zeros(2, 4))
    for pair in ((torch.zeros(2, 3).long(),) * 2, (torch.tensor(0.0),) * 2, (torch.zeros(2), torch.zeros(2).long())):
        with pytest.raises(ValueError, match=rf"{function.__name__} takes floating-point tensors of one shape \(batch, ...\)"):
            function(*pair)


def test_another_distribution_of_another_shape_is_named():
    zeros = torch.zeros(2, 3)
    with pytest.raises(ValueError, match=r"other_mean torch.float32 \(3,\)"):
        gaussian_kl(zeros, zeros, torch.zeros(3))
    with pytest.raises(ValueError, match=r"other_log_var torch.float32 \(3,\)"):
        gaussian_kl(zeros, zeros, zeros, torch.zeros(3))


@pytest.mark.parametrize("var", [0.0, -1.0, math.inf, math.nan])
def test_a_variance_is_positive(var):
    with pytest.raises(ValueError, match=f"gaussian_reconstruction: var must be positive; it was given {var}"):
        gaussian_reconstruction(torch.zeros(2, 3), torch.zeros(2, 3), var)


@pytest.mark.parametrize("beta", [-1.0, math.nan])
def test_beta_is_not_negative(beta):
    with pytest.raises(ValueError, match=f"ELBOLoss: beta must not be negative; it was given {beta}"):
        ELBOLoss(beta=beta)


def test_one_reconstruction_an_example_is_asked_for():
    with pytest.raises(ValueError, match=r"one reconstruction for each example, \(2,\); it was given \(2, 3\)"):
        ELBOLoss()(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(2, 3))
