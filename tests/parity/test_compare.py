"""compare.py: what it must see, and what a comparison may not hide."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from groundup.parity.compare import (
    Errors,
    compare_functions,
    compare_modules,
    cotangents,
    largest_error,
    randomize,
    relative_error,
    tensors_in,
)

NAN, INF = float("nan"), float("inf")


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("odd", [NAN, INF, -INF])
def test_a_number_that_is_not_finite_on_one_side_is_an_infinite_error(odd):
    whole, broken = torch.tensor([1.0, 2.0]), torch.tensor([1.0, odd])
    assert relative_error(broken, whole) == relative_error(whole, broken) == INF


def test_infinities_of_opposite_sign_are_apart():
    assert relative_error(torch.tensor([INF]), torch.tensor([-INF])) > 1


def test_another_shape_is_an_infinite_error_even_where_it_would_broadcast():
    assert relative_error(torch.ones(3, 1), torch.ones(3)) == INF
    assert largest_error([torch.ones(2)], [torch.ones(2)] * 2) == INF


def test_the_error_is_relative_to_the_largest_of_theirs():
    assert relative_error(torch.tensor([1.0, 104.0]), torch.tensor([0.0, 100.0])) == pytest.approx(0.04)
    assert relative_error(torch.tensor([3.0]), torch.tensor([0.0])) == 3.0
    assert relative_error(torch.ones(0, 4), torch.ones(0, 4)) == 0.0


def test_whole_numbers_and_truth_values_are_compared_too():
    assert relative_error(torch.tensor([7]), torch.tensor([8])) == 0.125
    assert relative_error(torch.tensor([True]), torch.tensor([False])) == 1.0


def test_a_nan_keeps_no_bound():
    assert not Errors(NAN, None).within(1.0)
    assert Errors(None, None).within(0.0) and Errors(1e-3, 1e-5).within(1e-3) and not Errors(1e-5, 1e-2).within(1e-3)
    assert (Errors(1e-3, None) | Errors(1e-2, 1e-4)) == Errors(1e-2, 1e-4)


def test_tensors_are_found_in_every_nest():
    a, b, c = torch.ones(1), torch.ones(2), torch.ones(3)
    assert [len(t) for t in tensors_in({"x": [a, (b, None, "text")], "y": 3, "z": {"w": c}})] == [1, 2, 3]


def test_cotangents_do_not_depend_on_who_asks():
    first, second = (cotangents([torch.zeros(2, 3), torch.zeros(4)], seed=5) for _ in range(2))
    assert all(map(torch.equal, first, second)) and not torch.equal(first[0], cotangents([torch.zeros(2, 3)], seed=6)[0])


def test_randomize_leaves_no_parameter_at_zero_and_no_two_alike():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2)).double()
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    state = randomize(network).state_dict()
    assert all(tensor.ne(0).all() for tensor in state.values())
    floats = [tensor for tensor in state.values() if tensor.is_floating_point()]
    assert len({value for tensor in floats for value in tensor.flatten().tolist()}) == sum(map(torch.numel, floats))
    assert state["1.running_var"].gt(0).all()


def test_randomize_is_a_matter_of_its_seed_alone():
    first, second, third = (randomize(nn.Linear(3, 3), seed).weight for seed in (1, 1, 2))
    assert torch.equal(first, second) and not torch.equal(first, third)


def test_randomize_keeps_activations_near_one():
    deep = nn.Sequential(*(nn.Linear(64, 64) for _ in range(6)))
    assert 0.3 < randomize(deep)(torch.randn(50, 64)).std() < 3


@pytest.mark.parametrize("eps", [1e-6, 1.001e-5])
def test_a_wrong_epsilon_is_seen_at_the_bound_for_parts(eps):
    theirs = randomize(nn.LayerNorm(8).double())
    ours = nn.LayerNorm(8, eps=eps).double()
    ours.load_state_dict(theirs.state_dict())
    errors = compare_modules(ours, theirs, (draw(3, 8),))
    assert not errors.within(1e-10) and errors.within(1e-4)


def test_equal_modules_are_equal_to_the_last_bit():
    theirs = randomize(nn.Linear(4, 3).double())
    ours = nn.Linear(4, 3).double()
    ours.load_state_dict(theirs.state_dict())
    assert compare_modules(ours, theirs, (draw(5, 4),)) == Errors(0.0, 0.0)


class Swapped(torch.autograd.Function):
    """A product whose hand-written backward gives each factor the other's gradient."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad * a, grad * b


def test_a_swapped_gradient_is_seen_although_the_values_agree():
    errors = compare_functions(Swapped.apply, torch.mul, (draw(4), draw(5)[1:]))
    assert errors.forward == 0.0 and errors.gradient > 0.1


def test_a_gradient_that_is_cut_off_is_seen():
    errors = compare_functions(lambda a, b: a * b.detach(), torch.mul, (draw(4), draw(4)))
    assert errors == Errors(0.0, 1.0)


def test_a_gradient_of_a_keyword_argument_is_compared():
    assert compare_functions(lambda x, *, y: x + y.detach(), lambda x, *, y: x + y, (draw(3),), {"y": draw(3)}).gradient == 1.0


class DetachedBias(nn.Linear):
    def forward(self, x):
        return F.linear(x, self.weight, self.bias.detach())


def test_the_gradient_of_a_parameter_is_compared():
    theirs = randomize(nn.Linear(4, 3).double())
    ours = DetachedBias(4, 3).double()
    ours.load_state_dict(theirs.state_dict())
    assert compare_modules(ours, theirs, (draw(5, 4),)) == Errors(0.0, 1.0)


def test_a_buffer_that_differs_after_the_call_is_an_error_of_the_forward_pass():
    theirs = randomize(nn.BatchNorm1d(4).double())
    ours = nn.BatchNorm1d(4, momentum=0.2).double()
    ours.load_state_dict(theirs.state_dict())
    errors = compare_modules(ours, theirs, (draw(6, 4),))
    assert errors.forward > 1e-3 and errors.gradient == 0.0


def test_gradients_of_another_call_do_not_leak_in():
    theirs = randomize(nn.Linear(4, 3).double())
    ours = nn.Linear(4, 3).double()
    ours.load_state_dict(theirs.state_dict())
    ours.weight.grad = torch.ones_like(ours.weight)
    assert compare_modules(ours, theirs, (draw(5, 4),)).gradient == 0.0


def test_parameters_that_only_one_side_trains_are_refused_by_name():
    ours, theirs = nn.Linear(4, 3).double(), nn.Linear(4, 3).double()
    ours.bias.requires_grad_(False)
    with pytest.raises(ValueError, match="gradient on one side only: bias"):
        compare_modules(ours, theirs, (draw(5, 4),))
