"""diverge where the two modules are built differently, or cannot be aligned at all."""

import torch
from torch import nn

from groundup.layers.convolution import Conv2d
from groundup.parity.diverge import diverge
from groundup.weights.rules import Rename, Split


def draw(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


def mlp(*, activation=nn.ReLU, names=("up", "act", "down")):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            for name, part in zip(names, (nn.Linear(4, 6), activation(), nn.Linear(6, 3))):
                self.add_module(name, part)

        def forward(self, x):
            for name in names:
                x = self.get_submodule(name)(x)
            return x

    return Net()


class SplitAttention(nn.Module):
    """Attention from separate projections, to be held against nn.MultiheadAttention."""

    def __init__(self, scale=0.5):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(8, 8) for _ in range(4))
        self.scale = scale

    def forward(self, x, key=None, value=None, need_weights=False):
        q, k, v = (part(x).unflatten(-1, (2, 4)).transpose(1, 2) for part in (self.query, self.key, self.value))
        return self.out(((q @ k.mT * self.scale).softmax(-1) @ v).transpose(1, 2).flatten(2))


class Wrapped(nn.Module):
    def __init__(self, attention):
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(8), attention

    def forward(self, x):
        x = self.norm(x)
        if isinstance(self.attention, nn.MultiheadAttention):
            return self.attention(x, x, x, need_weights=False)[0]
        return self.attention(x)


SPLIT = [
    Split("attention.in_proj_{}", tuple(f"attention.{part}.{{}}" for part in ("query", "key", "value"))),
    Rename("attention.out_proj.{}", "attention.out.{}"),
]


def test_a_layer_of_groundup_agrees_with_that_of_torch():
    ours = Conv2d(in_channels=4, out_channels=6, kernel_size=3, padding=1, groups=2)
    assert diverge(ours, nn.Conv2d(4, 6, 3, padding=1, groups=2), draw(2, 4, 5, 5)).agrees


def test_names_that_differ_are_matched_by_order():
    mine, reference = mlp(names=("first", "second", "third")), mlp()
    assert diverge(mine, reference, draw(2, 4)).agrees
    mine.second = nn.Tanh()
    found = diverge(mine, reference, draw(2, 4))
    assert found.place == "second" and "in the reference `act`" in str(found) and "by the order of registration" in str(found)


def test_running_statistics_of_other_names_are_matched_by_order():
    mine, reference = nn.ModuleDict({"a": nn.BatchNorm1d(3)}), nn.ModuleDict({"b": nn.BatchNorm1d(3)})
    for name, module in (("a", mine), ("b", reference)):
        module.forward = module[name].forward
    assert diverge(mine, reference, draw(4, 3)).agrees


def test_rules_carry_fused_projections_into_separate_ones():
    reference = Wrapped(nn.MultiheadAttention(8, 2, batch_first=True))
    assert diverge(Wrapped(SplitAttention()), reference, draw(2, 5, 8), rules=SPLIT).agrees
    found = diverge(Wrapped(SplitAttention(scale=1.0)), reference, draw(2, 5, 8), rules=SPLIT)
    assert (found.place, found.what) == ("attention", "output")


def test_what_has_no_counterpart_is_compared_from_above():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.down = nn.Linear(4, 6), nn.Linear(6, 3)

        def forward(self, x):
            return self.down(self.up(x).relu())

    assert diverge(Functional(), mlp(), draw(2, 4)).agrees
    found = diverge(Functional(), mlp(activation=nn.Tanh), draw(2, 4))
    assert (found.place, found.what) == ("", "output")
    assert "compared as a whole, since `act` of the reference found no counterpart" in str(found)


def test_an_extra_layer_does_not_shift_what_is_compared():
    """The `2` of the one is a Dropout and of the other a Linear: neither is blamed for the ReLU that is a Tanh."""
    mine = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Dropout(), nn.Linear(6, 3))
    found = diverge(mine, nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)), draw(2, 4))
    assert (found.place, found.what) == ("", "output")


class Squared(nn.Linear):
    def forward(self, x):
        return super().forward(x) ** 2


def test_the_same_name_for_other_weights_is_another_submodule():
    mine = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(), Squared(6, 3))
    found = diverge(mine, nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)), draw(2, 4))
    assert (found.place, found.what) == ("3", "output")


def test_a_layer_is_matched_with_the_layer_and_not_with_what_wraps_it():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(4, 6), Squared(6, 3)

        def forward(self, x):
            return self.last(self.first(x).relu())

    reference = nn.Sequential(nn.Sequential(nn.Linear(4, 6), nn.ReLU()), nn.Linear(6, 3))
    found = diverge(Functional(), reference, draw(2, 4))
    assert (found.place, found.what) == ("last", "output")


def test_modules_of_other_weights_are_said_to_be_unaligned():
    found = diverge(nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 2)), mlp(), draw(2, 4))
    assert (found.agrees, found.place, found.what) == (False, None, "alignment")
    assert "number 3: mine has `1.weight` of shape (2, 6), the reference `down.weight` of shape (3, 6)" in str(found)


def test_a_submodule_that_mine_lacks_is_placed_where_it_would_stand():
    reference = nn.Sequential(nn.Linear(4, 4), mlp())
    reference[1].extra = nn.Linear(2, 2)
    found = diverge(nn.Sequential(nn.Linear(4, 4), mlp()), reference, draw(2, 4))
    assert (found.place, found.what) == ("1", "weights")
    assert "mine has nothing, the reference `1.extra.weight` of shape (2, 2)" in str(found)


def test_a_weight_tied_only_in_mine_is_named():
    mine, reference = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)), nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    mine[1].weight = mine[0].weight
    found = diverge(mine, reference, draw(2, 3))
    assert (found.place, found.what) == ("1", "weights") and "In mine `1.weight` and `0.weight` are one tensor" in str(found)


def test_a_weight_tied_only_in_the_reference_is_named_under_other_names_too():
    reference = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    reference[1].weight = reference[0].weight
    mine = nn.Sequential(nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)))
    found = diverge(mine, reference, draw(2, 3))
    assert (found.place, found.what) == ("0.1", "weights") and "free to drift apart" in str(found)


def test_two_empty_weights_are_not_taken_for_one():
    def network():
        return nn.ModuleDict({name: nn.LayerNorm(0) for name in "ab"} | {"linear": nn.Linear(4, 4)})

    mine, reference = network(), network()
    mine.forward, reference.forward = mine.linear.forward, reference.linear.forward
    assert diverge(mine, reference, draw(2, 4)).agrees


def test_running_statistics_are_copied_although_training_leaves_them():
    mine, reference = nn.BatchNorm1d(3, momentum=0.0), nn.BatchNorm1d(3, momentum=0.0)
    reference.running_mean.fill_(2.0)
    assert diverge(mine, reference, draw(4, 3)).agrees


def test_zero_initialised_weights_hide_nothing():
    mine, reference = nn.Sequential(nn.Sigmoid(), nn.Linear(3, 3)), nn.Sequential(nn.Tanh(), nn.Linear(3, 3))
    nn.init.zeros_(reference[1].weight)
    assert diverge(mine, reference, draw(2, 3)).place == "0"


def test_a_table_that_each_side_makes_for_itself_is_compared_not_copied():
    class Positions(nn.Module):
        def __init__(self, base):
            super().__init__()
            self.register_buffer("table", torch.sin(torch.arange(4) / base))

        def forward(self, x):
            return x + self.table

    assert diverge(Positions(10.0), Positions(10.0), draw(2, 4)).agrees
    assert diverge(Positions(100.0), Positions(10.0), draw(2, 4)).what == "output"


def test_rounding_in_a_gradient_that_is_zero_by_right_is_no_divergence():
    """The mean that batch norm takes away makes the bias before it free: its gradient is rounding alone."""

    class Reordered(nn.Linear):
        def forward(self, x):
            return (self.weight @ x.mT).mT + self.bias

    reference = nn.Sequential(nn.Linear(40, 30), nn.BatchNorm1d(30))
    mine = nn.Sequential(Reordered(40, 30), nn.BatchNorm1d(30))
    assert diverge(mine, reference, draw(64, 40)).agrees
