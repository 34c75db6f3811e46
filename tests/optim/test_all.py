"""What every optimiser promises: torch's state dict both ways, late parameters, any dtype and layout, and refusals."""

from copy import deepcopy

import pytest
import torch

from groundup.ops.adagrad_step import adagrad_step
from groundup.ops.adam_step import adam_step
from groundup.ops.ladder import rung
from groundup.ops.lars_step import lars_step, trust_ratio
from groundup.ops.rmsprop_step import rmsprop_step
from groundup.optim.adagrad import Adagrad
from groundup.optim.adam import Adam, AdamW
from groundup.optim.rmsprop import RMSprop
from groundup.optim.sgd import LARS, SGD

SHAPES = [(4, 3, 2, 2), (5,), ()]
PEERS = {
    SGD: torch.optim.SGD,
    Adam: torch.optim.Adam,
    AdamW: torch.optim.AdamW,
    RMSprop: torch.optim.RMSprop,
    Adagrad: torch.optim.Adagrad,
}
OPTIONS = {
    SGD: dict(lr=0.1, momentum=0.9, weight_decay=0.1),
    Adam: dict(lr=0.1, amsgrad=True, weight_decay=0.1),
    AdamW: dict(lr=0.1, amsgrad=True, weight_decay=0.1),
    RMSprop: dict(lr=0.1, momentum=0.9, centered=True, weight_decay=0.1),
    Adagrad: dict(lr=0.1, lr_decay=0.1, initial_accumulator_value=0.2, weight_decay=0.1),
    LARS: dict(lr=0.1, momentum=0.9, weight_decay=0.1, trust_coefficient=0.1),
}
ALL = list(OPTIONS)


def weights(dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_() for shape in SHAPES]


def train(optimizer, steps, seed, sign=1.0):
    """Steps with gradients that depend on the seed alone."""
    generator = torch.Generator().manual_seed(seed)
    params = [param for group in optimizer.param_groups for param in group["params"]]
    for _ in range(steps):
        for param in params:
            param.grad = sign * torch.randn(param.shape, generator=generator, dtype=torch.float64).to(param.dtype)
        optimizer.step()
    return params


@pytest.mark.parametrize("kind", PEERS)
@pytest.mark.parametrize("ours_first", [True, False])
def test_training_goes_on_from_the_other_implementations_state(kind, ours_first):
    first, second = (kind, PEERS[kind]) if ours_first else (PEERS[kind], kind)
    begun = first(weights(), **OPTIONS[kind])
    params = train(begun, 5, seed=2)
    continued = second([param.detach().clone().requires_grad_() for param in params])
    continued.load_state_dict(deepcopy(begun.state_dict()))
    for ours, theirs in zip(train(continued, 5, seed=3), train(begun, 5, seed=3)):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", PEERS)
def test_a_state_saved_before_the_first_step_is_taken_up_by_torch(kind):
    begun = kind(weights(), **OPTIONS[kind])
    continued = PEERS[kind](weights())
    continued.load_state_dict(deepcopy(begun.state_dict()))
    for ours, theirs in zip(train(begun, 3, seed=3), train(continued, 3, seed=3)):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", PEERS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_states_have_torchs_names_and_dtypes_and_follow_its_numbers(kind, dtype):
    ours, theirs = kind(weights(dtype), **OPTIONS[kind]), PEERS[kind](weights(dtype), **OPTIONS[kind])
    for a, b in zip(train(ours, 3, seed=2), train(theirs, 3, seed=2)):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=0.06 if dtype == torch.bfloat16 else 1e-6)
        assert set(ours.state[a]) == set(theirs.state[b])
        assert all(ours.state[a][name].dtype == value.dtype for name, value in theirs.state[b].items())


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("name", ["tensors", "fused"])
def test_to_maximize_is_to_minimize_the_negative(kind, name):
    up, down = kind(weights(), maximize=True, **OPTIONS[kind]), kind(weights(), **OPTIONS[kind])
    with rung(name):
        for a, b in zip(train(up, 3, seed=2), train(down, 3, seed=2, sign=-1.0)):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("name", ["tensors", "fused"])
def test_a_parameter_without_a_gradient_stays_and_starts_when_it_has_one(kind, name):
    ours, alone = weights(), weights()
    optimizer = kind(ours, **OPTIONS[kind])
    with rung(name):
        for step in range(4):
            for position, param in enumerate(ours):
                param.grad = torch.full_like(param, step + 1.0) if step >= position else None
            optimizer.step()
        for position, param in enumerate(alone):
            single = kind([param], **OPTIONS[kind])
            for step in range(position, 4):
                param.grad = torch.full_like(param, step + 1.0)
                single.step()
    for a, b in zip(ours, alone):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("name", ["tensors", "fused"])
def test_channels_last_weights_move_as_plain_ones(kind, name):
    (plain, *_) = weights()
    last = plain.detach().clone().to(memory_format=torch.channels_last).requires_grad_()
    with rung(name):
        (a,), (b,) = train(kind([last], **OPTIONS[kind]), 3, seed=2), train(kind([plain], **OPTIONS[kind]), 3, seed=2)
    torch.testing.assert_close(a, b, rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("name", ["tensors", "fused"])
def test_a_sliced_weight_moves_alone(kind, name):
    whole = torch.ones(4, 6)
    with rung(name):
        (a,) = train(kind([whole[:, :3].requires_grad_()], **OPTIONS[kind]), 2, seed=2)
        (b,) = train(kind([torch.ones(4, 3).requires_grad_()], **OPTIONS[kind]), 2, seed=2)
    torch.testing.assert_close(a, b)
    assert torch.equal(whole[:, 3:], torch.ones(4, 3))


@pytest.mark.parametrize("kind", ALL)
def test_a_sparse_gradient_moves_what_the_dense_one_moves(kind):
    moved = []
    for sparse in (True, False):
        table = torch.ones(5, 2, requires_grad=True)
        optimizer = kind([table], **OPTIONS[kind])
        for _ in range(2):
            table.grad = None
            torch.nn.functional.embedding(torch.tensor([1, 3, 1]), table, sparse=sparse).square().sum().backward()
            assert table.grad.is_sparse == sparse
            optimizer.step()
        moved.append(table)
    torch.testing.assert_close(*moved)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("name", ["tensors", "fused"])
def test_a_graph_from_before_the_step_is_not_differentiated_with_the_new_weights(kind, name):
    (weight, *_) = weights()
    loss = (weight**2).sum()
    with rung(name):
        train(kind([weight], **OPTIONS[kind]), 2, seed=2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("kind", ALL)
def test_the_loss_of_a_closure_is_returned_and_differentiated(kind):
    weight = torch.ones(3, requires_grad=True)

    def closure():
        weight.grad = None
        loss = (weight**2).sum()
        loss.backward()
        return loss

    optimizer = kind([weight], **(OPTIONS[kind] | dict(lr=0.01)))
    assert optimizer.step(closure) > optimizer.step(closure)


NOT_BELOW_ZERO = {
    SGD: ["lr", "momentum", "weight_decay"],
    LARS: ["lr", "momentum", "weight_decay", "trust_coefficient", "eps"],
    Adam: ["lr", "eps", "weight_decay"],
    AdamW: ["lr", "eps", "weight_decay"],
    RMSprop: ["lr", "eps", "weight_decay", "momentum"],
    Adagrad: ["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"],
}


@pytest.mark.parametrize(("kind", "option"), [(kind, option) for kind, options in NOT_BELOW_ZERO.items() for option in options])
def test_an_option_below_zero_or_infinite_is_refused_for_all_and_for_one_group(kind, option):
    for value in (-0.1, float("inf"), float("nan")):
        message = f"{kind.__name__}: {option} must be 0 or more and finite; it was given {value}"
        with pytest.raises(ValueError, match=message):
            kind(weights(), **{option: value})
        optimizer = kind(weights())
        with pytest.raises(ValueError, match=message):
            optimizer.add_param_group({"params": weights(), option: value})
        assert len(optimizer.param_groups) == 1
    kind(weights(), **{option: 0.0})


@pytest.mark.parametrize("alpha", [1.0, -0.1])
def test_rmsprop_refuses_a_mean_that_never_moves(alpha):
    with pytest.raises(ValueError, match=f"RMSprop: alpha must be at least 0 and less than 1; it was given {alpha}"):
        RMSprop(weights(), alpha=alpha)
    RMSprop(weights(), alpha=0.0)


@pytest.mark.parametrize("options", [dict(), dict(momentum=0.9, dampening=0.1)])
def test_lars_refuses_a_nesterov_that_is_none(options):
    with pytest.raises(ValueError, match="LARS: nesterov needs a momentum above 0 and a dampening of 0"):
        LARS(weights(), nesterov=True, **options)


@pytest.mark.parametrize("kind", ALL)
def test_a_state_of_another_shape_is_refused_and_nothing_of_it_loaded(kind):
    begun = kind(weights()[::-1], **OPTIONS[kind])
    train(begun, 1, seed=2)
    ours = kind(weights(), **OPTIONS[kind])
    before = deepcopy(ours.state_dict())
    with pytest.raises(ValueError, match=r"the loaded \w+ has shape \(\) where its parameter has \(4, 3, 2, 2\)"):
        ours.load_state_dict(begun.state_dict())
    torch.testing.assert_close(ours.state_dict(), before)


def test_a_group_added_late_is_updated_with_options_of_its_own():
    for kind in ALL:
        first, second = weights()[:1], weights()[1:2]
        optimizer = kind(first, **OPTIONS[kind])
        optimizer.add_param_group({"params": second, "lr": 0.0})
        train(optimizer, 2, seed=2)
        assert torch.equal(second[0], weights()[1]), kind
        assert not torch.equal(first[0], weights()[0]), kind


@pytest.mark.parametrize("op", [adam_step, rmsprop_step, adagrad_step, lars_step])
@pytest.mark.parametrize("name", ["tensors", "fused"])
def test_no_parameters_no_update(op, name):
    options = {
        adam_step: dict(lr=1.0, beta1=0.9, beta2=0.9, eps=0.1, weight_decay=0.1, maximize=False),
        rmsprop_step: dict(lr=1.0, alpha=0.9, eps=0.1, weight_decay=0.1, momentum=0.9, centered=True, maximize=False),
        adagrad_step: dict(lr=1.0, lr_decay=0.1, weight_decay=0.1, eps=0.1, maximize=False),
        lars_step: dict(lr=1.0, momentum=0.9, dampening=0.0, weight_decay=0.1, nesterov=False, maximize=False)
        | dict(trust_coefficient=0.1, eps=0.1),
    }[op]
    lists = {adam_step: 5, rmsprop_step: 5, adagrad_step: 4, lars_step: 3}[op]
    getattr(op, name)(*[[] for _ in range(lists)], **options)


def test_lars_moves_every_tensor_in_proportion_to_its_own_length():
    params = [torch.full((2,), 3.0), torch.full((2,), 300.0)]
    before = [param.clone() for param in params]
    optimizer = LARS([param.requires_grad_() for param in params], lr=1.0, trust_coefficient=0.1, eps=0.0, always_adapt=True)
    for param, slope in zip(params, (5.0, -0.01)):
        param.grad = torch.full((2,), slope)
    optimizer.step()
    moved = [((param - start).norm() / start.norm()).item() for param, start in zip(params, before)]
    assert moved == pytest.approx([0.1, 0.1])


def test_lars_leaves_what_has_no_decay_to_plain_gradient_descent():
    bias = torch.ones(2, requires_grad=True)
    bias.grad = torch.full((2,), 0.5)
    LARS([bias], lr=0.1).step()
    torch.testing.assert_close(bias.detach(), torch.full((2,), 0.95))


@pytest.mark.parametrize(("param", "grad"), [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
def test_where_a_length_is_zero_lars_trusts_fully(param, grad):
    assert trust_ratio(torch.full((2,), param), torch.full((2,), grad), 0.1, 0.5, 1e-8) == 1


def test_adams_decay_is_bent_by_the_gradients_and_adamws_is_not():
    """Two weights alike, with gradients of very different sizes: AdamW shrinks both alike."""
    shrunk = {}
    for kind in (Adam, AdamW):
        moved = []
        for decay in (0.0, 0.5):
            weight = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
            optimizer = kind([weight], lr=0.01, weight_decay=decay)
            for _ in range(3):
                weight.grad = torch.tensor([100.0, 0.1], dtype=torch.float64)
                optimizer.step()
            moved.append(weight.detach())
        shrunk[kind] = moved[0] - moved[1]
    assert shrunk[AdamW][0] == pytest.approx(shrunk[AdamW][1].item(), rel=0.02)
    assert abs(shrunk[Adam][0]) < 0.01 * abs(shrunk[AdamW][0])
