"""Feed-forward networks beyond their cases: where dropout acts, whose activation it is, which biases there are."""

import pytest
import torch
from torch import nn

from groundup.layers.activation import GELU, ReLU, SiLU
from groundup.layers.feed_forward import FeedForward, GatedFeedForward
from groundup.parity.compare import randomize

SIZE = dict(embed_dim=4, hidden_dim=10)


def after_seed(module, x, seed=0):
    torch.manual_seed(seed)
    return module(x)


def test_both_dropouts_are_torchs_after_the_same_seed():
    ours = FeedForward(**SIZE, dropout=0.3, hidden_dropout=0.6)
    theirs = nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Dropout(0.6), nn.Linear(10, 4), nn.Dropout(0.3))
    theirs.load_state_dict(
        {
            f"{i}.{kind}": getattr(layer, kind)
            for i, layer in ((0, ours.expand), (3, ours.contract))
            for kind in ("weight", "bias")
        }
    )
    x = torch.randn(2, 5, 4)
    assert torch.equal(after_seed(ours, x), after_seed(theirs, x))
    assert not torch.equal(after_seed(ours, x), after_seed(ours, x, seed=1))


@pytest.mark.parametrize("kind", [FeedForward, GatedFeedForward])
def test_nothing_is_struck_out_unless_asked_for_nor_in_evaluation(kind):
    x = torch.randn(50, 4)
    plain, dropping = kind(**SIZE), kind(**SIZE, dropout=0.5)
    assert torch.equal(plain(x), plain(x))
    assert dropping(x).eq(0).float().mean().item() == pytest.approx(0.5, abs=0.15)
    dropping.eval()
    assert torch.equal(dropping(x), dropping(x)) and dropping(x).ne(0).all()


def test_an_activation_is_a_type_or_a_module():
    assert isinstance(FeedForward(**SIZE).activation, ReLU) and isinstance(GatedFeedForward(**SIZE).activation, SiLU)
    tanh = GELU(approximate="tanh")
    for kind in (FeedForward, GatedFeedForward):
        assert isinstance(kind(**SIZE, activation=GELU).activation, GELU)
        assert kind(**SIZE, activation=tanh).activation is tanh


def test_biases_are_there_or_not():
    def names(module):
        return [name for name, _ in module.named_parameters() if name.endswith("bias")]

    assert names(FeedForward(**SIZE)) == ["expand.bias", "contract.bias"] and not names(FeedForward(**SIZE, bias=False))
    assert not names(GatedFeedForward(**SIZE))
    assert names(GatedFeedForward(**SIZE, bias=True)) == ["gate.bias", "expand.bias", "contract.bias"]


def test_the_gate_alone_passes_the_activation():
    module, x = randomize(GatedFeedForward(**SIZE, activation=ReLU, bias=True)), torch.randn(3, 4)
    hidden = module.gate(x).clamp(min=0) * module.expand(x)
    torch.testing.assert_close(module(x), module.contract(hidden))
