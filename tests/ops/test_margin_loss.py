"""Losses of margins beyond their cases: random shapes, where they cost nothing, what does not fit."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.margin_loss import cosine_embedding_loss, triplet_margin_loss
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS = ("tensors", "fused")


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.sampled_from(["mean", "sum", "none"]),
    st.sampled_from([0.1, 1.0, 3.0]),
    st.sampled_from([1.0, 2.0, 3.0]),
    st.booleans(),
)
def test_triplet_margin_loss_equals_torchs_for_every_shape(shape, reduction, margin, p, swap):
    args = [torch.randn(shape, dtype=torch.float64) for _ in range(3)]
    options = dict(margin=margin, p=p, swap=swap, reduction=reduction)
    assert compare_functions(triplet_margin_loss.tensors, F.triplet_margin_loss, args, options).within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS)
def test_a_triplet_in_order_by_the_margin_costs_nothing(rung):
    anchor, positive, negative = torch.tensor([[0.0]]), torch.tensor([[1.0]]), torch.tensor([[-2.5]])
    loss = getattr(triplet_margin_loss, rung)
    assert loss(anchor, positive, negative, margin=1.0, eps=0.0).item() == 0
    assert loss(anchor, positive, negative, margin=2.0, eps=0.0).item() == 0.5
    assert loss(anchor, positive, torch.tensor([[1.5]]), margin=2.0, eps=0.0, swap=True).item() == 2.5  # 1 - 0.5 + 2


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        (((2, 3), (2, 4), (2, 3)), {}, r"one shape; it was given anchor \(2, 3\), positive \(2, 4\), negative \(2, 3\)"),
        (((2, 3), (3,), (2, 3)), {}, r"of as many dimensions; it was given \(2, 3\), \(3,\), \(2, 3\)"),
        (((2, 3), (2, 3), (3,)), {}, r"of as many dimensions; it was given \(2, 3\), \(2, 3\), \(3,\)"),
        (((3,), (2, 3), (2, 3)), {}, r"of as many dimensions; it was given \(3,\), \(2, 3\), \(2, 3\)"),
        (((), (), ()), {}, r"three tensors \(..., features\) of as many dimensions; it was given \(\), \(\), \(\)"),
        (((2, 3),) * 3, {"margin": 0.0}, r"margin must be positive; it was given 0.0"),
        (((2, 3),) * 3, {"margin": -1.0}, r"margin must be positive; it was given -1.0"),
        (((2, 3),) * 3, {"reduction": "all"}, "'all': choose one of none, mean, sum"),
    ],
)
def test_what_triplet_margin_loss_cannot_take_is_named(rung, shapes, options, message):
    with pytest.raises(ValueError, match=rf"^triplet_margin_loss\b.*{message}"):
        getattr(triplet_margin_loss, rung)(*map(torch.zeros, shapes), **options)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 4), st.integers(1, 4), st.sampled_from(["mean", "sum", "none"]), st.sampled_from([-1.0, 0.0, 0.5]))
def test_cosine_embedding_loss_equals_torchs_for_every_shape(batch, features, reduction, margin):
    args = [torch.randn(batch, features, dtype=torch.float64) + 2 for _ in range(2)]
    target = torch.randint(0, 2, (batch,)) * 2 - 1
    errors = compare_functions(
        lambda x, y: cosine_embedding_loss.tensors(x, y, target, margin, reduction).sum() + (x**2).sum(),
        lambda x, y: F.cosine_embedding_loss(x, y, target, margin, reduction=reduction).sum() + (x**2).sum(),
        args,
    )
    assert errors.within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS)
def test_alike_wants_one_direction_and_unlike_any_beyond_the_margin(rung):
    x, y = torch.tensor([[2.0, 0.0]] * 4), torch.tensor([[3.0, 0.0], [0.0, 1.0], [3.0, 0.0], [0.0, 1.0]])
    losses = getattr(cosine_embedding_loss, rung)(x, y, torch.tensor([1, 1, -1, -1]), margin=0.25, reduction="none")
    torch.testing.assert_close(losses, torch.tensor([0.0, 1.0, 0.75, 0.0]))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"input1": torch.ones(2, 3).long(), "input2": torch.ones(2, 3).long()},
            "floating-point vectors; .*int64 and torch.int64",
        ),
        ({"target": torch.tensor(1)}, r"with targets \(batch\).* \(2, 3\), \(2, 3\) and targets \(\)"),
        ({"input2": torch.ones(3)}, r"\(2, 3\), \(3,\) and targets \(2,\)"),
        ({"input1": torch.ones(2, 1, 3), "input2": torch.ones(2, 1, 3), "target": torch.ones(2, 1)}, r"targets \(2, 1\)"),
        ({"input1": torch.tensor(1.0), "input2": torch.tensor(1.0)}, r"it was given \(\), \(\) and targets \(2,\)"),
        ({"input2": torch.ones(2, 4)}, r"one shape; it was given input1 \(2, 3\), input2 \(2, 4\)"),
        ({"target": torch.ones(3)}, "2 pairs of vectors take 2 targets; it was given 3"),
        ({"target": torch.tensor([1, 0])}, r"a target is 1 \(alike\) or -1 \(unlike\); it was given 0"),
        ({"target": torch.tensor([0.5, 1])}, r"a target is 1 \(alike\) or -1 \(unlike\); it was given 0.5"),
        ({"reduction": "all"}, "'all': choose one of none, mean, sum"),
    ],
)
def test_what_cosine_embedding_loss_cannot_take_is_named(rung, changes, message):
    arguments = {"input1": torch.ones(2, 3), "input2": torch.ones(2, 3), "target": torch.ones(2)} | changes
    with pytest.raises(ValueError, match=rf"^cosine_embedding_loss\b.*{message}"):
        getattr(cosine_embedding_loss, rung)(**arguments)


@pytest.mark.parametrize("rung", RUNGS)
def test_a_vector_of_zeros_is_at_right_angles_to_all(rung):
    loss = getattr(cosine_embedding_loss, rung)(torch.zeros(1, 3), torch.ones(1, 3), torch.ones(1))
    assert loss.item() == 1 and not math.isnan(loss.item())
