"""The two binary losses beyond their cases: the ends of the range, types, what does not fit."""

import math

import pytest
import torch
import torch.nn.functional as F

from groundup.ops.binary_loss import binary_cross_entropy, binary_cross_entropy_with_logits

RUNGS = ("tensors", "fused")
BOTH = (binary_cross_entropy, binary_cross_entropy_with_logits)


@pytest.mark.parametrize("rung", RUNGS)
def test_a_logit_of_zero_has_the_slope_of_the_sigmoid(rung):
    logits = torch.zeros(3, requires_grad=True)
    getattr(binary_cross_entropy_with_logits, rung)(logits, torch.tensor([0.0, 0.3, 1.0]), reduction="sum").backward()
    torch.testing.assert_close(logits.grad, torch.tensor([0.5, 0.2, -0.5]))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_sure_answer_costs_nothing_if_right_and_its_logit_if_wrong(rung):
    logits = torch.tensor([1e4, -1e4, 1e4, -1e4], requires_grad=True)
    target = torch.tensor([1.0, 0.0, 0.0, 1.0])
    losses = getattr(binary_cross_entropy_with_logits, rung)(logits, target, reduction="none")
    losses.sum().backward()
    assert torch.equal(losses, torch.tensor([0.0, 0.0, 1e4, 1e4]))
    assert torch.equal(logits.grad, torch.tensor([0.0, 0.0, 1.0, -1.0]))


@pytest.mark.parametrize("rung", RUNGS)
def test_an_answer_that_was_sure_and_wrong_costs_a_hundred_and_can_still_be_corrected(rung):
    input = torch.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    losses = getattr(binary_cross_entropy, rung)(input, torch.tensor([1.0, 0.0, 0.0, 1.0]), reduction="none")
    losses.sum().backward()
    assert losses.tolist() == [100, 100, 0, 0]
    torch.testing.assert_close(input.grad, torch.tensor([-1e12, 1e12, 0.0, 0.0]))


@pytest.mark.parametrize("op", BOTH)
@pytest.mark.parametrize("rung", RUNGS)
def test_weights_take_no_gradient(op, rung):
    weight, input = torch.rand(3, requires_grad=True), torch.rand(2, 3, requires_grad=True)
    getattr(op, rung)(input, torch.rand(2, 3), weight).backward()
    assert weight.grad is None and input.grad is not None


@pytest.mark.parametrize("rung", RUNGS)
def test_the_weight_of_a_yes_takes_no_gradient(rung):
    weight, input = torch.rand(3, requires_grad=True), torch.rand(2, 3, requires_grad=True)
    getattr(binary_cross_entropy_with_logits, rung)(input, torch.rand(2, 3), pos_weight=weight).backward()
    assert weight.grad is None and input.grad is not None


@pytest.mark.parametrize("rung", RUNGS)
def test_probabilities_and_their_logits_cost_the_same(rung):
    logits, target = torch.randn(4, 3).double(), torch.rand(4, 3).double()
    torch.testing.assert_close(
        getattr(binary_cross_entropy, rung)(logits.sigmoid(), target),
        getattr(binary_cross_entropy_with_logits, rung)(logits, target),
    )


@pytest.mark.parametrize("op", BOTH)
def test_half_precision_stays_half_and_near_torchs(op):
    input, target = torch.rand(4, 3).bfloat16(), torch.rand(4, 3).bfloat16()
    ours = op.tensors(input, target, reduction="none")
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours, getattr(F, op.__name__)(input, target, reduction="none"), rtol=0.05, atol=0.02)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("op", BOTH)
@pytest.mark.parametrize(
    ("input", "target", "options", "message"),
    [
        (torch.zeros(2, 3), torch.zeros(3), {}, r"input and target of one shape; it was given \(2, 3\) and \(3,\)"),
        (
            torch.zeros(2),
            torch.zeros(2).long(),
            {},
            "floating-point input and targets; it was given torch.float32 and torch.int64",
        ),
        (torch.zeros(2).long(), torch.zeros(2), {}, "it was given torch.int64 and torch.float32"),
        (torch.zeros(2), torch.zeros(2), {"reduction": "average"}, "'average': choose one of none, mean, sum"),
        (
            torch.zeros(3),
            torch.zeros(3),
            {"weight": torch.ones(2)},
            r"weight must broadcast to the input \(3,\); it was given \(2,\)",
        ),
        (torch.zeros(3), torch.zeros(3), {"weight": torch.ones(2, 3)}, r"weight must broadcast .* it was given \(2, 3\)"),
    ],
)
def test_what_a_binary_loss_cannot_take_is_named(rung, op, input, target, options, message):
    with pytest.raises(ValueError, match=rf"^{op.__name__}\b.*{message}"):
        getattr(op, rung)(input, target, **options)


@pytest.mark.parametrize("rung", RUNGS)
def test_a_weight_of_yes_that_does_not_fit_is_named(rung):
    with pytest.raises(
        ValueError, match=r"^binary_cross_entropy_with_logits: pos_weight must broadcast to the input \(3,\); it was given \(4,\)"
    ):
        getattr(binary_cross_entropy_with_logits, rung)(torch.zeros(3), torch.zeros(3), pos_weight=torch.ones(4))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("wrong", [1.5, -0.25, math.nan])
def test_what_is_no_probability_is_named(rung, wrong):
    with pytest.raises(
        ValueError, match=f"^binary_cross_entropy takes probabilities from 0 to 1; it was given {wrong:g}. Logits go to"
    ):
        getattr(binary_cross_entropy, rung)(torch.tensor([0.5, wrong]), torch.zeros(2))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("options", [{"target": torch.zeros(2).double()}, {"weight": torch.ones(2).double()}])
def test_probabilities_targets_and_weights_are_of_one_type(rung, options):
    arguments = {"input": torch.zeros(2), "target": torch.zeros(2)} | options
    with pytest.raises(
        ValueError, match=r"^binary_cross_entropy takes tensors of one type; it was given torch.float32 and torch.float64"
    ):
        getattr(binary_cross_entropy, rung)(**arguments)
