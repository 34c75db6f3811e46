"""AdamW beyond its case: its state in torch's hands, memory layouts, dtypes, late parameters, and what it refuses."""

from copy import deepcopy

import pytest
import torch

from groundup.ops.adam_step import adamw_step
from groundup.ops.ladder import rung
from groundup.optim.adam import AdamW

SHAPES = [(4, 3, 2, 2), (5,), ()]


def weights(dtype=torch.float64, seed=1):
    generator = torch.Generator().manual_seed(seed)
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


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_each_dtype_has_torchs_states_and_its_kernels_numbers(dtype):
    ours, theirs = (
        AdamW(weights(dtype), lr=0.1, amsgrad=True),
        torch.optim.AdamW(weights(dtype), lr=0.1, amsgrad=True, fused=True),
    )
    for a, b in zip(train(ours, 3, seed=2), train(theirs, 3, seed=2)):
        assert torch.equal(a, b)
        assert list(ours.state[a]) == list(theirs.state[b])
        for name, value in theirs.state[b].items():
            assert ours.state[a][name].dtype == value.dtype
            assert torch.equal(ours.state[a][name], value)


def test_a_resumed_run_ends_in_the_same_bits():
    whole, begun = AdamW(weights(torch.float32)), AdamW(weights(torch.float32))
    train(whole, 4, seed=2)
    resumed = AdamW([param.detach().clone().requires_grad_() for param in train(begun, 4, seed=2)])
    resumed.load_state_dict(deepcopy(begun.state_dict()))
    for ours, theirs in zip(train(resumed, 4, seed=3), train(whole, 4, seed=3)):
        assert torch.equal(ours, theirs)


def test_the_count_of_steps_is_loaded_to_where_the_weights_are():
    begun = torch.optim.AdamW(weights())
    train(begun, 1, seed=2)
    ours = AdamW([param.detach().to("meta").requires_grad_() for param in weights()])
    ours.load_state_dict(begun.state_dict())
    assert all(state["step"].is_meta for state in ours.state.values())


def channels_last(tensor):
    return tensor.detach().clone().to(memory_format=torch.channels_last).requires_grad_()


def test_fused_takes_up_a_state_that_was_saved_in_the_plain_layout():
    begun = torch.optim.AdamW(weights()[:1])
    (plain,) = train(begun, 2, seed=2)
    ours = AdamW([channels_last(plain)])
    ours.load_state_dict(deepcopy(begun.state_dict()))
    torch.testing.assert_close(train(ours, 3, seed=3)[0], train(begun, 3, seed=3)[0])
    (state,) = ours.state.values()
    assert state["exp_avg"].is_contiguous(memory_format=torch.channels_last)


def test_dtypes_may_mix_in_a_group_and_never_in_a_call_of_the_kernel(monkeypatch):
    kernel, seen = torch._fused_adamw_, []

    def spy(params, *args, **kwargs):
        seen.append([param.dtype for param in params])
        kernel(params, *args, **kwargs)

    monkeypatch.setattr(torch, "_fused_adamw_", spy)
    ours, theirs = ([*weights(torch.float32), *weights(torch.float64), *weights(torch.float32)] for _ in range(2))
    for a, b in zip(train(AdamW(ours), 3, seed=2), train(torch.optim.AdamW(theirs), 3, seed=2)):
        torch.testing.assert_close(a, b)
    assert seen == [[torch.float32] * 6, [torch.float64] * 3] * 3


@pytest.mark.parametrize("name", adamw_step.rungs)
def test_no_parameters_no_update(name):
    getattr(adamw_step, name)([], [], [], [], [], lr=1.0, beta1=0.9, beta2=0.9, eps=0.1, weight_decay=0.1, maximize=False)


@pytest.mark.parametrize("name", adamw_step.rungs)
def test_the_first_step_moves_every_weight_by_the_rate(name):
    params = weights()
    before = [param.detach().clone() for param in params]
    with rung(name):
        train(AdamW(params, lr=0.01, eps=0.0, weight_decay=0.0), 1, seed=2)
    for param, start in zip(params, before):
        torch.testing.assert_close((param - start).abs(), torch.full_like(start, 0.01))


@pytest.mark.parametrize("name", adamw_step.rungs)
def test_decay_shrinks_a_weight_by_the_same_share_whatever_its_gradient(name):
    decayed, free = weights(), weights()
    with rung(name):
        train(AdamW(decayed, lr=0.01, weight_decay=0.5), 1, seed=2)
        train(AdamW(free, lr=0.01, weight_decay=0.0), 1, seed=2)
    for a, b, start in zip(decayed, free, weights()):
        torch.testing.assert_close(a, b - 0.01 * 0.5 * start)


@pytest.mark.parametrize("name", adamw_step.rungs)
def test_a_parameter_without_a_gradient_stays_and_later_counts_its_own_steps(name):
    ours, theirs = weights(), weights()
    optimizers = AdamW(ours, lr=0.1), torch.optim.AdamW(theirs, lr=0.1)
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
        assert optimizers[0].state[a]["step"] == optimizers[1].state[b]["step"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": -0.1}, "lr must be 0 or more and finite; it was given -0.1"),
        ({"lr": float("nan")}, "lr must be 0 or more"),
        ({"eps": -1e-8}, "eps must be 0 or more"),
        ({"weight_decay": -1.0}, "weight_decay must be 0 or more"),
        ({"betas": (1.0, 0.9)}, r"betas must be at least 0 and less than 1; it was given \(1.0, 0.9\)"),
        ({"betas": (0.9, -0.1)}, "betas must be at least 0"),
    ],
)
def test_options_out_of_range_are_refused_for_all_and_for_one_group(options, message):
    with pytest.raises(ValueError, match=message):
        AdamW(weights(), **options)
    optimizer = AdamW(weights())
    with pytest.raises(ValueError, match=message):
        optimizer.add_param_group({"params": weights(), **options})
    assert len(optimizer.param_groups) == 1
