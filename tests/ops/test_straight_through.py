"""Straight-through estimators beyond their cases: any shape and size of number, defaults, NaN, what is refused."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.ops.straight_through import straight_through_round, straight_through_sign, straight_through_step

OPS = {
    "straight_through_sign": (straight_through_sign, lambda x: torch.where(x >= 0, 1.0, -1.0).to(x)),
    "straight_through_step": (straight_through_step, lambda x: (x > 0).to(x)),
    "straight_through_round": (straight_through_round, torch.round),
}
EVERY_RUNG = pytest.mark.parametrize(("name", "rung"), [(name, rung) for name, (op, _) in OPS.items() for rung in op.rungs])


@EVERY_RUNG
@pytest.mark.parametrize("clip", [True, False])
@settings(max_examples=10, deadline=None)
@given(shape=st.lists(st.integers(0, 4), max_size=3), size=st.sampled_from([1e-30, 0.7, 3.0, 1e12]), seed=st.integers(0, 99))
def test_values_are_those_of_the_step_exactly_and_gradients_those_of_the_line(name, rung, clip, shape, size, seed):
    op, step = OPS[name]
    x = (size * torch.randn(shape, generator=torch.Generator().manual_seed(seed))).requires_grad_()
    gradient = torch.randn(shape, generator=torch.Generator().manual_seed(seed + 1))
    output = getattr(op, rung)(x, clip)
    output.backward(gradient)
    assert torch.equal(output, step(x)) and output.dtype == torch.float32
    assert torch.equal(x.grad, gradient * (x.detach().abs() <= 1) if clip else gradient)


@EVERY_RUNG
def test_sign_and_step_clip_by_default_and_rounding_does_not(name, rung):
    x = torch.tensor([-3.0, 0.2, 1.0, 1.1], requires_grad=True)
    getattr(OPS[name][0], rung)(x).sum().backward()
    assert x.grad.tolist() == ([1, 1, 1, 1] if name == "straight_through_round" else [0, 1, 1, 0])


@EVERY_RUNG
def test_a_nan_is_not_taken_for_a_side(name, rung):
    for clip in (True, False):
        assert getattr(OPS[name][0], rung)(torch.tensor([torch.nan, 1.0]), clip).isnan().tolist() == [True, False]


@EVERY_RUNG
def test_an_infinite_number_has_a_side(name, rung):
    values = getattr(OPS[name][0], rung)(torch.tensor([-torch.inf, torch.inf]), True)
    assert torch.equal(values, OPS[name][1](torch.tensor([-torch.inf, torch.inf])))


@EVERY_RUNG
def test_the_second_derivative_of_a_line_is_nothing(name, rung):
    x = torch.tensor([-0.5, 0.3], requires_grad=True)
    output = getattr(OPS[name][0], rung)(x) * x
    (first,) = torch.autograd.grad(output.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert second.tolist() == [2.0, 2.0]  # of f(x) x, with f' = 1 and f'' = 0: 2 f'


@EVERY_RUNG
def test_whole_numbers_are_refused(name, rung):
    with pytest.raises(ValueError, match=f"{name} takes floating-point numbers; it was given torch.int64"):
        getattr(OPS[name][0], rung)(torch.tensor([1, -1]))
