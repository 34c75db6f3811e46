"""Weights in and out of a model: whole or not at all, with every fault named."""

import sys
from types import ModuleType

import pytest
import torch
from torch import nn

from groundup.weights.bridge import export_state, import_state
from groundup.weights.rules import Rename, Transpose


class Small(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.hidden = nn.Linear(2, 4)
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, num_classes)


@pytest.fixture(autouse=True)
def catalog(monkeypatch):
    """A catalogue of one model."""
    model = ModuleType("small")
    model.WEIGHTS = {"torchvision": [Transpose("fc1.weight", "hidden.weight"), Rename("fc1.bias", "hidden.bias")]}
    catalog = ModuleType("groundup.models.catalog")
    catalog.create = lambda name, **arguments: {"small": Small}[name](**arguments)
    catalog.module_of = lambda name: {"small": model}[name]
    monkeypatch.setitem(sys.modules, "groundup.models.catalog", catalog)


def theirs(num_classes=3):
    state = dict(Small(num_classes).state_dict())
    state["fc1.weight"], state["fc1.bias"] = state.pop("hidden.weight").T.contiguous(), state.pop("hidden.bias")
    return state


@pytest.mark.parametrize("arguments", [{}, {"num_classes": 7}])
def test_weights_load_strictly_and_come_out_as_they_came(arguments):
    state = theirs(**arguments)
    model = Small(**arguments)
    model.load_state_dict(import_state("small", state, **arguments), strict=True)
    assert torch.equal(model.hidden.weight, state["fc1.weight"].T)
    back = export_state("small", model.state_dict(), **arguments)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)


def test_our_own_weights_need_no_rules():
    state = Small().state_dict()
    assert import_state("small", state, "groundup") == export_state("small", state, "groundup") == dict(state)


def test_every_fault_is_named_at_once_and_nothing_is_changed():
    state = theirs()
    del state["norm.running_mean"], state["fc1.bias"]
    state |= {"head.weight": torch.zeros(5, 4), "aux.weight": torch.zeros(1)}
    state["norm.bias"][2] = float("nan")
    names = list(state)
    with pytest.raises(ValueError) as refusal:
        import_state("small", state, num_classes=3)
    assert str(refusal.value).splitlines() == [
        "these weights from torchvision do not fit small(num_classes=3):",
        "  missing: hidden.bias, norm.running_mean",
        "  unexpected: aux.weight",
        "  wrong shape: head.weight (asked (3, 4), came (5, 4))",
        "  holds NaN: norm.bias",
    ]
    assert list(state) == names


def test_export_refuses_what_is_not_the_models_state():
    with pytest.raises(ValueError, match=r"the weights to export do not fit small\(\):\n  missing: hidden.weight, hidden.bias"):
        export_state("small", theirs())


def test_a_source_without_rules_is_answered_with_those_that_exist():
    for way in import_state, export_state:
        with pytest.raises(ValueError, match="small takes no weights from 'timm': choose one of groundup, torchvision"):
            way("small", theirs(), "timm")


def test_a_checkpoint_that_holds_more_than_weights_is_refused():
    with pytest.raises(ValueError, match=r"these are none: epoch \(int\), model \(dict\)"):
        import_state("small", {"epoch": 3, "model": theirs()})


def test_the_model_is_never_filled_with_numbers_to_learn_its_shapes(monkeypatch):
    devices = []
    monkeypatch.setattr(nn.Linear, "reset_parameters", lambda self: devices.append(self.weight.device.type), raising=True)
    state = {name: torch.zeros(value.shape) for name, value in theirs().items()}
    devices.clear()
    import_state("small", state)
    assert devices == ["meta", "meta"]
