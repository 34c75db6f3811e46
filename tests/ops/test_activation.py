"""Activations beyond their cases: hand-written gradients, far-off numbers, random shapes."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.activation import gelu, leaky_relu, relu, softmax, tanh
from groundup.parity.compare import PART_BOUND, compare_functions

EVERY_RUNG = pytest.mark.parametrize("rung", ["loops", "tensors", "manual", "fused"])
FEW = settings(max_examples=15, deadline=None)
SHAPES = st.lists(st.integers(0, 4), min_size=0, max_size=4)


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).requires_grad_()


def test_manual_relu_passes_gradcheck_twice_over():
    numbers = (draw(3, 4).detach().sign() * (0.1 + draw(3, 4).detach().abs())).requires_grad_()  # away from the bend
    assert gradcheck(relu.manual, (numbers,))
    assert gradgradcheck(relu.manual, (numbers,))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_manual_softmax_passes_gradcheck_twice_over(dim):
    assert gradcheck(softmax.manual, (draw(2, 3, 4), dim))
    assert gradgradcheck(softmax.manual, (draw(2, 3, 4), dim))


@EVERY_RUNG
@FEW
@given(shape=SHAPES, seed=st.integers(0, 99))
def test_relu_equals_torchs_on_any_shape(rung, shape, seed):
    numbers = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    assert compare_functions(getattr(relu, rung), F.relu, (numbers,)).within(0)


@EVERY_RUNG
@FEW
@given(shape=st.lists(st.integers(1, 4), min_size=1, max_size=4), data=st.data())
def test_softmax_equals_torchs_on_any_shape_along_any_dimension(rung, shape, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    numbers = 5 * torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(len(shape)))
    reference = F.softmax if shape[dim] > 1 else values_only(F.softmax)  # of one number the gradient is 0 but for rounding
    ours = getattr(softmax, rung) if shape[dim] > 1 else values_only(getattr(softmax, rung))
    assert compare_functions(ours, reference, (numbers, dim)).within(PART_BOUND)


def values_only(function):
    return lambda input, dim: function(input.detach(), dim)


@EVERY_RUNG
def test_softmax_is_stable_for_large_logits(rung):
    logits = torch.tensor([[1e4, 1e4, 0.0, -1e4], [-3e38, -3e38, -3e38, -3e38]], requires_grad=True)
    shares = getattr(softmax, rung)(logits, -1)
    assert torch.equal(shares, torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]))
    shares[:, 0].sum().backward()
    assert logits.grad.isfinite().all()


@EVERY_RUNG
def test_softmax_computes_and_returns_in_the_type_asked_for(rung):
    logits = torch.tensor([0.1, 0.2, 0.7], dtype=torch.bfloat16, requires_grad=True)
    shares = getattr(softmax, rung)(logits, 0, torch.float64)
    torch.testing.assert_close(shares, torch.softmax(logits.detach().double(), 0), rtol=1e-12, atol=0)
    shares[0].backward()
    assert logits.grad.dtype == torch.bfloat16


@EVERY_RUNG
def test_relu_hides_no_nan(rung):
    assert getattr(relu, rung)(torch.tensor([float("nan"), -1.0, 2.0])).isnan().tolist() == [True, False, False]


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_tanh_neither_overflows_nor_loses_small_numbers(rung):
    numbers = torch.tensor([-1000.0, -1e-6, 0.0, 1e-6, 1000.0], requires_grad=True)
    values = getattr(tanh, rung)(numbers)
    torch.testing.assert_close(values, torch.tensor([-1.0, -1e-6, 0.0, 1e-6, 1.0]), rtol=1e-6, atol=0)
    values.sum().backward()
    torch.testing.assert_close(numbers.grad, torch.tensor([0.0, 1.0, 1.0, 1.0, 0.0]))


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_leaky_relu_leaks_by_its_slope_and_a_hundredth_by_default(rung):
    numbers = torch.tensor([-2.0, 3.0])
    assert getattr(leaky_relu, rung)(numbers).tolist() == pytest.approx([-0.02, 3.0])
    assert getattr(leaky_relu, rung)(numbers, negative_slope=0.5).tolist() == [-1.0, 3.0]


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_the_two_gelus_are_two_functions(rung):
    function, number = getattr(gelu, rung), torch.tensor(2.0, dtype=torch.float64)
    assert function(number).item() == pytest.approx(2 * torch.special.ndtr(number).item(), rel=1e-12)
    assert 1e-5 < abs(function(number) - function(number, approximate="tanh")) < 1e-3


def test_another_gelu_is_refused():
    with pytest.raises(ValueError, match="approximate is 'none' or 'tanh', not 'sigmoid'"):
        gelu.tensors(torch.zeros(1), "sigmoid")
