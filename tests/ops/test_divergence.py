"""kl_div and gaussian_nll_loss beyond their cases: what they measure, the floor under a variance, what does not fit."""

import math
import warnings

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.divergence import gaussian_nll_loss, kl_div
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS = ("tensors", "fused")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=3), st.sampled_from(["sum", "none", "batchmean"]), st.booleans())
def test_kl_div_equals_torchs_for_every_shape(shape, reduction, log_target):
    input, target = (torch.randn(shape, dtype=torch.float64) for _ in range(2))
    options = dict(reduction=reduction, log_target=log_target)
    args = (input, target if log_target else target.exp())
    assert compare_functions(kl_div.tensors, F.kl_div, args, options).within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS)
def test_a_distribution_is_no_way_from_itself(rung):
    shares = torch.tensor([[0.0, 0.25, 0.75], [0.5, 0.5, 0.0]])
    terms = getattr(kl_div, rung)(shares.clamp(min=1e-30).log(), shares, reduction="none")
    assert torch.equal(terms, torch.zeros(2, 3))


@pytest.mark.parametrize("rung", RUNGS)
def test_batchmean_is_one_divergence_for_each_of_a_batch(rung):
    model, target = torch.tensor([[0.5, 0.5]] * 3).log(), torch.tensor([[1.0, 0.0]] * 3)
    assert getattr(kl_div, rung)(model, target, reduction="batchmean").item() == pytest.approx(math.log(2))
    assert getattr(kl_div, rung)(model, target, reduction="mean").item() == pytest.approx(math.log(2) / 2)


def test_the_mean_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kl_div(torch.zeros(2, 3), torch.ones(2, 3))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("input", "target", "options", "message"),
    [
        (torch.zeros(2, 3), torch.zeros(3), {}, r"input and target of one shape; it was given \(2, 3\) and \(3,\)"),
        (torch.zeros(2).long(), torch.zeros(2), {}, "floating-point log-probabilities.* torch.int64 and torch.float32"),
        (torch.zeros(2), torch.zeros(2).long(), {}, "floating-point log-probabilities.* torch.float32 and torch.int64"),
        (torch.zeros(2), torch.zeros(2), {"reduction": "average"}, "'average': choose one of none, mean, sum, batchmean"),
    ],
)
def test_what_kl_div_cannot_take_is_named(rung, input, target, options, message):
    with pytest.raises(ValueError, match=rf"^kl_div\b.*{message}"):
        getattr(kl_div, rung)(input, target, **options)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from(["mean", "sum", "none"]),
    st.booleans(),
    st.sampled_from([1e-6, 0.6]),
)
def test_gaussian_nll_loss_equals_torchs_for_every_shape(shape, one_variance, reduction, full, eps):
    input, target = (torch.randn(shape, dtype=torch.float64) for _ in range(2))
    var = torch.rand([*shape[:-1], 1] if one_variance else shape, dtype=torch.float64)
    options = dict(full=full, eps=eps, reduction=reduction)
    assert compare_functions(gaussian_nll_loss, F.gaussian_nll_loss, (input, target, var), options).within(PART_BOUND)


def test_a_gaussian_likelihood_is_the_densitys():
    var = torch.tensor([0.5, 2.0])
    losses = gaussian_nll_loss(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 3.0]), var, full=True, reduction="none")
    density = torch.exp(-torch.tensor([1.0, 9.0]) / (2 * var)) / (2 * math.pi * var).sqrt()
    torch.testing.assert_close(losses, -density.log())


def test_a_variance_below_the_floor_is_still_told_to_grow():
    var = torch.tensor([0.0], requires_grad=True)
    loss = gaussian_nll_loss(torch.ones(1), torch.zeros(1), var, eps=0.5)
    loss.backward()
    assert loss.item() == pytest.approx((math.log(0.5) + 1 / 0.5) / 2)
    assert var.grad.item() == pytest.approx((1 / 0.5 - 1 / 0.25) / 2)


def test_a_whole_number_serves_as_variance():
    args = torch.randn(3), torch.randn(3)
    assert torch.equal(gaussian_nll_loss(*args, 2), gaussian_nll_loss(*args, 2.0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input": torch.zeros(2, 3).long()}, r"floating-point means; it was given torch.int64"),
        ({"target": torch.zeros(3)}, r"target shaped as the input.* input \(2, 3\) and target \(3,\)"),
        ({"target": torch.zeros(2, 4)}, r"input \(2, 3\) and target \(2, 4\)"),
        ({"var": torch.ones(3)}, r"a number as var.* input \(2, 3\) and var \(3,\)"),
        ({"var": torch.ones(())}, r"input \(2, 3\) and var \(\)"),
        ({"var": torch.ones(2, 2)}, r"input \(2, 3\) and var \(2, 2\)"),
        ({"var": torch.tensor([[-0.5], [1.0]])}, r"a variance is not negative; the least in var is -0.5"),
        ({"var": -1.0}, "a variance is not negative; the least in var is -1"),
        ({"eps": 0.0}, r"eps is the least variance and must be positive; it was given 0.0"),
        ({"reduction": "batchmean"}, "'batchmean': choose one of none, mean, sum"),
    ],
)
def test_what_gaussian_nll_loss_cannot_take_is_named(changes, message):
    arguments = {"input": torch.zeros(2, 3), "target": torch.zeros(2, 3), "var": torch.ones(2, 3)} | changes
    with pytest.raises(ValueError, match=rf"^gaussian_nll_loss\b.*{message}"):
        gaussian_nll_loss(**arguments)
