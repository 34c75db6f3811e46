"""The moving average: its formula, its buffers, its parts, its resumption."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from groundup.optim.ema import EMA


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2, bias=False)).double()


def move(model, seed):
    """As a training step would: new weights, new statistics."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for param in model.parameters():
            param.add_(torch.randn(param.shape, generator=generator, dtype=param.dtype))
    model(torch.randn(8, 3, generator=generator, dtype=torch.float64))


def test_each_weight_is_the_average_that_the_formula_gives():
    model = network()
    ema, expected = EMA(model, 0.3), model[0].weight.detach().clone()
    for n in range(20):
        move(model, n)
        ema.update()
        decay = min(0.3, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * model[0].weight.detach()
    torch.testing.assert_close(ema.model[0].weight, expected, rtol=1e-12, atol=0)


def test_the_average_equals_torchs_once_the_decay_is_reached():
    model = network()
    ours, theirs = (
        EMA(model, 0.9),
        torch.optim.swa_utils.AveragedModel(
            model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9), use_buffers=False
        ),
    )
    ours.updates = 1000
    theirs.n_averaged.fill_(1)
    for n in range(10):
        move(model, n)
        ours.update()
        theirs.update_parameters(model)
    for a, b in zip(ours.model.parameters(), theirs.module.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=0)


def test_the_average_is_for_evaluation_only_and_leaves_the_model_alone():
    model = network()
    ema = EMA(model, 0.9)
    assert model.training and not any(module.training for module in ema.averaged().modules())
    assert not any(param.requires_grad for param in ema.averaged().parameters())
    move(model, 0)
    before = deepcopy(model.state_dict())
    ema.update()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_batch_norm_statistics_are_those_of_the_moment_of_reading():
    model = network()
    ema = EMA(model, 0.9)
    for n in range(3):
        move(model, n)
        ema.update()
    move(model, 3)
    for average, buffer in zip(ema.averaged().buffers(), model.buffers(), strict=True):
        assert torch.equal(average, buffer)


def test_only_the_parameters_that_were_stepped_are_averaged():
    model = network()
    ema, before = EMA(model, 0.9), deepcopy(model.state_dict())
    move(model, 0)
    ema.update(model[0].parameters())
    assert not torch.equal(ema.model[0].weight, before["0.weight"])
    assert torch.equal(ema.model[2].weight, before["2.weight"])
    ema.update([])
    assert torch.equal(ema.model[2].weight, before["2.weight"])


def test_tied_weights_stay_tied():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)).double()
    model[1].weight = model[0].weight
    ema = EMA(model, 0.0)
    move(model, 0)
    ema.update()
    assert ema.model[1].weight is ema.model[0].weight
    assert torch.equal(ema.model[0].weight, model[0].weight)


def test_a_resumed_average_goes_on_in_the_same_bits():
    model = network()
    whole = EMA(model, 0.99)
    for n in range(3):
        move(model, n)
        whole.update()
    resumed = EMA(model, 0.99)
    resumed.load_state(deepcopy(whole.averaged().state_dict()), whole.plain_state())
    for n in range(3, 6):
        move(model, n)
        whole.update()
        resumed.update()
    for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_a_decay_out_of_range_is_refused(decay):
    with pytest.raises(ValueError, match=f"at least 0 and less than 1; it was given {decay}"):
        EMA(network(), decay)


def test_weights_too_coarse_for_an_average_are_refused():
    with pytest.raises(ValueError, match=r"0\.weight is torch\.bfloat16"):
        EMA(network().bfloat16(), 0.999)
