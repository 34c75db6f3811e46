"""instance_norm beyond its case: random shapes, running statistics, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.instance_norm import instance_norm
from groundup.parity.compare import PART_BOUND, compare_functions

RUNGS = ("tensors", "fused")


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.lists(st.integers(1, 3), max_size=2), st.booleans(), st.sampled_from([1e-5, 0.3]))
def test_instance_norm_equals_torchs_for_every_shape(batch, channels, rest, use_input_stats, eps):
    args = draw(batch, channels, *rest, 2), draw(channels), draw(channels)
    mean, var = torch.randn(channels).double(), torch.rand(channels).double() + 0.5
    for rung in RUNGS:

        def run(function, input, weight, bias):
            return function(input, mean.clone(), var.clone(), weight, bias, use_input_stats, eps=eps) + input

        errors = compare_functions(
            lambda *args, rung=rung, run=run: run(getattr(instance_norm, rung), *args),
            lambda *args, run=run: run(F.instance_norm, *args),
            args,
        )
        assert errors.within(PART_BOUND)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.lists(st.integers(1, 3), max_size=2), st.sampled_from([0.0, 0.1, 0.7, 1.0]))
def test_running_statistics_equal_torchs(batch, channels, rest, momentum):
    input = 3 + 2 * torch.randn(batch, channels, *rest, 2).double()
    start = torch.randn(channels).double(), torch.rand(channels).double()
    theirs = [part.clone() for part in start]
    F.instance_norm(input, *theirs, momentum=momentum)
    for rung in RUNGS:
        ours = [part.clone() for part in start]
        getattr(instance_norm, rung)(input, *ours, momentum=momentum)
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("rung", RUNGS)
def test_no_example_sees_another(rung):
    input = torch.randn(3, 2, 5)
    together = getattr(instance_norm, rung)(input)
    torch.testing.assert_close(together[1:2], getattr(instance_norm, rung)(input[1:2]))


@pytest.mark.parametrize("rung", RUNGS)
def test_running_statistics_serve_all_examples_alike_and_stay(rung):
    mean, var = torch.ones(3), torch.full((3,), 4.0)
    output = getattr(instance_norm, rung)(torch.full((2, 3, 1), 5.0), mean, var, use_input_stats=False, eps=0.0)
    torch.testing.assert_close(output, torch.full((2, 3, 1), 2.0))
    assert torch.equal(mean, torch.ones(3)) and torch.equal(var, torch.full((3,), 4.0))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("use_input_stats", [True, False])
@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 3, 0)])
def test_a_batch_of_nothing_teaches_nothing(rung, use_input_stats, shape):
    mean, var = torch.ones(3), torch.full((3,), 4.0)
    weight, bias = torch.ones(3), torch.ones(3)
    output = getattr(instance_norm, rung)(torch.zeros(shape), mean, var, weight, bias, use_input_stats)
    assert output.shape == shape
    assert torch.equal(mean, torch.ones(3)) and torch.equal(var, torch.full((3,), 4.0))


def test_running_statistics_take_no_gradient():
    mean, var = torch.zeros(2, requires_grad=True), torch.ones(2, requires_grad=True)
    for use_input_stats in (True, False):
        input = torch.randn(3, 2, 4, requires_grad=True)
        instance_norm.tensors(input, mean, var, use_input_stats=use_input_stats).square().sum().backward()
        assert mean.grad is None and var.grad is None and input.grad is not None


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((3,), {}, r"instance_norm takes input \(batch, channels, ...\); it was given \(3,\)"),
        ((2, 3), {}, r"more than one value in each channel of an example; an input \(2, 3\) has one"),
        ((2, 3, 1, 1), {}, r"more than one value in each channel of an example; an input \(2, 3, 1, 1\) has one"),
        ((2, 3, 2), {"weight": torch.ones(2)}, r"instance_norm: the input has 3 channels; weight has shape \(2,\)"),
        ((2, 3, 2), {"bias": torch.ones(2)}, r"bias has shape \(2,\)"),
        ((2, 3, 2), {"running_mean": torch.ones(2), "running_var": torch.ones(3)}, r"running_mean has shape \(2,\)"),
        ((2, 3, 2), {"running_mean": torch.ones(3), "running_var": torch.ones(2)}, r"running_var has shape \(2,\)"),
        ((2, 3, 2), {"running_mean": torch.ones(3)}, "both running_mean and running_var or neither"),
        ((2, 3, 2), {"use_input_stats": False}, "with use_input_stats=False it needs running_mean and running_var"),
    ],
)
def test_what_instance_norm_cannot_take_is_named(rung, shape, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(instance_norm, rung)(torch.zeros(shape), **options)
