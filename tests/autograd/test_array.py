"""The engine of arrays: broadcasting, products, indices and reductions against torch; a network that learns digits."""

import operator
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from groundup.autograd.array import Array

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv]


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def equal_torchs(formula, *values, theirs=None):
    """Whether our value and gradients are torch's, for the sum of a formula times random weights."""
    ours, peers = [Array(value) for value in values], [torch.tensor(value, requires_grad=True) for value in values]
    our_result, their_result = formula(*ours), (theirs or formula)(*peers)
    weight = draw(*our_result.shape, seed=9)
    (our_result * weight).sum().backward()
    (their_result * torch.tensor(weight)).sum().backward()
    np.testing.assert_allclose(our_result.value, their_result.detach().numpy(), rtol=1e-10, atol=1e-12)
    for a, b in zip(ours, peers):
        assert a.gradient.shape == a.shape
        np.testing.assert_allclose(a.gradient, b.grad.numpy(), rtol=1e-10, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3), st.sampled_from(OPERATORS))
def test_broadcasting_is_undone_on_the_way_back(shapes, operate):
    first, second = (draw(*shape, seed=i) for i, shape in enumerate(shapes.input_shapes))
    equal_torchs(lambda a, b: operate(a, b * b + 0.5), first, second)


@pytest.mark.parametrize("shapes", [((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 1)), ((5, 1, 2, 3), (4, 3, 2))])
def test_products_of_matrices_and_of_stacks_of_them(shapes):
    equal_torchs(operator.matmul, draw(*shapes[0]), draw(*shapes[1], seed=1))


@pytest.mark.parametrize("shapes", [((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (2, 3))])
def test_what_is_no_product_of_matrices_is_refused_with_both_shapes(shapes):
    with pytest.raises(ValueError, match=r"@ takes .* it was given \(\d.*\) and \(\d"):
        Array(draw(*shapes[0])) @ draw(*shapes[1])


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
def test_sums_and_means(name, keepdims, axis):
    equal_torchs(lambda a: getattr(a, name)(axis=axis, keepdims=keepdims), draw(2, 3, 4))


@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize("axis", [0, -1, (0, 2)])
def test_the_largest_takes_the_gradient_and_equal_ones_share_it(keepdims, axis):
    ties = np.random.default_rng(0).integers(0, 3, (2, 3, 4)).astype(float)
    for values in (ties, draw(2, 3, 4)):
        equal_torchs(lambda a: a.max(axis=axis, keepdims=keepdims), values, theirs=lambda a: a.amax(dim=axis, keepdim=keepdims))


def test_the_largest_of_all():
    x = Array(draw(2, 3))
    x.max().backward()
    assert x.gradient.sum() == 1 and x.gradient.argmax() == x.value.argmax()


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "relu", "__neg__"])
def test_functions_of_each_element(name):
    equal_torchs(lambda a: getattr(a, name)(), draw(3, 4))


def test_logarithms_powers_and_log_softmax():
    equal_torchs(lambda a: (a * a + 0.1).log() + a**3 + a**0 + (a * a) ** 0.5, draw(3, 4))
    for axis in (0, -1):
        equal_torchs(lambda a, axis=axis: a.log_softmax(axis), 500 * draw(3, 4))


def test_no_slope_at_zero_for_relu_and_a_power_of_zero():
    x = Array(np.zeros(3))
    (x.relu() + x**0).sum().backward()
    assert np.array_equal(x.gradient, np.zeros(3))


def test_shapes_and_orders_of_axes():
    equal_torchs(lambda a: a.reshape(6, 4), draw(2, 3, 4))
    equal_torchs(lambda a: a.transpose(2, 0, 1), draw(2, 3, 4), theirs=lambda a: a.permute(2, 0, 1))
    equal_torchs(lambda a: a.transpose(), draw(2, 3, 4), theirs=lambda a: a.permute(2, 1, 0))


@pytest.mark.parametrize("index", [0, slice(1, None), (slice(None), [2, 0, 2]), ([0, 1, 1], [3, 3, 3]), (0, 1)])
def test_an_element_read_twice_collects_both_gradients(index):
    equal_torchs(lambda a: a[index], draw(2, 4))


def test_arrays_of_numpy_and_numbers_stand_on_either_side():
    plain = np.array([1, 2, 4])
    equal_torchs(
        lambda a: (plain + a) * (2 - a) / plain + plain / (a * a + 1) - plain * a + (3 - a) / 2,
        draw(3),
        theirs=lambda a: (torch.tensor(plain) + a) * (2 - a) / torch.tensor(plain) + torch.tensor(plain) / (a * a + 1)
        - torch.tensor(plain) * a + (3 - a) / 2,
    )  # fmt: skip
    product = draw(2, 3)
    equal_torchs(lambda a: product @ a, draw(3, 2), theirs=lambda a: torch.tensor(product) @ a)


def test_a_second_call_adds_the_same_gradients_again():
    x = Array(draw(3))
    loss = (x * x).sum()
    loss.backward()
    once = x.gradient.copy()
    loss.backward()
    np.testing.assert_allclose(x.gradient, 2 * once)


def test_backward_starts_from_a_single_number():
    with pytest.raises(ValueError, match=r"single number, such as a loss; this array has shape \(3,\)"):
        Array(draw(3)).backward()
    Array(draw(1, 1)).backward()


def test_an_exponent_that_is_an_array_is_refused():
    for exponent in (Array(2.0), np.array(2.0)):
        with pytest.raises(TypeError, match=r"x \*\* y write"):
            Array(draw(2)) ** exponent


def test_it_shows_its_shape():
    assert repr(Array(draw(2, 3))) == "Array(2, 3)"


def test_a_network_on_the_engine_learns_digits_without_torch():
    code = "import sys; sys.path.insert(0, 'examples'); import digits_in_numpy as d; assert d.train(epochs=8) > 0.95; "
    code += "assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("held-out accuracy") == 8
