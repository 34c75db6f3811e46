"""diverge beside its faults: what is no divergence, a module that raises, inputs left out, and what it leaves untouched."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from groundup.errors import UserError
from groundup.parity.diverge import diverge

NAN, INF = float("nan"), float("inf")


def draw(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


def mlp():
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))


def test_dropout_by_function_or_by_layer_draws_the_same_masks():
    class Net(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.up, self.drop = nn.Linear(4, 6), nn.Dropout(0.4) if layer else None

        def forward(self, x):
            return self.drop(self.up(x)) if self.drop else F.dropout(self.up(x), 0.4, self.training)

    assert diverge(Net(layer=False), Net(layer=True), draw(5, 4)).agrees


@pytest.mark.parametrize("inplace", [False, True])
def test_working_in_place_is_no_divergence(inplace):
    mine = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=inplace), nn.Linear(4, 4))
    reference = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=not inplace), nn.Linear(4, 4))
    assert diverge(mine, reference, draw(2, 4)).agrees
    mine = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=inplace), Cut(4, 4))
    found = diverge(mine, reference, draw(2, 4))
    assert (found.place, found.what) == ("2", "gradient")


def test_a_value_overwritten_in_place_is_not_blamed_for_a_gradient_lost_before_it():
    mine = nn.Sequential(Cut(4, 4), nn.ReLU(inplace=True), nn.Linear(4, 4))
    found = diverge(mine, nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)), draw(2, 4))
    assert (found.place, found.what) == ("0", "gradient")


def test_an_input_may_be_changed_in_place():
    assert diverge(*(nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 4)) for _ in range(2)), draw(2, 4)).agrees


class Checkpointed(nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.linear, self.dropout = linear, nn.Dropout(0.5)

    def forward(self, x):
        return checkpoint(lambda x: self.dropout(self.linear(x)), x, use_reentrant=False)


class Plain(Checkpointed):
    def forward(self, x):
        return self.dropout(self.linear(x))


class DetachedBias(nn.Linear):
    def forward(self, x):
        return F.linear(x, self.weight, self.bias.detach())


def test_what_a_checkpoint_computes_again_is_the_same_and_is_no_second_call():
    assert diverge(Checkpointed(nn.Linear(4, 4)), Plain(nn.Linear(4, 4)), draw(2, 4)).agrees
    found = diverge(Checkpointed(DetachedBias(4, 4)), Plain(nn.Linear(4, 4)), draw(2, 4))
    assert (found.place, found.what) == ("linear", "gradient") and "its parameter `linear.bias`" in str(found)


def test_layers_that_commute_are_no_divergence():
    mine = nn.Sequential(nn.Linear(4, 6), nn.Dropout(), nn.ReLU(), nn.Linear(6, 3))
    assert diverge(mine, nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 3)), draw(5, 4)).agrees


class Returns(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.linear, self.function = nn.Linear(4, 4), function

    def forward(self, x):
        return self.function(self.linear(x))


def test_an_output_that_is_missing_is_a_divergence():
    found = diverge(Returns(lambda x: x), Returns(lambda x: (x, x.sin())), draw(2, 4))
    assert (found.place, found.what) == ("", "output") and "mine returns 1 tensors, the reference 2" in str(found)


@pytest.mark.parametrize(("ours", "theirs"), [(0.0, NAN), (NAN, 0.0), (0.0, INF), (INF, 0.0), (-INF, INF)])
def test_what_is_not_finite_on_one_side_is_a_divergence(ours, theirs):
    def masked(fill):
        return Returns(lambda x: x.masked_fill(torch.eye(4, dtype=torch.bool), fill))

    assert diverge(masked(theirs), masked(theirs), draw(4, 4)).agrees
    assert diverge(masked(ours), masked(theirs), draw(4, 4)).what == "output"


class Cut(nn.Linear):
    def forward(self, x):
        return super().forward(x.detach())


class Stumbling(nn.Linear):
    def forward(self, x):
        raise RuntimeError("sizes do not fit")


class StumblingBack(nn.Linear):
    def forward(self, x):
        return super().forward(x).sigmoid().mul_(2)  # sigmoid needs the value that is overwritten


def test_a_submodule_of_mine_that_raises_is_named():
    reference = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    found = diverge(nn.Sequential(nn.Linear(4, 4), Stumbling(4, 4)), reference, draw(2, 4))
    assert (found.place, found.what, found.error) == ("1", "output", None)
    assert "RuntimeError: sizes do not fit" in str(found) and "agreed before it: 1" in str(found)


def test_a_backward_pass_of_mine_that_raises_is_named():
    class Doubled(nn.Linear):
        def forward(self, x):
            return super().forward(x).sigmoid() * 2

    found = diverge(
        nn.Sequential(nn.Linear(4, 4), StumblingBack(4, 4)), nn.Sequential(nn.Linear(4, 4), Doubled(4, 4)), draw(2, 4)
    )
    assert (found.place, found.what) == ("1", "gradient") and "modified by an inplace operation" in str(found)


def test_a_reference_that_fails_is_the_callers_mistake():
    with pytest.raises(UserError, match="the reference itself fails on these inputs: RuntimeError: mat1 and mat2"):
        diverge(mlp(), mlp(), draw(2, 5))
    with pytest.raises(UserError, match="no tensor with a finite number"):
        diverge(mlp(), mlp(), torch.full((2, 4), float("nan")))
    with pytest.raises(UserError, match="could be guessed"):
        diverge(nn.ReLU(), nn.ReLU())


@pytest.mark.parametrize(
    "make",
    [
        mlp,
        lambda: nn.LSTM(3, 4),
        lambda: nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2)),
        lambda: nn.Sequential(nn.Conv2d(4, 2, 3, groups=2), nn.Flatten(), nn.Linear(2 * 26 * 26, 2)),
    ],
)
def test_inputs_left_out_are_guessed(make):
    assert diverge(make(), make()).agrees


def test_a_guess_for_a_recurrence_tells_batch_from_time():
    assert diverge(nn.LSTM(3, 4, batch_first=True), nn.LSTM(3, 4)).what == "output"


def test_inputs_may_be_named():
    assert diverge(nn.Bilinear(3, 4, 2), nn.Bilinear(3, 4, 2), {"input2": draw(5, 4), "input1": draw(5, 3)}).agrees


def test_a_tensor_that_is_no_buffer_is_taken_to_float64_too():
    class Projected(nn.Module):
        def __init__(self):
            super().__init__()
            self.matrix = torch.eye(4)

        def forward(self, x):
            return x @ self.matrix

    module = Projected()
    assert diverge(module, Projected(), draw(2, 4)).agrees and module.matrix.dtype == torch.float32


def test_a_wrong_plain_argument_is_the_callers_fault():
    class Positions(nn.Module):
        def forward(self, length):
            return torch.arange(length) / 10.0

    class Net(nn.Module):
        def __init__(self, extra):
            super().__init__()
            self.positions, self.extra = Positions(), extra

        def forward(self, x):
            return x + self.positions(x.shape[1] + self.extra)[self.extra :]

    assert diverge(Net(1), Net(0), draw(2, 3)).place == ""


def test_what_the_caller_has_is_left_as_it_was():
    mine, x = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)), draw(2, 2, 5, 5).requires_grad_()
    reference = copy.deepcopy(mine).eval()
    before = copy.deepcopy((mine.state_dict(), reference.state_dict()))
    state = torch.get_rng_state()
    assert diverge(mine, reference, x).agrees
    assert torch.equal(torch.get_rng_state(), state) and torch.get_default_dtype() == torch.float32
    assert mine.training and not reference.training and not reference[1].training
    for module, kept in zip((mine, reference), before):
        assert all(
            torch.equal(value, kept[name]) and value.dtype == kept[name].dtype for name, value in module.state_dict().items()
        )
        assert all(parameter.grad is None for parameter in module.parameters())
        assert not any(child._forward_hooks or child._forward_pre_hooks for child in module.modules())
    assert x.grad is None and x.dtype == torch.float32


def test_gradients_are_compared_although_the_caller_wants_none():
    with torch.no_grad():
        assert diverge(Cut(4, 4), nn.Linear(4, 4), draw(2, 4)).what == "gradient"


def test_the_message_tells_how_far_and_how_much_was_compared():
    reference = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    found = diverge(reference, reference, draw(2, 4))
    assert found.error == 0.0 and (found.what, found.place) == ("", None)
    assert "3 submodules and 51 parameters" in str(found) and str(found).startswith("They agree.")
    mine = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    mine[2].__class__ = Squared
    found = diverge(mine, reference, draw(2, 4))
    assert str(found).startswith("They part at 2 (output).") and "agreed before it: 2" in str(found) and found.error > 0.01


class Squared(nn.Linear):
    def forward(self, x):
        return super().forward(x) ** 2
