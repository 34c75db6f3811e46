"""In whose layout a state dict is, and whether a model takes it: all of it, or all but a head for other classes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from groundup.errors import UserError
from groundup.weights.foreign import shortened
from groundup.weights.rules import Rename, Rule, State, match, rename

Layouts = Mapping[str, Sequence[Rule]]
BACKBONE = "_backbone"  # ends the names of layouts of a classifier on which a model is built: a part of its weights


class Fitting(NamedTuple):
    """A state under our names, the layout that it came in, what is wrong with it, and what of it a model begins anew."""

    layout: str
    state: State
    faults: list[str]
    anew: list[str]


def fitting(state: Mapping[str, Tensor], layouts: Layouts, asked: Mapping[str, Tensor], *, keep_head: bool = True) -> Fitting:
    """The state in the layout in which the fewest of its names are wrong; without `keep_head` the head may have other classes.

    A layout of a backbone is then tried too: what its rules name must be there, and all else begins anew.
    Raises: UserError where it can be read in no layout at all.
    """
    tried, refused = [], []
    for layout, rules in layouts.items():
        try:
            ours = rename(state, rules)
        except (ValueError, KeyError, RuntimeError) as error:  # a tensor that does not divide as this layout's would
            refused.append(f"{layout}: {error}")
            continue
        ours = with_counters(ours, asked)
        if layout.endswith(BACKBONE):
            if not keep_head:
                tried.append(backbone_fitting(layout, rules, ours, asked))
            continue
        anew = [] if keep_head else other_heads(ours, asked)
        kept = {name: value for name, value in ours.items() if name not in anew}
        faults = faults_of(kept, {name: value for name, value in asked.items() if name not in anew})
        lines = [other_head(name, ours[name], asked[name]) for name in anew]
        tried.append((sum(map(len, faults.values())), Fitting(layout, kept, written(faults), lines)))
    if not tried:
        raise UserError("; ".join(refused))
    return min(tried, key=lambda pair: pair[0])[1]


def backbone_fitting(layout: str, rules: Sequence[Rename], ours: State, asked: Mapping[str, Tensor]) -> tuple[int, Fitting]:
    """The part of a classifier's state that is a model's backbone, and how many faults it has."""
    part = {name: value for name, value in asked.items() if any(match(rule.ours, name) for rule in rules)}
    kept = {name: value for name, value in ours.items() if name in part}
    faults = faults_of(kept, part)
    lines = [f"{len(kept)} tensors of the backbone; the other {len(asked) - len(part)} begin anew"]
    return sum(map(len, faults.values())), Fitting(layout, kept, written(faults), lines)


def layouts_of(name: str, weights: Layouts, library: str) -> Layouts:
    """The model's layouts of a library, which may have several; all of them, and our own, where no library is named.

    Raises: UserError where it has none.
    """
    known: Layouts = {"groundup": (), **weights}
    if not library:
        return known
    chosen = {layout: rules for layout, rules in known.items() if layout == library or layout.startswith(f"{library}_")}
    if not chosen:
        raise UserError(f"{name} takes no weights from {library}: it takes those in the layout of {', '.join(known)}")
    return chosen


def classes_in(state: Mapping[str, Tensor]) -> int | None:
    """How many classes the head of a state tells apart; None where it has no head."""
    last = [value for name, value in state.items() if in_head(name) and value.dim()]
    return len(last[-1]) if last else None


def with_counters(state: State, asked: Mapping[str, Tensor]) -> State:
    """The state with the counters of batches at 0 that files of before PyTorch 0.4.1 lack; the averages beside them are there."""
    lost = [
        name
        for name in asked.keys() - state.keys()
        if name.endswith("num_batches_tracked") and name.replace("num_batches_tracked", "running_mean") in state
    ]
    return state | {name: torch.zeros((), dtype=torch.int64) for name in lost}


def in_head(name: str) -> bool:
    """Whether a tensor belongs to a component called head."""
    return "head" in name.split(".")[:-1]


def other_heads(state: Mapping[str, Tensor], asked: Mapping[str, Tensor]) -> list[str]:
    """The tensors of the head that have other shapes in the model."""
    return [name for name in asked if in_head(name) and name in state and state[name].shape != asked[name].shape]


def other_head(name: str, there: Tensor, here: Tensor) -> str:
    if there.shape[1:] == here.shape[1:]:
        return f"{name}: {len(there)} classes there, {len(here)} here: begins anew"
    return f"{name}: {tuple(there.shape)} there, {tuple(here.shape)} here: begins anew"


def faults_of(state: Mapping[str, Tensor], asked: Mapping[str, Tensor]) -> dict[str, list[str]]:
    """Why a model with the state `asked` does not take this one, by kind."""
    return {
        "missing": [name for name in asked if name not in state],
        "unexpected": [name for name in state if name not in asked],
        "wrong shape": [
            f"{name} (asked {tuple(asked[name].shape)}, came {tuple(value.shape)})"
            for name, value in state.items()
            if name in asked and value.shape != asked[name].shape
        ],
        "holds NaN": [name for name, value in state.items() if value.is_floating_point() and value.isnan().any()],
    }


def written(faults: Mapping[str, list[str]]) -> list[str]:
    return [f"{fault}: {shortened(names)}" for fault, names in faults.items() if names]


def refuse_faults(found: Fitting, origin: str, model: str) -> None:
    """Raises: UserError with the list, where there are faults."""
    if found.faults:
        faults = "; ".join(found.faults)
        raise UserError(f"{origin} does not fit {model}, nearest in the layout of {found.layout}: {faults}. Nothing was loaded")
