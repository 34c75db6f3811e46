"""What holds for every model with official weights: their names, their shapes, their answers, and the way back."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import Module

from groundup.parity.compare import MODEL_BOUND, randomize, relative_error
from groundup.weights.rules import Rule, rename, restore


def assert_same_names_and_shapes(ours: Callable[[], Module], theirs: Callable[[], Module], rules: Sequence[Rule]) -> None:
    """Their weights, renamed, are ours to the last buffer; only shapes are made, so the largest size costs nothing."""
    with torch.device("meta"):
        own, official = ours().state_dict(), theirs().state_dict()
    renamed = rename(official, rules)
    assert {name: value.shape for name, value in renamed.items()} == {name: value.shape for name, value in own.items()}


def assert_same_answers(
    ours: Module, theirs: Module, rules: Sequence[Rule], *inputs: Tensor, call: Callable = lambda model, *x: model(*x)
) -> None:
    """With their weights, every one of them random, ours answers as theirs does, and the weights come back as they were."""
    theirs = randomize(theirs.double()).eval()
    official = theirs.state_dict()
    state = rename(official, rules)
    ours.double().eval().load_state_dict(state)
    with torch.no_grad():
        assert relative_error(ours(*inputs), call(theirs, *inputs)) <= MODEL_BOUND
    back = restore(state, rules)
    assert back.keys() == official.keys()
    assert all(torch.equal(back[name], official[name]) for name in official)
