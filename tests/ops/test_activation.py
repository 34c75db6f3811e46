"""Activations beyond their cases: hand-written gradients, numbers far off and not finite, random shapes, whole numbers."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from groundup.ops.activation import leaky_relu, logsigmoid, relu, sigmoid, softplus, tanh
from groundup.parity.compare import PART_BOUND, compare_functions

PEERS = {
    "relu": (relu, F.relu),
    "leaky_relu": (leaky_relu, F.leaky_relu),
    "sigmoid": (sigmoid, F.sigmoid),
    "tanh": (tanh, F.tanh),
    "softplus": (softplus, F.softplus),
    "logsigmoid": (logsigmoid, F.logsigmoid),
}
EVERY_RUNG = pytest.mark.parametrize(("name", "rung"), [(name, rung) for name, (op, _) in PEERS.items() for rung in op.rungs])
FEW = settings(max_examples=10, deadline=None)


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).requires_grad_()


@pytest.mark.parametrize("op", [relu, sigmoid])
def test_a_manual_activation_passes_gradcheck_twice_over(op):
    numbers = (draw(3, 4).detach().sign() * (0.1 + draw(3, 4).detach().abs())).requires_grad_()  # away from the bend
    assert gradcheck(op.manual, (numbers,))
    assert gradgradcheck(op.manual, (numbers,))


@EVERY_RUNG
@FEW
@given(shape=st.lists(st.integers(0, 4), max_size=4), seed=st.integers(0, 99))
def test_an_activation_equals_torchs_on_any_shape(name, rung, shape, seed):
    ours, theirs = PEERS[name]
    numbers = 3 * torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    assert compare_functions(getattr(ours, rung), theirs, (numbers,)).within(PART_BOUND)


@EVERY_RUNG
@pytest.mark.parametrize("number", [-torch.inf, -1e308, -1e3, -0.0, 0.0, 1e-20, 1e3, 1e308, torch.inf, torch.nan])
def test_what_is_far_off_or_not_finite_has_torchs_value_and_slope(name, rung, number):
    ours, theirs = PEERS[name]
    assert compare_functions(getattr(ours, rung), theirs, (torch.tensor([number, 0.5], dtype=torch.float64),)).within(PART_BOUND)


@EVERY_RUNG
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_activation_returns_the_type_that_it_is_given(name, rung, dtype):
    ours, theirs = PEERS[name]
    numbers = draw(30).detach().to(dtype)
    values = getattr(ours, rung)(numbers)
    assert values.dtype == dtype
    torch.testing.assert_close(values, theirs(numbers), rtol=4 * torch.finfo(dtype).eps, atol=4 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8])
def test_whole_numbers_are_read_as_torch_reads_them(name, dtype):
    ours, theirs = PEERS[name]
    numbers = torch.tensor([0, 1, 3], dtype=dtype)
    for rung in ours.rungs:
        torch.testing.assert_close(getattr(ours, rung)(numbers), theirs(numbers))


@pytest.mark.parametrize("name", ["leaky_relu", "softplus", "logsigmoid"])
def test_whole_numbers_are_refused_where_torch_refuses_them(name):
    for rung in PEERS[name][0].rungs:
        with pytest.raises(ValueError, match=rf"{name} takes floating-point numbers; it was given torch.int64: call .float\(\)"):
            getattr(PEERS[name][0], rung)(torch.tensor([1, 2]))


def test_what_else_torch_refuses_keeps_its_message():
    for op in (leaky_relu, softplus, logsigmoid):
        with pytest.raises(RuntimeError, match="parse"):
            op.fused(torch.ones(2).to_sparse())


@pytest.mark.parametrize("rung", relu.rungs)
def test_relu_in_place_writes_over_its_input_and_passes_the_same_gradient(rung):
    numbers = draw(4, 5)
    apart, over = numbers * 2, numbers * 2
    expected, result = relu(apart), getattr(relu, rung)(over, inplace=True)
    assert result.data_ptr() == over.data_ptr() and torch.equal(over, expected) and (apart < 0).any()
    ways = torch.randn(4, 5, dtype=torch.float64)
    assert torch.equal(*(torch.autograd.grad(values, numbers, ways)[0] for values in (result, expected)))


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_leaky_relu_leaks_by_its_slope_and_a_hundredth_by_default(rung):
    numbers = torch.tensor([-2.0, 3.0])
    assert getattr(leaky_relu, rung)(numbers).tolist() == pytest.approx([-0.02, 3.0])
    assert getattr(leaky_relu, rung)(numbers, negative_slope=0.5).tolist() == [-1.0, 3.0]


@pytest.mark.parametrize("rung", ["tensors", "fused"])
def test_softplus_is_straight_above_its_threshold_and_round_up_to_it(rung):
    function, numbers = getattr(softplus, rung), torch.tensor([1.0, 1.0001], dtype=torch.float64)
    assert function(numbers, 2.0, 2.0).tolist() == pytest.approx([math.log1p(math.exp(2)) / 2, 1.0001], rel=1e-12)
    assert function(torch.tensor(20.0, dtype=torch.float64)) > 20  # the default threshold is passed only beyond it
    assert function(torch.tensor(20.001, dtype=torch.float64)) == 20.001
    assert function(torch.tensor(0.0)).item() == pytest.approx(0.6931472)  # log 2: the default beta is 1


@pytest.mark.parametrize("op", [leaky_relu, softplus, logsigmoid])
def test_fused_activations_are_seen_through_by_the_compiler_and_by_fx(op):
    class Net(torch.nn.Module):
        def forward(self, x):
            return op(x)

    x = torch.randn(4)
    expected = op(x)
    assert torch.equal(torch.fx.symbolic_trace(Net())(x), expected)
    assert torch.equal(torch.export.export(Net(), (x,)).module()(x), expected)
    assert torch.equal(torch.compile(Net(), backend="eager", fullgraph=True)(x), expected)
