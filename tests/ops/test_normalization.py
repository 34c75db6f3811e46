"""Normalization beyond its cases: random shapes, running statistics, numeric range, hand-written gradients, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.ladder import RUNGS
from groundup.ops.normalization import batch_norm, layer_norm
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS_BY_HAND = ("loops", "tensors", "manual")


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 4), st.integers(1, 4), st.lists(st.integers(1, 3), max_size=2), st.booleans(), st.sampled_from([1e-5, 0.3]))
def test_batch_norm_equals_torchs_for_every_shape(batch, channels, rest, training, eps):
    input, weight, bias = draw(batch, channels, *rest), draw(channels), draw(channels)
    mean, var = torch.randn(channels).double(), torch.rand(channels).double() + 0.5
    for rung in RUNGS_BY_HAND:
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
@given(st.lists(st.integers(1, 3), max_size=2), st.lists(st.integers(2, 4), min_size=1, max_size=2), st.sampled_from([1e-5, 0.3]))
def test_layer_norm_equals_torchs_for_every_shape(examples, normalized_shape, eps):
    args = draw(*examples, *normalized_shape), draw(*normalized_shape), draw(*normalized_shape)
    for rung in RUNGS_BY_HAND:
        function = getattr(layer_norm, rung)
        errors = compare_functions(
            lambda x, w, b, function=function: function(x, normalized_shape, w, b, eps) + x,
            lambda x, w, b: F.layer_norm(x, normalized_shape, w, b, eps) + x,
            args,
        )
        assert errors.within(PART_BOUND)


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
def test_a_batch_of_nothing_teaches_nothing(rung):
    mean, var = torch.ones(3), torch.full((3,), 4.0)
    output = getattr(batch_norm, rung)(torch.zeros(0, 3, 2), mean, var, training=True)
    assert output.shape == (0, 3, 2)
    assert torch.equal(mean, torch.ones(3)) and torch.equal(var, torch.full((3,), 4.0))


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize("training", [True, False])
def test_running_statistics_take_no_gradient(rung, training):
    mean, var, input = (
        torch.zeros(2, requires_grad=True),
        torch.ones(2, requires_grad=True),
        torch.randn(3, 2, requires_grad=True),
    )
    getattr(batch_norm, rung)(input, mean, var, training=training).square().sum().backward()
    assert mean.grad is None and var.grad is None and input.grad is not None


@pytest.mark.parametrize("rung", RUNGS)
def test_a_large_mean_does_not_drown_the_variance(rung):
    """The mean of squares less the square of the mean would be off by everything here, in float32."""
    deviation = torch.randn(16, 2)
    output = getattr(batch_norm, rung)(10_000 + deviation, None, None, training=True)
    expected = F.batch_norm((10_000 + deviation).double(), None, None, training=True)
    torch.testing.assert_close(output.double(), expected, atol=1e-2, rtol=0)
    output = getattr(layer_norm, rung)(10_000 + deviation.T, (16,))
    torch.testing.assert_close(output.T.double(), expected, atol=1e-2, rtol=0)


@pytest.mark.parametrize("rung", RUNGS)
def test_equal_features_come_out_as_the_bias(rung):
    bias = torch.tensor([1.0, 2.0, 3.0])
    assert torch.equal(getattr(layer_norm, rung)(torch.full((2, 3), 7.0), (3,), torch.ones(3), bias), bias.expand(2, 3))


@pytest.mark.parametrize("training", [True, False])
def test_manual_batch_norm_passes_gradcheck_twice_over(training):
    mean, var = torch.randn(2).double(), torch.rand(2).double() + 0.5

    def function(input, weight, bias):
        return batch_norm.manual(input, mean.clone(), var.clone(), weight, bias, training, eps=0.1)

    args = draw(3, 2, 2), draw(2), draw(2)
    assert gradcheck(function, args)
    assert gradgradcheck(function, args)
    assert gradgradcheck(lambda input: function(input, None, None), args[:1])


def test_manual_layer_norm_passes_gradcheck_twice_over():
    args = draw(2, 2, 3), (2, 3), draw(2, 3), draw(2, 3), 0.1
    assert gradcheck(layer_norm.manual, args)
    assert gradgradcheck(layer_norm.manual, args)
    assert gradgradcheck(layer_norm.manual, args[:2])


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((3,), {}, r"was given \(3,\)"),
        ((2, 3), {"running_mean": torch.zeros(2)}, r"input has 3 channels; running_mean has shape \(2,\)"),
        ((2, 3), {"running_var": torch.zeros(1)}, r"input has 3 channels; running_var has shape \(1,\)"),
        ((2, 3), {"weight": torch.zeros(3, 1)}, r"input has 3 channels; weight has shape \(3, 1\)"),
        ((2, 3), {"bias": torch.zeros(4)}, r"input has 3 channels; bias has shape \(4,\)"),
        ((2, 3), {"running_mean": None}, "with training=False it needs running_mean and running_var"),
        ((1, 3), {"training": True}, r"more than one value a channel; an input \(1, 3\) has one"),
        ((1, 3, 1, 1), {"training": True}, r"more than one value a channel; an input \(1, 3, 1, 1\) has one"),
    ],
)
def test_what_batch_norm_cannot_take_is_named(rung, shape, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(batch_norm, rung)(
            torch.zeros(shape), **({"running_mean": torch.zeros(3), "running_var": torch.ones(3)} | options)
        )


@pytest.mark.parametrize("rung", RUNGS_BY_HAND)
@pytest.mark.parametrize(
    ("normalized_shape", "options", "message"),
    [
        ((4,), {}, r"layer_norm over \(4,\) takes input \(..., 4\); it was given \(2, 3\)"),
        ((), {}, r"layer_norm over \(\)"),
        ((1, 2, 3), {}, r"it was given \(2, 3\)"),
        ((3,), {"weight": torch.zeros(2)}, r"weight has shape \(2,\)"),
        ((3,), {"bias": torch.zeros(2, 3)}, r"bias has shape \(2, 3\)"),
    ],
)
def test_what_layer_norm_cannot_take_is_named(rung, normalized_shape, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(layer_norm, rung)(torch.zeros(2, 3), normalized_shape, **options)
