"""Losses of regression beyond their cases: random shapes, the points where their curves meet, types, what does not fit."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.ladder import RUNGS
from groundup.ops.regression_loss import huber_loss, l1_loss, mse_loss, smooth_l1_loss
from groundup.parity.compare import PART_BOUND, compare_functions

OPS = (l1_loss, mse_loss, smooth_l1_loss, huber_loss)
WEIGHTED = (l1_loss, mse_loss, huber_loss)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from(["mean", "sum", "none"]),
    st.sampled_from([0.1, 1.0, 3.0, math.inf]),
    st.booleans(),
)
def test_all_equal_torchs_for_every_shape(shape, reduction, limit, weighted):
    args = [torch.randn(shape, dtype=torch.float64) for _ in range(2)]
    weight = {"weight": torch.rand(shape).double()} if weighted else {}
    for op, options in (
        (l1_loss, weight),
        (mse_loss, weight),
        (huber_loss, weight | {"delta": limit}),
        (smooth_l1_loss, {"beta": limit}),
    ):
        for rung in op.rungs:
            errors = compare_functions(getattr(op, rung), getattr(F, op.__name__), args, options | {"reduction": reduction})
            assert errors.within(PART_BOUND)


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_huber_is_delta_times_smooth_l1(rung):
    input, target = torch.randn(20).double(), torch.randn(20).double()
    huber = getattr(huber_loss, rung)(input, target, delta=0.7)
    torch.testing.assert_close(huber, 0.7 * getattr(smooth_l1_loss, rung)(input, target, beta=0.7))


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_the_curve_and_the_line_meet_with_one_slope(rung):
    errors = torch.tensor([0.5 - 1e-9, 0.5, 0.5 + 1e-9, -0.5], dtype=torch.float64, requires_grad=True)
    losses = getattr(huber_loss, rung)(errors, torch.zeros(4).double(), delta=0.5, reduction="none")
    losses.sum().backward()
    torch.testing.assert_close(losses, torch.full((4,), 0.125).double(), atol=1e-8, rtol=0)
    torch.testing.assert_close(errors.grad, torch.tensor([0.5, 0.5, 0.5, -0.5]).double(), atol=1e-8, rtol=0)


@pytest.mark.parametrize("rung", RUNGS)
def test_a_weighted_mean_is_divided_by_the_weights_but_huber_by_the_count(rung):
    input, target, weight = torch.tensor([1.0, 2.0]), torch.zeros(2), torch.tensor([3.0, 1.0])
    assert getattr(l1_loss, rung)(input, target, weight=weight).item() == 5 / 4
    assert getattr(mse_loss, rung)(input, target, weight=weight).item() == 7 / 4
    assert getattr(huber_loss, rung)(input, target, weight=weight).item() == (3 * 0.5 + 1.5) / 2


@pytest.mark.parametrize("rung", RUNGS)
def test_types_mix_as_torchs(rung):
    for op in (l1_loss, mse_loss, smooth_l1_loss):
        for target in (torch.tensor([1, 0]), torch.tensor([0.5, 1.0]).double(), torch.tensor([0.5, 1.0]).bfloat16()):
            ours = getattr(op, rung)(torch.tensor([0.25, 3.0]), target, reduction="none")
            theirs = getattr(F, op.__name__)(torch.tensor([0.25, 3.0]), target, reduction="none")
            torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.__name__)
@pytest.mark.parametrize(
    ("input", "target", "options", "message"),
    [
        (torch.zeros(2, 3), torch.zeros(3), {}, r"takes input and target of one shape; it was given \(2, 3\) and \(3,\)"),
        (torch.zeros(2), torch.zeros(2, 1), {}, r"it was given \(2,\) and \(2, 1\): reshape or expand the target"),
        (torch.zeros(2).long(), torch.zeros(2).long(), {}, r"floating-point numbers; it was given torch.int64 and torch.int64"),
        (torch.zeros(2), torch.zeros(2), {"reduction": "batchmean"}, "'batchmean': choose one of none, mean, sum"),
    ],
)
def test_what_a_regression_loss_cannot_take_is_named(rung, op, input, target, options, message):
    with pytest.raises(ValueError, match=rf"^{op.__name__}\b.*{message}"):
        getattr(op, rung)(input, target, **options)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("op", WEIGHTED, ids=lambda op: op.__name__)
def test_weights_of_another_shape_are_refused(rung, op):
    with pytest.raises(ValueError, match=rf"^{op.__name__} weighs each error: weight must be \(2, 3\); it was given \(3,\)"):
        getattr(op, rung)(torch.zeros(2, 3), torch.zeros(2, 3), weight=torch.ones(3))


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_a_curve_of_no_width_is_refused(rung):
    for beta in (-0.5, math.nan):
        with pytest.raises(
            ValueError, match=f"^smooth_l1_loss: beta is where the curve ends and must not be negative; it was given {beta}"
        ):
            getattr(smooth_l1_loss, rung)(torch.zeros(2), torch.zeros(2), beta=beta)
    for delta in (0.0, -1.0, math.nan):
        with pytest.raises(
            ValueError, match=f"^huber_loss: delta is where the curve ends and must be positive; it was given {delta}"
        ):
            getattr(huber_loss, rung)(torch.zeros(2), torch.zeros(2), delta=delta)


@pytest.mark.parametrize("rung", ["tensors", "fused"])
@pytest.mark.parametrize("target", [torch.zeros(2).double(), torch.zeros(2).long()])
def test_huber_takes_one_type(rung, target):
    with pytest.raises(
        ValueError, match=f"^huber_loss takes input and target of one type; it was given torch.float32 and {target.dtype}"
    ):
        getattr(huber_loss, rung)(torch.zeros(2), target)
