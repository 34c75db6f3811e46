"""nll_loss beyond its cases: random shapes, its relation to cross-entropy, targets that are refused."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.cross_entropy import cross_entropy
from groundup.ops.ladder import RUNGS
from groundup.ops.nll_loss import nll_loss
from groundup.parity.compare import PART_BOUND, compare_functions


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(0, 3), max_size=3),
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from(["mean", "sum", "none"]),
    st.integers(-1, 3),
)
def test_nll_loss_equals_torchs_for_every_target(places, classes, weighted, reduction, ignore_index):
    log_probs = torch.randn(*places[:1], classes, *places[1:], dtype=torch.float64)
    target = torch.randint(0, classes, places)
    options = dict(reduction=reduction, ignore_index=ignore_index, weight=torch.rand(classes).double() if weighted else None)
    for rung in ("loops", "tensors"):
        function = getattr(nll_loss, rung)
        errors = compare_functions(
            lambda x, function=function: function(x, target, **options), lambda x: F.nll_loss(x, target, **options), (log_probs,)
        )
        assert errors.within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS)
def test_after_a_log_softmax_it_is_the_cross_entropy(rung):
    logits, target, weight = torch.randn(4, 3).double(), torch.tensor([0, 2, 1, -100]), torch.rand(3).double()
    loss = getattr(nll_loss, rung)(logits.log_softmax(1), target, weight)
    torch.testing.assert_close(loss, cross_entropy(logits, target, weight))


@pytest.mark.parametrize("rung", RUNGS)
def test_class_weights_take_no_gradient(rung):
    weight, log_probs = torch.rand(4, requires_grad=True), torch.randn(3, 4, requires_grad=True)
    getattr(nll_loss, rung)(log_probs, torch.tensor([0, 1, 3]), weight).backward()
    assert weight.grad is None and log_probs.grad is not None


@pytest.mark.parametrize("rung", RUNGS)
def test_small_integers_name_classes_as_well(rung):
    log_probs, target = torch.randn(3, 200), torch.tensor([0, 156, 199])
    losses = [getattr(nll_loss, rung)(log_probs, target.to(kind)) for kind in (torch.uint8, torch.int32, torch.int64)]
    assert losses[0] == losses[1] == losses[2]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("input", "target", "options", "message"),
    [
        (torch.zeros(2, 3), torch.tensor([0, 3]), {}, "target 3 is none of the 3 classes, 0 to 2"),
        (torch.zeros(2, 3), torch.tensor([-1, 0]), {}, "target -1 is none of the 3 classes"),
        (torch.zeros(2, 3, 2), torch.tensor([[-1, 0], [0, 0]]), {}, "target -1 is none of the 3 classes"),
        (torch.zeros(2, 3).long(), torch.tensor([0, 1]), {}, r"floating-point log-probabilities .* torch.int64 \(2, 3\)"),
        (torch.tensor(0.0), torch.tensor(0), {}, r"log-probabilities \(batch, classes, ...\)"),
        (torch.zeros(2, 3), torch.tensor([0, 1, 2]), {}, r"class indices of shape \(2,\); the target is torch.int64 .* \(3,\)"),
        (torch.zeros(2, 3), torch.zeros(2), {}, r"integer class indices .* the target is torch.float32"),
        (
            torch.zeros(2, 3),
            torch.tensor([0, 1]),
            {"weight": torch.ones(2)},
            r"3 classes take 3 weights; weight has shape \(2,\)",
        ),
        (torch.zeros(2, 3), torch.tensor([0, 1]), {"weight": torch.ones(3).double()}, "take weights of the same type"),
        (torch.zeros(2, 3), torch.tensor([0, 1]), {"reduction": "average"}, "'average': choose one of none, mean, sum"),
    ],
)
def test_what_nll_loss_cannot_take_is_named(rung, input, target, options, message):
    with pytest.raises(ValueError, match=rf"^nll_loss\b.*{message}"):
        getattr(nll_loss, rung)(input, target, **options)
