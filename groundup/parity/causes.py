"""Why two submodules differ: the likely cause, in words.

Three ways are tried, the surest first. A known mistake is made in the reference: if it then gives just what mine gives,
that is the mistake. The wiring is compared: what is handed to each inner submodule, and what is returned. Last, the two
results are: one may be a multiple of the other, or the other in another order.
"""

from collections.abc import Callable, Sequence

from torch import Tensor

from groundup.parity.relations import equal, factor, relation
from groundup.parity.rerun import outcomes
from groundup.parity.trace import Call, Trace, buffers_of, parameters_of, under
from groundup.parity.wiring import forgotten, inner_calls, wiring


def all_equal(ours: Sequence[Tensor | None], theirs: Sequence[Tensor | None], tolerance: float) -> bool:
    pairs = [(a, b) for a, b in zip(ours, theirs) if a is not None and b is not None]
    return len(ours) == len(theirs) and bool(pairs) and all(equal(a, b, tolerance) for a, b in pairs)


def cause_of_output(
    mine: Trace, reference: Trace, ours: Call, theirs: Call, partner: Callable, mode: str, tolerance: float, seed: int
) -> str:
    """Why the outputs of a submodule differ although its inputs agree; "" where nothing is found."""
    if ours.outputs is None:
        return ""
    if found := forgotten(reference, theirs, partner):
        return found
    for mistake, outcome in outcomes(reference, theirs, mode, seed):
        if all_equal(ours.outputs, outcome.outputs, tolerance):
            return mistake.cause
    if inner_calls(reference, theirs.name) and (found := wiring(mine, reference, ours, theirs, partner, tolerance)):
        return found
    module = reference.original.get_submodule(theirs.name)
    parameters = [(f"the parameter `{name}`", value.detach()) for name, value in parameters_of(module).items()]
    inputs = [("the input", value) for value in theirs.inputs if value.is_floating_point()]
    for a, b in zip(ours.outputs, theirs.outputs):
        if not equal(a, b, tolerance):
            return relation(a, b, inputs, parameters, tolerance) or ""
    return ""


def cause_of_buffer(
    mine: Trace, reference: Trace, theirs: Call, to_mine: Callable, mode: str, tolerance: float, seed: int
) -> str:
    """Why a buffer differs after the call."""
    for mistake, outcome in outcomes(reference, theirs, mode, seed):
        expected = to_mine(outcome.buffers)
        if expected and all(equal(mine.buffers[name], value, tolerance) for name, value in expected.items()):
            return mistake.cause
    before = to_mine({name: value for name, value in buffers_of(reference.original).items() if under(name, theirs.name)})
    after = to_mine(reference.buffers)
    for name, old in before.items():
        if equal(mine.buffers[name], after[name], tolerance):
            continue
        if equal(mine.buffers[name], old, tolerance):
            return f"`{name}` is never moved"
        if equal(after[name], old, tolerance):
            return f"`{name}` is moved in {mode} mode, where the reference leaves it"
        share = factor(mine.buffers[name] - old, after[name] - old, tolerance)
        if share is not None:
            return f"another momentum: `{name}` moves {share:.3g} times as far as the reference's"
    return ""


def cause_of_gradient(
    mine: Trace, reference: Trace, ours: Call, theirs: Call, to_mine: Callable, mode: str, tolerance: float, seed: int
) -> str:
    """Why the gradients that leave a submodule differ although those that reach it agree."""
    if not any(gradient is not None for gradient in ours.output_gradients):
        return "its output takes no gradient: a detach(), .data or no_grad() stands in its way"
    for mistake, outcome in outcomes(reference, theirs, mode, seed, ours.output_gradients):
        expected = to_mine(outcome.gradients)
        if not all_equal(ours.outputs, outcome.outputs, tolerance):
            continue
        parameters = all(equal(mine.gradients[name], value, tolerance) for name, value in expected.items())
        if parameters and all_equal(ours.input_gradients, outcome.input_gradients, tolerance):
            return mistake.cause
    stopped = [g for g in ours.input_gradients if g is not None]
    if stopped and not any(g.any() for g in stopped) and any(g is not None and g.any() for g in theirs.input_gradients):
        return "no gradient flows on to its input: a detach(), .data or no_grad() stands in its way"
    for a, b in zip(ours.input_gradients, theirs.input_gradients):
        if a is not None and b is not None and not equal(a, b, tolerance):
            found = relation(a, b, (), (), tolerance)
            return f"of the gradient of the input, {found}" if found else ""
    their_gradients = to_mine({n: g for n, g in reference.gradients.items() if under(n, theirs.name)})
    for name, value in their_gradients.items():
        if not equal(mine.gradients[name], value, tolerance):
            if not mine.gradients[name].any():
                return f"no gradient reaches `{name}`: it is detached, frozen or copied"
            found = relation(mine.gradients[name], value, (), (), tolerance)
            return f"of the gradient of `{name}`, {found}" if found else ""
    return ""
