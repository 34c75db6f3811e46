"""What a submodule hands to its inner ones and returns, beside what the reference hands and returns."""

from collections.abc import Callable

from torch import Tensor

from groundup.parity.relations import equal, origins, relation
from groundup.parity.trace import Call, Trace, owner, under


def wiring(mine: Trace, reference: Trace, ours: Call, theirs: Call, partner: Callable, tolerance: float) -> str:
    """The first inner submodule that is given something else, or what else is returned."""
    sides = (mine, ours), (reference, theirs)
    for inner in inner_calls(reference, theirs.name):
        own = partner(inner)
        if own is None:
            continue
        known = tuple(made_before(*side, end) for side, end in zip(sides, (own, inner)))
        for a, b in zip(own.inputs, inner.inputs):
            if not equal(a, b, tolerance):
                return told(f"`{own.name}` is given", a, b, known, tolerance)
    known = tuple(made_before(*side) for side in sides)
    for a, b in zip(ours.outputs, theirs.outputs):
        if not equal(a, b, tolerance):
            return told("what is returned is", a, b, known, tolerance, both=True)
    return ""


def made_before(trace: Trace, call: Call, end: Call | None = None) -> list[tuple[str, Tensor]]:
    """What a call had at hand, with names: its inputs and the outputs of its inner calls, up to one of them."""
    inputs = [value for value in call.inputs if value.is_floating_point()]
    known = [("the input" if len(inputs) == 1 else f"input {i + 1}", value) for i, value in enumerate(inputs)]
    for inner in inner_calls(trace, call.name):
        if inner is end:
            break
        known += [(f"the output of `{inner.name}`", value) for value in inner.outputs or () if value.is_floating_point()]
    return known


def forgotten(reference: Trace, theirs: Call, partner: Callable) -> str:
    """An inner submodule that is given fewer tensors than the reference gives it."""
    for inner in inner_calls(reference, theirs.name):
        own = partner(inner)
        if own is not None and len(own.live) < len(inner.live):
            count = f"{len(own.live)} of the {len(inner.live)} tensors that the reference gives it"
            return f"`{own.name}` is given {count}: {lacking(own, inner)}"
    return ""


def lacking(own: Call, inner: Call) -> str:
    """The arguments that only the reference's call has, by keyword or by place."""
    names = [f"`{name}`" for name in inner.kwargs if name not in own.kwargs]
    places = [f"argument {place + 1}" for place in range(len(own.args), len(inner.args))]
    return f"{', '.join([*names, *places]) or 'one'} is missing"


def told(start: str, a: Tensor, b: Tensor, known: tuple[list, list], tolerance: float, both: bool = False) -> str:
    """What the two tensors are made of; "" where that is not known, of both or of one."""
    mine, theirs = (next(origins(tensor, side, tolerance), None) for tensor, side in zip((a, b), known))
    if mine and theirs:
        return f"{start} {mine} in mine, and {theirs} in the reference"
    if both:
        return ""
    found = relation(a, b, (), (), tolerance)
    if mine:
        return f"{start} {mine} in mine"
    if theirs:
        return f"{start} {theirs} in the reference" + (f": {found}" if found else "")
    return f"{start} something else: {found}" if found else ""


def inner_calls(trace: Trace, name: str) -> list[Call]:
    """The calls of the submodule's own children, in the order in which they began."""
    return [call for call in trace.calls if call.name != name and under(call.name, name) and direct(trace, call.name, name)]


def direct(trace: Trace, name: str, parent: str) -> bool:
    """Whether nothing that was called lies between the two."""
    between = owner(name)
    while between != parent:
        if (between, 0) in trace.at:
            return False
        between = owner(between)
    return True
