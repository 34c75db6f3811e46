"""batch_norm beyond its case: random shapes, running statistics, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.batch_norm import batch_norm
from groundup.ops.ladder import RUNGS
from groundup.parity.compare import PART_BOUND, compare_functions


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 4), st.integers(1, 4), st.lists(st.integers(1, 3), max_size=3), st.booleans(), st.sampled_from([1e-5, 0.3]))
def test_batch_norm_equals_torchs_for_every_shape(batch, channels, rest, training, eps):
    input, weight, bias = draw(batch, channels, *rest), draw(channels), draw(channels)
    mean, var = torch.randn(channels).double(), torch.rand(channels).double() + 0.5
    for rung in RUNGS:
        function = getattr(batch_norm, rung)

        def ours(input, weight, bias, function=function):
            return function(input, mean.clone(), var.clone(), weight, bias, training, eps=eps)

        def theirs(input, weight, bias):
            return F.batch_norm(input, mean.clone(), var.clone(), weight, bias, training, eps=eps)

        # two values of nearly equal size have a gradient of nearly nothing: hold it against 1, not against itself
        errors = compare_functions(
            lambda *args, ours=ours: ours(*args) + args[0], lambda *args: theirs(*args) + args[0], (input, weight, bias)
        )
        assert errors.within(PART_BOUND)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.lists(st.integers(1, 3), max_size=2), st.sampled_from([0.0, 0.1, 0.7, 1.0]))
def test_running_statistics_equal_torchs(batch, channels, rest, momentum):
    input = 3 + 2 * torch.randn(batch + 1, channels, *rest).double()
    start = torch.randn(channels).double(), torch.rand(channels).double()
    theirs = [part.clone() for part in start]
    F.batch_norm(input, *theirs, training=True, momentum=momentum)
    for rung in RUNGS:
        ours = [part.clone() for part in start]
        getattr(batch_norm, rung)(input, *ours, training=True, momentum=momentum)
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("rung", RUNGS)
def test_running_variance_is_the_unbiased_one_though_the_batch_is_divided_by_the_biased_one(rung):
    input, mean, var = torch.tensor([[1.0], [3.0]]), torch.zeros(1), torch.zeros(1)
    output = getattr(batch_norm, rung)(input, mean, var, training=True, momentum=0.5, eps=1e-12)
    assert (mean.item(), var.item()) == (1.0, 1.0)  # half of the mean 2, half of the unbiased variance 2
    torch.testing.assert_close(output, torch.tensor([[-1.0], [1.0]]))  # the biased variance is 1


@pytest.mark.parametrize("rung", RUNGS)
def test_evaluation_leaves_the_running_statistics_alone(rung):
    mean, var = torch.ones(3), torch.full((3,), 4.0)
    output = getattr(batch_norm, rung)(torch.full((2, 3, 2), 5.0), mean, var, eps=0.0)
    assert torch.equal(mean, torch.ones(3)) and torch.equal(var, torch.full((3,), 4.0))
    torch.testing.assert_close(output, torch.full((2, 3, 2), 2.0))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 3, 0), (0, 3)])
def test_a_batch_of_nothing_teaches_nothing(rung, shape):
    mean, var = torch.ones(3), torch.full((3,), 4.0)
    output = getattr(batch_norm, rung)(torch.zeros(shape), mean, var, training=True)
    assert output.shape == shape
    assert torch.equal(mean, torch.ones(3)) and torch.equal(var, torch.full((3,), 4.0))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("training", [True, False])
def test_without_a_channel_nothing_is_normalized(rung, training):
    empty = torch.zeros(0)
    output = getattr(batch_norm, rung)(torch.zeros(3, 0, 2), empty, empty.clone(), training=training)
    assert output.shape == (3, 0, 2)


@pytest.mark.parametrize("rung", RUNGS)
def test_half_precision_statistics_in_float32_follow_the_batch(rung):
    input, mean, var = (4 + torch.randn(8, 3, 5)).bfloat16(), torch.zeros(3), torch.ones(3)
    getattr(batch_norm, rung)(input, mean, var, training=True, momentum=1.0)
    torch.testing.assert_close(mean, input.float().mean((0, 2)))
    torch.testing.assert_close(var, input.float().var((0, 2)))


@pytest.mark.parametrize("rung", ["loops", "tensors", "manual"])
@pytest.mark.parametrize("training", [True, False])
def test_running_statistics_take_no_gradient(rung, training):
    mean, var = torch.zeros(2, requires_grad=True), torch.ones(2, requires_grad=True)
    input = torch.randn(3, 2, requires_grad=True)
    getattr(batch_norm, rung)(input, mean, var, training=training).square().sum().backward()
    assert mean.grad is None and var.grad is None and input.grad is not None


@pytest.mark.parametrize("training", [True, False])
def test_manual_batch_norm_passes_gradcheck_twice_over(training):
    mean, var = torch.randn(2).double(), torch.rand(2).double() + 0.5

    def function(input, weight, bias):
        return batch_norm.manual(input, mean.clone(), var.clone(), weight, bias, training, eps=0.1)

    args = draw(3, 2, 2), draw(2), draw(2)
    assert gradcheck(function, args)
    assert gradgradcheck(function, args)
    assert gradgradcheck(lambda input: function(input, None, None), args[:1])


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((3,), {}, r"takes input \(batch, channels, ...\); it was given \(3,\)"),
        ((2, 3), {"running_mean": torch.zeros(2)}, r"input has 3 channels; running_mean has shape \(2,\)"),
        ((2, 3), {"running_var": torch.zeros(1)}, r"input has 3 channels; running_var has shape \(1,\)"),
        ((2, 3), {"weight": torch.zeros(3, 1)}, r"input has 3 channels; weight has shape \(3, 1\)"),
        ((2, 3), {"bias": torch.zeros(4)}, r"input has 3 channels; bias has shape \(4,\)"),
        ((2, 3), {"running_mean": None}, "both running_mean and running_var or neither"),
        ((2, 3), {"running_var": None, "training": True}, "both running_mean and running_var or neither"),
        ((2, 3), {"running_mean": None, "running_var": None}, "with training=False it needs running_mean and running_var"),
        ((2, 3), {"eps": -0.1}, "eps is positive .* not -0.1"),
        ((2, 3), {"eps": 0.0, "training": True}, "eps is positive .* not 0.0"),
        ((1, 3), {"training": True}, r"more than one value a channel; an input \(1, 3\) has one"),
        ((1, 3, 1, 1), {"training": True}, r"more than one value a channel; an input \(1, 3, 1, 1\) has one"),
    ],
)
def test_what_batch_norm_cannot_take_is_named(rung, shape, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(batch_norm, rung)(
            torch.zeros(shape), **({"running_mean": torch.zeros(3), "running_var": torch.ones(3)} | options)
        )


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("vector", ["running_mean", "running_var", "weight", "bias"])
def test_a_vector_of_another_type_is_named(rung, vector):
    vectors = {"running_mean": torch.zeros(3), "running_var": torch.ones(3)} | {vector: torch.ones(3).double()}
    with pytest.raises(ValueError, match=f"takes a {vector} of the same type; it was given torch.float64"):
        getattr(batch_norm, rung)(torch.zeros(2, 3), **vectors)
