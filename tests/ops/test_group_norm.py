"""group_norm beyond its case: random shapes, its two ends, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.group_norm import group_norm
from groundup.ops.ladder import RUNGS
from groundup.parity.compare import PART_BOUND, compare_functions


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


@settings(max_examples=15, deadline=None)
@given(
    st.integers(2, 3), st.integers(1, 3), st.integers(1, 3), st.lists(st.integers(1, 3), max_size=2), st.sampled_from([1e-2, 0.3])
)
def test_group_norm_equals_torchs_for_every_shape(batch, groups, each, rest, eps):
    args = draw(batch, groups * each, *rest), draw(groups * each), draw(groups * each)
    for rung in RUNGS:
        errors = compare_functions(
            lambda x, w, b, rung=rung: getattr(group_norm, rung)(x, groups, w, b, eps) + x,
            lambda x, w, b: F.group_norm(x, groups, w, b, eps) + x,
            args,
        )
        assert errors.within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS)
def test_one_group_is_a_layer_norm_and_a_group_a_channel_an_instance_norm(rung):
    x = draw(2, 6, 3).detach()
    torch.testing.assert_close(getattr(group_norm, rung)(x, 1), F.layer_norm(x, (6, 3)))
    torch.testing.assert_close(getattr(group_norm, rung)(x, 6), F.instance_norm(x))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_group_of_one_value_among_several_examples_comes_out_as_the_bias(rung):
    x, weight, bias = draw(2, 3).detach(), draw(3), draw(3)
    torch.testing.assert_close(getattr(group_norm, rung)(x, 3, weight, bias), bias.expand(2, 3))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("shape", "num_groups", "options", "message"),
    [
        ((6,), 2, {}, r"group_norm takes input \(batch, channels, ...\); it was given \(6,\)"),
        ((2, 6), 4, {}, "6 channels do not divide into 4 groups"),
        ((2, 6), 0, {}, "6 channels do not divide into 0 groups"),
        ((2, 6), -2, {}, "6 channels do not divide into -2 groups"),
        ((2, 6), 2, {"weight": torch.ones(2)}, r"group_norm: the input has 6 channels; weight has shape \(2,\)"),
        ((2, 6), 2, {"bias": torch.ones(6, 1)}, r"bias has shape \(6, 1\)"),
        ((2, 6, 0), 2, {}, r"an input \(2, 6, 0\) has no channel, or channels without a value"),
        ((2, 0, 3), 2, {}, r"an input \(2, 0, 3\) has no channel"),
        ((1, 6), 6, {}, r"more than one value a group; an input \(1, 6\) has one in each of 6 groups"),
        ((1, 3, 1, 1), 3, {}, r"an input \(1, 3, 1, 1\) has one in each of 3 groups"),
    ],
)
def test_what_group_norm_cannot_take_is_named(rung, shape, num_groups, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(group_norm, rung)(torch.zeros(shape), num_groups, **options)
