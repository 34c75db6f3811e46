"""What becomes of a loss."""

import pytest
import torch

from groundup.engine.precision import choose_device, decide
from groundup.engine.recipe import RunSettings
from groundup.engine.update import Update
from groundup.errors import UserError
from groundup.layers.linear import Linear
from groundup.models.catalog import create
from groundup.optim.ema import EMA
from groundup.optim.sgd import SGD


class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = Linear(in_features=3, out_features=3), Linear(in_features=3, out_features=3)


def update_of(model, **options):
    optimizer = SGD(model.parameters(), lr=0.1)
    optimizer.param_groups[0]["initial_lr"] = 0.1
    return Update(model, {None: optimizer}, device="cpu", **options)


def test_two_half_batches_move_the_weights_as_one_whole_batch_does():
    x = torch.randn(8, 3, dtype=torch.float64)
    whole = Linear(in_features=3, out_features=2).double()
    halves = Linear(in_features=3, out_features=2).double()
    halves.load_state_dict(whole.state_dict())
    update_of(whole)(whole(x).square().mean())
    accumulate = update_of(halves, accumulate_steps=2)
    for part in x.chunk(2):
        accumulate(halves(part).square().mean())
    assert torch.allclose(whole.weight, halves.weight, rtol=1e-12)


def test_a_childs_loss_moves_and_marks_that_child_alone():
    model = Two()
    optimizers = {name: SGD(getattr(model, name).parameters(), lr=0.1) for name in ("first", "second")}
    before = model.first.weight.clone()
    update = Update(model, optimizers, device="cpu")
    update(model.second(model.first(torch.randn(4, 3))).sum(), child="second")
    assert torch.equal(model.first.weight, before)
    assert model.first.weight.grad is None


def test_clipping_bounds_the_gradients_norm():
    model = Linear(in_features=3, out_features=1)
    before = model.weight.clone(), model.bias.clone()
    update_of(model, clip_norm=0.5)(1e4 * model(torch.ones(1, 3)).sum())
    moved = torch.cat([(model.weight - before[0]).flatten(), model.bias - before[1]])
    assert moved.norm().item() == pytest.approx(0.1 * 0.5, rel=1e-4)


def test_the_average_follows_each_step():
    model = Linear(in_features=2, out_features=1)
    ema = EMA(model, 0.5)
    before = model.weight.clone()
    update_of(model, ema=ema)(model(torch.ones(1, 2)).sum())
    assert not torch.equal(ema.averaged().weight, before)
    assert torch.allclose(ema.averaged().weight, before + (1 - 0.1) * (model.weight - before))


def test_under_autocast_a_second_loss_sees_the_weights_that_the_first_has_moved():
    model = Linear(in_features=4, out_features=4)
    x = torch.randn(3, 4)
    update = update_of(model)
    with torch.autocast("cpu", torch.bfloat16):
        update(model(x).float().square().sum())
        again = model(x)
        fresh = (x.bfloat16() @ model.weight.detach().bfloat16().T) + model.bias.detach().bfloat16()
    assert torch.allclose(again.float(), fresh.float(), atol=0.05)


def test_the_scaler_finds_the_same_weights():
    plain, scaled = Linear(in_features=3, out_features=2), Linear(in_features=3, out_features=2)
    scaled.load_state_dict(plain.state_dict())
    x = torch.randn(4, 3)
    update_of(plain)(plain(x).square().sum())
    update_of(scaled, scale=True)(scaled(x).square().sum())
    assert torch.allclose(plain.weight, scaled.weight, rtol=1e-5)


def test_auto_is_decided_by_size_and_processor_and_is_always_the_same():
    settings = RunSettings(steps=1)
    small, large = create("lenet5"), create("gpt2", vocab_size=99, num_layers=1, embed_dim=384)
    assert decide(settings, small).precision == "float32"
    assert decide(settings, small).channels_last is False
    assert decide(settings, large) == decide(settings, large)
    assert decide(RunSettings(steps=1, precision="float64"), large).precision == "float64"


def test_a_device_that_is_not_here_is_refused_by_naming_those_that_are():
    with pytest.raises(UserError, match=r"there is no device 'warp' here; there is .*cpu"):
        choose_device("warp")
