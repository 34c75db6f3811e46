"""Official weights in and out of our models, all of them or none."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from groundup.errors import UserError
from groundup.weights.layout import faults_of
from groundup.weights.rules import Rule, State, rename, restore


def import_state(name: str, state_dict: Mapping[str, Tensor], source: str = "torchvision", **arguments) -> State:
    """A peer's weights under our names, ready for `create(name, **arguments).load_state_dict(...)`.

    Raises: ValueError for a source that the model has no rules for, for names that are missing or unexpected, for shapes that
    do not fit and for weights that hold a NaN, naming all of them at once. Nothing is returned in part.
    """
    ours = rename(tensors_only(state_dict), rules_for(name, source))
    check(ours, name, f"these weights from {source}", arguments)
    return ours


def export_state(name: str, state_dict: Mapping[str, Tensor], source: str = "torchvision", **arguments) -> State:
    """The weights of our `create(name, **arguments)` under a peer's names: the inverse of `import_state`.

    Raises: ValueError as `import_state`.
    """
    rules = rules_for(name, source)
    check(tensors_only(state_dict), name, "the weights to export", arguments)
    return restore(state_dict, rules)


def rules_for(name: str, source: str) -> Sequence[Rule]:
    """The model's rules for a peer's weights; our own (`groundup`) need none."""
    from groundup.models.catalog import module_of

    known = {"groundup": (), **getattr(module_of(name), "WEIGHTS", {})}
    if source not in known:
        raise UserError(f"{name} takes no weights from {source!r}: choose one of {', '.join(known)}")
    return known[source]


def tensors_only(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    strangers = [f"{name} ({type(value).__name__})" for name, value in state.items() if not isinstance(value, Tensor)]
    if strangers:
        raise UserError(f"a state dict maps names to tensors; these are none: {', '.join(strangers)}")
    return state


def check(state: Mapping[str, Tensor], name: str, what: str, arguments: Mapping) -> None:
    """Refuse a state that our model would not take whole."""
    from groundup.models.catalog import create

    with torch.device("meta"):  # names and shapes without the numbers
        asked = create(name, **arguments).state_dict()
    faults = faults_of(state, asked)
    if any(faults.values()):
        lines = [f"  {fault}: {', '.join(keys)}" for fault, keys in faults.items() if keys]
        given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise UserError("\n".join([f"{what} do not fit {name}({given}):", *lines]))
