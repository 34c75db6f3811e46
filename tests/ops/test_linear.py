"""linear beyond its case: hand-written gradients, random shapes, the errors it answers with."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.linear import linear
from groundup.parity.compare import PART_BOUND, compare_functions


def draw(*shape, seed=3):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 1, 2, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_manual_linear_passes_gradcheck_twice_over(shape, bias):
    args = (draw(*shape), draw(2, 3), draw(2) if bias else None)
    assert gradcheck(linear.manual, args)
    assert gradgradcheck(linear.manual, args)


@pytest.mark.parametrize("rung", ["loops", "tensors", "manual", "fused"])
@settings(max_examples=15, deadline=None)
@given(
    leading=st.lists(st.integers(0, 3), max_size=3),
    in_features=st.integers(1, 4),
    out_features=st.integers(1, 4),
    bias=st.booleans(),
    seed=st.integers(0, 99),
)
def test_linear_equals_torchs_on_any_shape(rung, leading, in_features, out_features, bias, seed):
    args = (
        draw(*leading, in_features, seed=seed),
        draw(out_features, in_features, seed=seed + 1),
        draw(out_features, seed=seed + 2) if bias else None,
    )
    assert compare_functions(getattr(linear, rung), F.linear, args).within(PART_BOUND)


@pytest.mark.parametrize("rung", ["loops", "tensors", "manual"])
@pytest.mark.parametrize(
    ("input", "weight", "bias", "message"),
    [
        ((2, 3), (4, 5), (4,), r"takes 5 features in the last dimension; the input has shape \(2, 3\)"),
        ((), (4, 5), (4,), r"the input has shape \(\)"),
        ((2, 5), (5,), None, r"it was given \(5,\)"),
        ((2, 5), (4, 5), (1,), r"4 outputs take a bias of as many numbers, not one of shape \(1,\)"),
    ],
)
def test_what_does_not_fit_is_named(rung, input, weight, bias, message):
    with pytest.raises(ValueError, match=message):
        getattr(linear, rung)(draw(*input), draw(*weight), None if bias is None else draw(*bias))


def test_fused_linear_names_what_does_not_fit_and_keeps_torchs_message_for_the_rest():
    with pytest.raises(ValueError, match=r"takes 5 features in the last dimension; the input has shape \(2, 3\)"):
        linear(torch.ones(2, 3), torch.ones(4, 5))
    with pytest.raises(ValueError, match=r"4 outputs take a bias of as many numbers, not one of shape \(3,\)"):
        linear(torch.ones(2, 5), torch.ones(4, 5), torch.ones(3))
    with pytest.raises(RuntimeError, match="dtype"):
        linear(torch.ones(2, 5), torch.ones(4, 5).double())


def test_fused_linear_is_seen_through_by_the_compiler_and_by_fx():
    class Net(torch.nn.Module):
        def forward(self, x, weight, bias):
            return linear(x, weight, bias)

    args = torch.randn(2, 5), torch.randn(4, 5), torch.randn(4)
    expected = linear(*args)
    assert torch.equal(torch.fx.symbolic_trace(Net())(*args), expected)
    assert torch.equal(torch.export.export(Net(), args).module()(*args), expected)
    assert torch.equal(torch.compile(Net(), backend="eager", fullgraph=True)(*args), expected)
