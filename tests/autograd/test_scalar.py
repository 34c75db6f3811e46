"""The engine of single numbers: derivatives against torch's on random formulas, accumulation, constants, long chains."""

import math
import operator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.autograd.scalar import Scalar

UNARY = ["exp", "tanh", "relu", "sigmoid", "__neg__"]
BINARY = [operator.add, operator.sub, operator.mul, operator.truediv]
NUMBERS = st.floats(-2, 2).filter(lambda number: abs(number) > 0.05)


def derivative(formula, *numbers):
    """The value and the derivatives by all numbers."""
    inputs = [Scalar(number) for number in numbers]
    result = formula(*inputs)
    result.backward()
    return result.value, [number.gradient for number in inputs]


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=4), st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 8))))
def test_any_graph_has_the_values_and_derivatives_of_torchs(numbers, steps):
    ours = [Scalar(number) for number in numbers]
    theirs = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in numbers]
    our_nodes, their_nodes = list(ours), list(theirs)
    for first, second, kind in steps[:12]:
        for nodes in (our_nodes, their_nodes):
            a, b = nodes[first % len(nodes)], nodes[second % len(nodes)]
            if kind < len(BINARY):
                node = BINARY[kind](a, b * b + 1 if kind == 3 else b)
            else:
                name = UNARY[kind - len(BINARY)]
                node = getattr(a.tanh() if name == "exp" else a, name)()  # exp of what stays small
            nodes.append(node)
    our_nodes[-1].backward()
    their_nodes[-1].backward()
    assert our_nodes[-1].value == pytest.approx(their_nodes[-1].item(), rel=1e-10, abs=1e-12)
    for a, b in zip(ours, theirs):
        assert a.gradient == pytest.approx(0.0 if b.grad is None else b.grad.item(), rel=1e-10, abs=1e-12)


def test_a_number_used_twice_collects_both_shares():
    assert derivative(lambda x: x * x + x, 3.0) == (12.0, [7.0])


@pytest.mark.parametrize(
    ("formula", "value", "slope"),
    [
        (lambda x: x + 2, 5, 1),
        (lambda x: 2 + x, 5, 1),
        (lambda x: x - 2, 1, 1),
        (lambda x: 2 - x, -1, -1),
        (lambda x: x * 2, 6, 2),
        (lambda x: 2 * x, 6, 2),
        (lambda x: x / 2, 1.5, 0.5),
        (lambda x: 2 / x, 2 / 3, -2 / 9),
        (lambda x: x**3, 27, 27),
        (lambda x: x**0, 1, 0),
        (lambda x: x.log(), math.log(3), 1 / 3),
    ],
)
def test_numbers_stand_on_either_side_of_an_operator(formula, value, slope):
    found, (gradient,) = derivative(formula, 3)
    assert found == pytest.approx(value) and gradient == pytest.approx(slope)


def test_a_power_of_zero_has_no_slope_even_at_zero():
    assert derivative(lambda x: x**0, 0.0) == (1.0, [0.0])


def test_relu_has_no_slope_at_zero():
    assert derivative(Scalar.relu, 0.0) == (0.0, [0.0])
    assert derivative(Scalar.relu, -1.0) == (0.0, [0.0])


def test_a_second_call_adds_the_same_gradients_again():
    x = Scalar(2)
    y = x * x
    z = y + y
    z.backward()
    z.backward()
    assert (x.gradient, y.gradient, z.gradient) == (16, 4, 2)


def test_a_chain_longer_than_pythons_stack_is_walked():
    x = total = Scalar(1)
    for _ in range(20_000):
        total = total + x
    total.backward()
    assert x.gradient == 20_001


def test_a_sigmoid_far_out_does_not_overflow():
    assert derivative(Scalar.sigmoid, -1000.0) == (0.0, [0.0])
    assert derivative(Scalar.sigmoid, 1000.0) == (1.0, [0.0])


def test_an_exponent_that_is_a_scalar_is_refused():
    with pytest.raises(TypeError, match=r"x \*\* y write \(x.log\(\) \* y\).exp\(\)"):
        Scalar(2) ** Scalar(3)


def test_it_shows_its_value_and_gradient():
    assert repr(Scalar(2.5)) == "Scalar(2.5, gradient=0)"
