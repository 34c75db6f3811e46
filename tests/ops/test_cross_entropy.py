"""Cross-entropy beyond its cases: random shapes, numeric range, hand-written gradients, targets that are refused."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops import cross_entropy as module
from groundup.ops import cross_entropy_backward
from groundup.ops.cross_entropy import cross_entropy, own_pass_pays
from groundup.ops.ladder import RUNGS
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS_BY_HAND = ("loops", "tensors", "manual")


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(1, 4), max_size=3),
    st.integers(1, 5),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["mean", "sum", "none"]),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.integers(-1, 4),
)
def test_cross_entropy_equals_torchs_for_every_target(places, classes, soft, weighted, reduction, label_smoothing, ignore_index):
    logits = draw(*places[:1], classes, *places[1:])
    target = torch.rand_like(logits) if soft else torch.randint(0, classes, places)
    options = dict(reduction=reduction, label_smoothing=label_smoothing, ignore_index=-100 if soft else ignore_index)
    options["weight"] = torch.rand(classes).double() if weighted else None
    for rung in RUNGS_BY_HAND:
        function = getattr(cross_entropy, rung)
        errors = compare_functions(
            lambda logits, target, function=function: function(logits, target, **options),
            lambda logits, target: F.cross_entropy(logits, target, **options),
            (logits, target),
        )
        assert errors.within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS)
def test_logits_of_ten_thousand_lose_no_digit(rung):
    logits = torch.tensor([[1e4, 1e4 - 1], [-1e4, 1e4], [0.0, -1e4]], requires_grad=True)
    losses = getattr(cross_entropy, rung)(logits, torch.tensor([0, 0, 0]), reduction="none")
    torch.testing.assert_close(losses, torch.tensor([math.log1p(math.exp(-1)), 2e4, 0.0]), atol=1e-6, rtol=1e-6)
    losses.sum().backward()
    share = 1 / (1 + math.exp(-1))
    torch.testing.assert_close(logits.grad, torch.tensor([[share - 1, 1 - share], [-1.0, 1.0], [0.0, 0.0]]))


@pytest.mark.parametrize("rung", RUNGS)
def test_uniform_logits_cost_the_logarithm_of_the_number_of_classes(rung):
    loss = getattr(cross_entropy, rung)(torch.zeros(3, 10), torch.tensor([0, 4, 9]))
    assert loss.item() == pytest.approx(math.log(10))


def test_manual_gradient_is_softmax_minus_one_hot():
    logits, target = draw(5, 4), torch.tensor([3, 0, 2, 2, 1])
    cross_entropy.manual(logits, target, reduction="sum").backward()
    torch.testing.assert_close(logits.grad, logits.detach().softmax(1) - torch.eye(4)[target])


@pytest.mark.parametrize("rung", ["tensors", "manual", "fused"])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_when_all_is_ignored_the_mean_is_nan_and_its_gradient_zero(rung, label_smoothing):
    logits = torch.randn(3, 4, requires_grad=True)
    loss = getattr(cross_entropy, rung)(logits, torch.full((3,), -100), label_smoothing=label_smoothing)
    loss.backward()
    assert loss.isnan() and torch.equal(logits.grad, torch.zeros(3, 4))


@pytest.mark.parametrize("rung", RUNGS)
def test_what_is_ignored_reaches_neither_loss_nor_gradient(rung):
    logits, target = torch.randn(2, 4, 3), torch.tensor([[0, 7, 3], [7, 7, 1]])
    results = []
    for scale in (1.0, 1e30):
        leaf = torch.where((target == 7).unsqueeze(1), scale * logits, logits).requires_grad_()
        getattr(cross_entropy, rung)(leaf, target, ignore_index=7, reduction="sum").backward()
        results.append(leaf.grad)
        assert not leaf.grad.movedim(1, -1)[target == 7].any()
    assert torch.equal(*results)


@pytest.mark.parametrize("rung", RUNGS)
def test_small_integers_name_classes_as_well(rung):
    logits, target = torch.randn(3, 200), torch.tensor([0, 156, 199])
    losses = [getattr(cross_entropy, rung)(logits, target.to(kind)) for kind in (torch.uint8, torch.int32, torch.int64)]
    assert losses[0] == losses[1] == losses[2]


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
def test_class_weights_take_no_gradient(rung):
    weight, logits = torch.rand(4, requires_grad=True), torch.randn(3, 4, requires_grad=True)
    for target in (torch.tensor([0, 1, 3]), torch.rand(3, 4)):
        getattr(cross_entropy, rung)(logits, target, weight, label_smoothing=0.1).backward()
    assert weight.grad is None and logits.grad is not None


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2}, {"reduction": "none"}])
def test_manual_cross_entropy_passes_gradcheck_twice_over(options):
    weight, labels = torch.rand(4).double(), torch.tensor([[0, 3], [-100, 1]])

    def of_labels(logits):
        return cross_entropy.manual(logits, labels, weight, **options)

    def of_probabilities(logits, target):
        return cross_entropy.manual(logits, target, weight, **options)

    logits, target = draw(2, 4, 2), draw(2, 4, 2).detach().softmax(1).requires_grad_()
    for function, args in ((of_labels, (logits,)), (of_probabilities, (logits, target))):
        assert gradcheck(function, args)
        assert gradgradcheck(function, args)


@pytest.fixture
def every_batch_is_large(monkeypatch):
    """The arrangement for logits by the million, on small ones, of which two rows at a time go into the cache."""
    monkeypatch.setattr(module, "MANY_LOGITS", 1)
    monkeypatch.setattr(cross_entropy_backward, "CACHED_LOGITS", 14)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("weighted", "smoothing"), [(False, 0.0), (True, 0.0), (False, 0.3)])
def test_the_arrangement_for_many_logits_equals_torchs(every_batch_is_large, reduction, weighted, smoothing):
    logits, target = torch.randn(6, 5), torch.tensor([0, 4, 2, -100, 2, 1])
    weight = torch.rand(5) if weighted else None
    assert own_pass_pays(logits.requires_grad_(), target, weight, smoothing)
    errors = compare_functions(
        lambda x: cross_entropy(x, target, weight, reduction=reduction, label_smoothing=smoothing),
        lambda x: F.cross_entropy(x, target, weight, reduction=reduction, label_smoothing=smoothing),
        (logits,),
    )
    assert errors.within(1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_arrangement_for_many_logits_is_in_autocast_as_exact_as_torchs(every_batch_is_large, smoothing):
    half = (8 * torch.randn(3000, 7)).bfloat16().requires_grad_()
    target = torch.randint(7, (3000,)).where(torch.rand(3000) < 0.9, -100)
    gradients = []
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert own_pass_pays(half, target, None, smoothing)
        for function in (cross_entropy, F.cross_entropy):
            loss = function(half, target, label_smoothing=smoothing)
            gradients.append(torch.autograd.grad(loss, half)[0])
            assert loss.dtype == torch.float32
            torch.testing.assert_close(loss, F.cross_entropy(half.float(), target, label_smoothing=smoothing))
    torch.testing.assert_close(*gradients, rtol=0.008, atol=1e-8)  # one step of bfloat16


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_arrangement_for_many_logits_can_be_differentiated_twice_and_walked_twice(monkeypatch, smoothing):
    logits, target = draw(3, 4), torch.tensor([0, 3, -100])
    monkeypatch.setattr(module, "own_pass_pays", lambda *_: True)
    assert gradcheck(lambda x: cross_entropy(x, target, label_smoothing=smoothing), (logits,))
    assert gradgradcheck(lambda x: cross_entropy(x, target, reduction="none", label_smoothing=smoothing), (logits,))
    loss = cross_entropy(logits, target, label_smoothing=smoothing)
    first, second = (torch.autograd.grad(loss, logits, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, second)


def test_the_arrangement_for_many_logits_names_a_target_outside_the_classes(every_batch_is_large):
    with pytest.raises(ValueError, match="target 5 is none of the 5 classes"):
        cross_entropy(torch.randn(2, 5, requires_grad=True), torch.tensor([0, 5]))


def test_the_arrangement_for_many_logits_is_for_training_on_class_indices_in_float32_on_a_cpu(every_batch_is_large):
    logits, target = torch.randn(2, 5, requires_grad=True), torch.tensor([0, 1])
    assert own_pass_pays(logits, target, None, 0.0) and own_pass_pays(logits, target, None, 0.1)
    assert not own_pass_pays(logits.detach(), target, None, 0.0)
    assert not own_pass_pays(logits, target, torch.ones(5), 0.1)
    assert not own_pass_pays(logits.bfloat16(), target, None, 0.0)  # but in autocast
    assert not own_pass_pays(logits, torch.rand(2, 5), None, 0.0)
    assert not own_pass_pays(logits.double(), target, None, 0.0)
    assert not own_pass_pays(logits.unsqueeze(2), target, None, 0.0)
    assert not own_pass_pays(logits.to("meta"), target, None, 0.0)
    with torch.no_grad():
        assert not own_pass_pays(logits, target, None, 0.0)


def test_only_many_logits_are_many():
    logits = torch.empty(()).expand(150, 10_000).requires_grad_()
    assert own_pass_pays(logits, torch.zeros(150).long(), None, 0.0)
    assert not own_pass_pays(logits[1:], torch.zeros(149).long(), None, 0.0)


def test_half_precision_logits_under_autocast_may_have_weights_in_full():
    logits, target, weight = torch.randn(3, 4).bfloat16(), torch.tensor([0, 1, 3]), torch.rand(4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = [getattr(cross_entropy, rung)(logits, target, weight) for rung in ("tensors", "manual", "fused")]
    torch.testing.assert_close(torch.stack([loss.float() for loss in losses]), losses[0].float().expand(3), rtol=0.02, atol=0.02)


def test_export_sees_through_the_checks():
    class Net(torch.nn.Module):
        def forward(self, logits, target):
            return cross_entropy(logits, target)

    args = torch.randn(3, 4), torch.tensor([0, 1, 3])
    torch.testing.assert_close(torch.export.export(Net(), args).module()(*args), F.cross_entropy(*args))


REFUSED = [
    (torch.zeros(2, 3), torch.tensor([0, 3]), {}, "target 3 is none of the 3 classes, 0 to 2"),
    (torch.zeros(2, 3), torch.tensor([-1, 0]), {}, "target -1 is none of the 3 classes"),
    (torch.zeros(2, 3), torch.tensor([-100, 0]), {"ignore_index": 0}, "target -100 is none of the 3 classes"),
    (torch.zeros(2, 3, dtype=torch.long), torch.tensor([0, 1]), {}, "floating-point logits .* torch.int64"),
    (torch.tensor(0.0), torch.tensor(0), {}, r"floating-point logits \(batch, classes, ...\); it was given torch.float32 \(\)"),
    (torch.zeros(2, 3), torch.tensor([0, 1, 2]), {}, r"class indices of shape \(2,\) .* torch.int64 of shape \(3,\)"),
    (torch.zeros(2, 3), torch.zeros(2, 3).long(), {}, r"probabilities of their own shape; the target is torch.int64"),
    (torch.zeros(2, 3, 4), torch.zeros(2, 4, 3), {}, r"the target is torch.float32 of shape \(2, 4, 3\)"),
    (torch.zeros(2, 3), torch.zeros(2, 3), {"ignore_index": 1}, "know no ignore_index; it was given 1"),
    (torch.zeros(2, 3), torch.tensor([0, 1]), {"weight": torch.ones(4)}, r"3 classes take 3 weights; weight has shape \(4,\)"),
    (
        torch.zeros(2, 3),
        torch.tensor([0, 1]),
        {"weight": torch.ones(3).double()},
        "logits of torch.float32 .* weight is torch.float64",
    ),
    (torch.zeros(2, 3), torch.tensor([0, 1]), {"label_smoothing": 1.5}, "between 0 and 1; it was given 1.5"),
    (torch.zeros(2, 3), torch.tensor([0, 1]), {"label_smoothing": -0.1}, "between 0 and 1; it was given -0.1"),
    (torch.zeros(2, 3), torch.zeros(2, 3), {"ignore_index": 0}, "know no ignore_index; it was given 0"),
    (torch.zeros(2, 3), torch.tensor([0, 1]), {"reduction": "average"}, "'average': choose one of none, mean, sum"),
]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(("logits", "target", "options", "message"), REFUSED)
def test_what_cross_entropy_cannot_take_is_named(rung, logits, target, options, message):
    with pytest.raises(ValueError, match=rf"^cross_entropy\b.*{message}"):
        getattr(cross_entropy, rung)(logits, target, **options)
