"""layer_norm and rms_norm beyond their cases: random shapes, equal features, the epsilon of None, what does not fit."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.ladder import RUNGS
from groundup.ops.layer_norm import layer_norm, rms_norm
from groundup.parity.compare import PART_BOUND, compare_functions


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64).requires_grad_()


SHAPES = st.lists(st.integers(1, 3), max_size=2), st.lists(st.integers(1, 4), min_size=1, max_size=2)


@settings(max_examples=15, deadline=None)
@given(*SHAPES, st.sampled_from([1e-2, 0.3]))
def test_layer_norm_equals_torchs_for_every_shape(examples, normalized_shape, eps):
    args = draw(*examples, *normalized_shape), draw(*normalized_shape), draw(*normalized_shape)
    for rung in RUNGS:
        errors = compare_functions(
            lambda x, w, b, rung=rung: getattr(layer_norm, rung)(x, normalized_shape, w, b, eps) + x,
            lambda x, w, b: F.layer_norm(x, normalized_shape, w, b, eps) + x,
            args,
        )
        assert errors.within(PART_BOUND)


@settings(max_examples=15, deadline=None)
@given(*SHAPES, st.sampled_from([None, 1e-5, 0.3]))
def test_rms_norm_equals_torchs_for_every_shape(examples, normalized_shape, eps):
    args = draw(*examples, *normalized_shape), draw(*normalized_shape)
    for rung in RUNGS:
        errors = compare_functions(
            lambda x, w, rung=rung: getattr(rms_norm, rung)(x, normalized_shape, w, eps) + x,
            lambda x, w: F.rms_norm(x, normalized_shape, w, eps) + x,
            args,
        )
        assert errors.within(PART_BOUND)


@pytest.mark.parametrize("rung", RUNGS)
def test_equal_features_come_out_as_the_bias(rung):
    bias = torch.tensor([1.0, 2.0, 3.0])
    assert torch.equal(getattr(layer_norm, rung)(torch.full((2, 3), 7.0), (3,), torch.ones(3), bias), bias.expand(2, 3))


@pytest.mark.parametrize("rung", RUNGS)
def test_rms_norm_keeps_the_sign_and_makes_the_mean_square_one(rung):
    output = getattr(rms_norm, rung)(torch.tensor([[3.0, -4.0]]), (2,), eps=0.0)
    torch.testing.assert_close(output, torch.tensor([[3.0, -4.0]]) / 12.5**0.5)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_an_epsilon_of_none_is_that_of_the_type_computed_in(rung, dtype):
    tiny = torch.full((1, 2), 1e-8 if dtype == torch.float64 else 3e-4, dtype=dtype)
    expected = F.rms_norm(tiny, (2,))
    torch.testing.assert_close(getattr(rms_norm, rung)(tiny, (2,)), expected)
    assert 0.5 < expected[0, 0] < 0.8  # the epsilon is about as large as the mean square


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("op", [layer_norm, rms_norm], ids=["layer_norm", "rms_norm"])
def test_without_an_example_or_a_feature_nothing_is_normalized(op, rung):
    assert getattr(op, rung)(torch.zeros(0, 3), (3,)).shape == (0, 3)
    assert getattr(op, rung)(torch.zeros(2, 0), (0,)).shape == (2, 0)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("op", [layer_norm, rms_norm], ids=["layer_norm", "rms_norm"])
@pytest.mark.parametrize(
    ("normalized_shape", "options", "message"),
    [
        ((4,), {}, r"over \(4,\) takes input \(..., 4\); it was given \(2, 3\)"),
        ((), {}, r"over \(\)"),
        ((1, 2, 3), {}, r"it was given \(2, 3\)"),
        ((3,), {"weight": torch.zeros(2)}, r"weight has shape \(2,\)"),
        ((3,), {"weight": torch.zeros(3).double()}, "takes a weight of the same type; it was given torch.float64"),
        ((3,), {"bias": torch.zeros(2, 3)}, r"bias has shape \(2, 3\)"),
        ((3,), {"bias": torch.zeros(3).double()}, "takes a bias of the same type; it was given torch.float64"),
    ],
)
def test_what_they_cannot_take_is_named(op, rung, normalized_shape, options, message):
    if op is rms_norm and "bias" in options:
        return
    with pytest.raises(ValueError, match=op.__name__ + ".*" + message):
        getattr(op, rung)(torch.zeros(2, 3), normalized_shape, **options)
