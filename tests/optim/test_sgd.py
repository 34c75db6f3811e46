"""SGD beyond its case: its state in torch's hands, memory layouts, dtypes, late parameters, and what it refuses."""

import pytest
import torch

from groundup.ops.ladder import rung
from groundup.ops.sgd_step import sgd_step
from groundup.optim.sgd import SGD

SHAPES = [(4, 3, 2, 2), (5,), ()]
OPTIONS = dict(lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.1)


def weights(dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_() for shape in SHAPES]


def train(optimizer, steps, seed):
    """Steps with gradients that depend on the seed alone."""
    generator = torch.Generator().manual_seed(seed)
    params = [param for group in optimizer.param_groups for param in group["params"]]
    for _ in range(steps):
        for param in params:
            param.grad = torch.randn(param.shape, generator=generator, dtype=torch.float64).to(param.dtype)
        optimizer.step()
    return params


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_each_dtype_follows_torch_with_states_of_its_own_dtype(dtype, momentum):
    ours, theirs = SGD(weights(dtype), lr=0.1, momentum=momentum), torch.optim.SGD(weights(dtype), lr=0.1, momentum=momentum)
    for a, b in zip(train(ours, 3, seed=2), train(theirs, 3, seed=2)):
        torch.testing.assert_close(a, b, rtol=1.3e-6, atol=0.01 if dtype == torch.bfloat16 else 0)
        assert list(ours.state.get(a, ())) == list(theirs.state.get(b, ())) == ["momentum_buffer"] * bool(momentum)
        assert all(value.dtype == dtype for value in ours.state.get(a, {}).values())


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_fused_keeps_channels_last_weights_and_plain_gradients_apart(momentum):
    plain = weights()[:1]
    last = plain[0].detach().clone().to(memory_format=torch.channels_last).requires_grad_()
    ours, theirs = SGD([last], lr=0.1, momentum=momentum), torch.optim.SGD(plain, lr=0.1, momentum=momentum)
    torch.testing.assert_close(train(ours, 3, seed=2)[0], train(theirs, 3, seed=2)[0])


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_fused_leaves_the_neighbours_of_a_sliced_weight_alone(momentum):
    whole, grads = torch.ones(4, 6), torch.full((4, 6), 2.0)
    weight = whole[:, :3].requires_grad_()
    optimizer = SGD([weight], lr=0.1, momentum=momentum)
    for _ in range(2):
        weight.grad = grads[:, :3]
        optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.full((4, 3), 0.6 - 0.2 * momentum))
    assert torch.equal(whole[:, 3:], torch.ones(4, 3))


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("name", sgd_step.rungs)
def test_no_parameters_no_update(name, momentum):
    getattr(sgd_step, name)(
        [], [], [], lr=1.0, momentum=momentum, dampening=0.0, weight_decay=0.1, nesterov=False, maximize=False
    )


@pytest.mark.parametrize("name", sgd_step.rungs)
def test_dampening_spares_the_first_gradient(name):
    weight = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    optimizer = SGD([weight], lr=1.0, momentum=0.5, dampening=0.25)
    seen = []
    for _ in range(2):
        weight.grad = torch.ones_like(weight)
        with rung(name):
            optimizer.step()
        seen.append(weight.item())
    assert seen == [0.0, -1.25]  # buffers 1, then 0.5 * 1 + 0.75 * 1


@pytest.mark.parametrize("name", sgd_step.rungs)
def test_a_parameter_without_a_gradient_stays_and_later_starts_its_own_buffer(name):
    ours, theirs = weights(), weights()
    optimizers = SGD(ours, **OPTIONS), torch.optim.SGD(theirs, **OPTIONS)
    with rung(name):
        for step in range(4):
            for params, optimizer in zip((ours, theirs), optimizers):
                for position, param in enumerate(params):
                    param.grad = torch.full_like(param, step + 1.0) if step >= position else None
                optimizer.step()
            if step == 0:
                assert ours[1] not in optimizers[0].state
    for a, b in zip(ours, theirs):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": -0.1}, "lr must be 0 or more and finite; it was given -0.1"),
        ({"lr": float("inf")}, "lr must be 0 or more and finite"),
        ({"momentum": -0.9}, "momentum must be 0 or more"),
        ({"weight_decay": -1.0}, "weight_decay must be 0 or more"),
        ({"nesterov": True}, "nesterov needs a momentum above 0"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "a dampening of 0; it was given momentum=0.9 and dampening=0.1"),
    ],
)
def test_options_out_of_range_are_refused_for_all_and_for_one_group(options, message):
    with pytest.raises(ValueError, match=message):
        SGD(weights(), **options)
    optimizer = SGD(weights())
    with pytest.raises(ValueError, match=message):
        optimizer.add_param_group({"params": weights(), **options})
    assert len(optimizer.param_groups) == 1
