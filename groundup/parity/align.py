"""Which tensor and which submodule of one module stands for which of another, and the same weights in both."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import zip_longest

import torch
from torch import Tensor, nn

from groundup.parity.compare import randomize
from groundup.parity.trace import Trace, buffers_of, owner, parameters_of, under
from groundup.weights.rules import Rule, rename

Tensors = Mapping[str, Tensor]


class Unaligned(Exception):
    """The weights of one module do not go into the other; `what` and `place` are those of a Divergence."""

    def __init__(self, what: str, place: str | None, message: str):
        super().__init__(message)
        self.what, self.place = what, place


def first_names(named: Tensors) -> list[str]:
    """One name for each tensor."""
    first: dict[int, str] = {}
    for name, value in named.items():
        first.setdefault(id(value), name)
    return list(first.values())


def pair_parameters(ours: Tensors, theirs: Tensors) -> tuple[dict[str, str], str]:
    """The name in theirs of each of ours, and how it was found.

    Raises: Unaligned, with the first pair that does not match.
    """
    pairs = {name: name for name in ours if name in theirs and theirs[name].shape == ours[name].shape}
    known = {id(named[name]) for named in (ours, theirs) for name in pairs}
    left = [name for named in (theirs, ours) for name in named if id(named[name]) not in known]
    if not left:
        return pairs, "by name"
    for names in ((first_names(ours), first_names(theirs)), (list(ours), list(theirs))):
        if [ours[name].shape for name in names[0]] == [theirs[name].shape for name in names[1]]:
            return dict(zip(*names)), "by the order of registration, since the names differ"

    def told(name: str | None, named: Tensors) -> str:
        return f"`{name}` of shape {tuple(named[name].shape)}" if name in named else "nothing"

    def unequal(a: str | None, b: str | None) -> bool:
        return a not in ours or b not in theirs or ours[a].shape != theirs[b].shape

    if 2 * len(ours.keys() & theirs.keys()) >= len(ours):
        name = left[0]
        message = f"The parameter `{name}` does not match: mine has {told(name, ours)}, the reference {told(name, theirs)}."
        raise Unaligned("weights", owner(name), message)
    rows = zip_longest(first_names(ours), first_names(theirs))
    number, (a, b) = next((number, row) for number, row in enumerate(rows, 1) if unequal(*row))
    raise Unaligned(
        "alignment",
        None,
        "The weights cannot be copied: neither the names of the parameters nor the order of their shapes agrees. In order, the "
        f"first pair that does not match is number {number}: mine has {told(a, ours)}, the reference {told(b, theirs)}.",
    )


def check_sharing(ours: Tensors, values: Tensors) -> None:
    """Raise Unaligned where a tensor is shared between two places on one side only.

    The values are random, so two that are equal come from one tensor.
    """
    seen: dict[tuple, str] = {}
    held: dict[int, str] = {}
    for name, value in values.items():
        first = seen.setdefault((value.shape, value.sum().item()), name) if value.numel() else name
        if ours[first] is not ours[name]:
            message = f"In the reference `{name}` and `{first}` are one tensor; in mine they are two, free to drift apart."
            raise Unaligned("weights", owner(name), message)
        first = held.setdefault(id(ours[name]), name)
        if not torch.equal(values[first], value):
            message = f"In mine `{name}` and `{first}` are one tensor; in the reference they are two."
            raise Unaligned("weights", owner(name), message)


class Alignment:
    """The weights of the reference, made random, in both; and which tensor of mine holds which of the reference.

    A buffer that training changes is state and is copied as weights are; any other is a constant that each side makes for
    itself, and is part of what is compared. The traces are of one pass in training mode.

    Raises: Unaligned where the weights of the one do not go into the other.
    """

    def __init__(self, mine: nn.Module, reference: nn.Module, traces: tuple[Trace, Trace], rules: Sequence[Rule], seed: int):
        self.rules = rules
        ours, theirs = parameters_of(mine), parameters_of(reference)
        self.pairs, self.how = pair_parameters(ours, rename(theirs, rules))
        if rules:
            self.how += " after the rules"
        our_state, their_state = changed_buffers(mine, traces[0]), changed_buffers(reference, traces[1])
        self.state = self.pair_buffers(mine, reference, our_state, their_state)
        self.pairs |= self.state

        constants = {name: value.clone() for name, value in buffers_of(reference).items() if name not in their_state}
        randomize(reference, seed)
        with torch.no_grad():
            for name, value in constants.items():
                reference.get_buffer(name).copy_(value)
            held = {**ours, **buffers_of(mine)}
            values = self.to_mine({**theirs, **buffers_of(reference)})
            for name, value in values.items():
                held[name].copy_(value)
            check_sharing(ours, {name: value for name, value in values.items() if name in ours})
        origin = {new: old for old, value in theirs.items() for new in rename({old: value}, rules)}
        self.sources = {name: origin[self.pairs[name]] for name in ours if name in self.pairs}

    def pair_buffers(self, mine: nn.Module, reference: nn.Module, our_state: Tensors, their_state: Tensors) -> dict[str, str]:
        ours, theirs = buffers_of(mine), rename(buffers_of(reference), self.rules)
        their_state = rename(their_state, self.rules)
        if self.how.startswith("by name"):
            state = [name for name in ours if name in theirs and (name in our_state or name in their_state)]
            return {name: name for name in state if ours[name].shape == theirs[name].shape}
        names = [[name for name, value in named.items() if value.is_floating_point()] for named in (our_state, their_state)]
        agree = [ours[name].shape for name in names[0]] == [theirs[name].shape for name in names[1]]
        return dict(zip(*names)) if agree else {}

    def to_mine(self, named: Tensors) -> dict[str, Tensor]:
        """Tensors of the reference (weights, buffers or gradients) under the names and in the layout of mine."""
        renamed = rename(named, self.rules)
        return {ours: renamed[theirs] for ours, theirs in self.pairs.items() if theirs in renamed}


def changed_buffers(module: nn.Module, trace: Trace) -> dict[str, Tensor]:
    """The buffers of a module that its forward changes in training."""
    return {
        name: value
        for name, value in buffers_of(module).items()
        if name.endswith(("running_mean", "running_var")) or not torch.equal(value, trace.buffers.get(name, value))
    }


def counterparts(mine: Trace, reference: Trace, sources: Mapping[str, str]) -> dict[str, str]:
    """The submodule of mine that stands for each submodule of the reference that was called.

    By name; else by the weights that both hold, the innermost where several hold the same; else, where the submodules
    without children have weights of the same shapes in the same order of execution, by that order.
    """
    ours = {name: frozenset(sources[p] for p in sources if under(p, name)) for name in mine.names()}
    theirs = {name: frozenset(p for p in sources.values() if under(p, name)) for name in reference.names()}

    def same_siblings(name: str) -> bool:
        parents = [side.module.get_submodule(owner(name)) for side in (mine, reference)]
        return not name.rpartition(".")[2].isdigit() or len(list(parents[0].children())) == len(list(parents[1].children()))

    found = {n: n for n in theirs if n in ours and ours[n] == theirs[n] and (theirs[n] or same_siblings(n))} | {"": ""}

    groups: dict[frozenset, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    taken = set(found.values())
    for name, held in ours.items():
        if held and name not in taken:
            groups[held][0].append(name)
    for name, held in theirs.items():
        if held and name not in found:
            groups[held][1].append(name)
    for a, b in groups.values():
        if a and b:
            found |= zip(b, a) if len(a) == len(b) else [(b[-1], a[-1])]

    leaves = [
        [c.name for c in side.calls if not list(side.module.get_submodule(c.name).children())] for side in (mine, reference)
    ]
    shapes = [[own_shapes(side, name) for name in names] for side, names in zip((mine, reference), leaves)]
    if shapes[0] == shapes[1] and all(found.get(b, a) == a for a, b in zip(*leaves)):
        found |= zip(leaves[1], leaves[0])
    return found


def own_shapes(trace: Trace, name: str) -> list[torch.Size]:
    return [value.shape for value in trace.module.get_submodule(name).parameters(recurse=False)]
