"""Where two modules part: the same weights, the same input, and the first submodule that computes something else."""

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from groundup.errors import UserError
from groundup.parity.align import Alignment, Unaligned, counterparts
from groundup.parity.causes import cause_of_buffer, cause_of_gradient, cause_of_output
from groundup.parity.compare import apart, furthest, magnitude
from groundup.parity.divergence import Divergence, nearest, size, told
from groundup.parity.trace import Call, Trace, arguments, in_double, owner, parameters_of, under
from groundup.weights.rules import Rule

SLIGHT = 1e-3  # a residual stream may hide most of what a submodule does wrong, but not this much


def diverge(
    mine: nn.Module,
    reference: nn.Module,
    inputs: Tensor | Sequence | Mapping | None = None,
    *,
    rules: Sequence[Rule] = (),
    tolerance: float = 1e-6,
    seed: int = 0,
) -> Divergence:
    """The first submodule of mine that computes something else than the reference's does, or whose gradient is another.

    Copies of both get the same random weights and the same input, in float64 on the CPU, in evaluation and in training
    mode. The global generator is seeded before every call of a submodule, so that dropout draws the same masks in both.
    `rules` turn the reference's names and layouts into mine; without them weights go by name, or by the order of their
    shapes. `inputs` are one tensor, a row of positional arguments or a mapping of keyword arguments; left out, they are
    guessed from the reference's first weight.

    A submodule is named where its output differs although its inputs agree, the innermost such, in the reference's order of
    execution. Where all outputs and then all buffers agree, the gradients are followed back from the output, and the first
    submodule is named that is given the same gradient and hands on another.

    Raises: UserError where the reference itself cannot be run on the inputs, or no inputs could be guessed.
    """
    dtype = torch.get_default_dtype()
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.set_default_dtype(torch.float64)  # for what a forward makes for itself: a first state, a table of positions
        try:
            return locate(in_double(mine), in_double(reference), inputs, rules, tolerance, seed)
        except Unaligned as unaligned:
            return Divergence(False, nearest(unaligned.place, mine), unaligned.what, None, str(unaligned))
        finally:
            torch.set_default_dtype(dtype)


def locate(
    mine: nn.Module, reference: nn.Module, inputs: object, rules: Sequence[Rule], tolerance: float, seed: int
) -> Divergence:
    args, kwargs = arguments(inputs, reference, seed)

    def traces(mode: str) -> tuple[Trace, Trace]:
        pair = Trace(mine, args, kwargs, mode, seed), Trace(reference, args, kwargs, mode, seed)
        if pair[1].raised is not None:
            raise UserError(f"the reference itself fails on these inputs: {told(pair[1].raised)}") from pair[1].raised
        if not any(output.isfinite().any() for output in pair[1].calls[0].outputs):
            raise UserError("the reference returns no tensor with a finite number (tuples, lists and dicts are looked into)")
        return pair

    alignment = Alignment(mine, reference, traces("training"), rules, seed)
    comparisons = [Comparison(*traces(mode), alignment, mode, tolerance, seed) for mode in ("evaluation", "training")]
    for find in (Comparison.output_fault, Comparison.buffer_fault, Comparison.gradient_fault):
        for comparison in comparisons:
            if fault := find(comparison):
                return fault
    count = sum(value.numel() for value in mine.parameters())
    error = max(comparison.root_error() for comparison in comparisons)
    shapes = ", ".join(str(tuple(value.shape)) for value in comparison.reference.calls[0].inputs)
    message = (
        f"Compared were the outputs, buffers and gradients of {len(comparison.found) - 1} submodules and {count:,} parameters, "
        f"matched {alignment.how}, on input of shape {shapes}, in evaluation and in training mode. "
        f"The largest error of the output is {error:.1e}."
    )
    return Divergence(True, None, "", error, message)


class Comparison:
    """One pass of both modules, side by side; each method answers with a Divergence or None."""

    def __init__(self, mine: Trace, reference: Trace, alignment: Alignment, mode: str, tolerance: float, seed: int):
        self.mine, self.reference, self.alignment, self.mode = mine, reference, alignment, mode
        self.tolerance, self.seed = tolerance, seed
        self.found = counterparts(mine, reference, alignment.sources)

    def partner(self, theirs: Call) -> Call | None:
        return self.mine.at.get((self.found.get(theirs.name), theirs.nth))

    def same_inputs(self, ours: Call, theirs: Call) -> bool:
        numbers = ours.plain_inputs(), theirs.plain_inputs()
        if any(numbers[0][key] != numbers[1][key] for key in numbers[0].keys() & numbers[1].keys()):
            return False
        rows = ours.inputs, theirs.inputs
        if len(rows[0]) != len(rows[1]):
            rows = ours.distinct_inputs(), theirs.distinct_inputs()
        if len(rows[0]) != len(rows[1]) and self.could_take(ours, theirs):
            return False  # mine was not given what it could have been given: a mask that its container forgot
        return furthest(*rows) <= self.tolerance

    def could_take(self, ours: Call, theirs: Call) -> bool:
        try:
            inspect.signature(self.mine.module.get_submodule(ours.name).forward).bind(*theirs.args, **theirs.kwargs)
        except TypeError:
            return False
        return True

    def output_error(self, ours: Call, theirs: Call) -> float:
        whole = theirs is self.reference.calls[0]
        if ours.outputs is None or (whole and len(ours.outputs) != len(theirs.outputs)):
            return float("inf")
        return furthest(ours.outputs, theirs.outputs)

    def root_error(self) -> float:
        return self.output_error(self.mine.calls[0], self.reference.calls[0])

    def output_fault(self) -> Divergence | None:
        if self.root_error() <= SLIGHT * self.tolerance:
            return None
        agreed = 0
        for theirs in self.reference.finished:
            ours = self.partner(theirs)
            if ours is None or not self.same_inputs(ours, theirs):
                continue
            error = self.output_error(ours, theirs)
            if error > self.tolerance:
                difference = self.difference(ours, theirs, error)
                message = f"the inputs of {self.title(ours, theirs)} agree and its output does not: {difference}."
                cause = cause_of_output(
                    self.mine, self.reference, ours, theirs, self.partner, self.mode, self.tolerance, self.seed
                )
                return self.fault("output", ours.name, error, f"{message} {self.context(ours, theirs, agreed)}", cause)
            agreed += 1
        return None

    def buffer_fault(self) -> Divergence | None:
        expected = self.alignment.to_mine(self.reference.buffers)
        order = {name: place for place, name in enumerate(self.mine.names())}
        for name in sorted(self.alignment.state, key=lambda name: order.get(owner(name), len(order))):
            error = apart(self.mine.buffers[name], expected[name])
            if error > self.tolerance:
                message = f"all outputs agree, but the buffer `{name}` does not after the call: {size(error)}."
                return self.fault("buffer", owner(name), error, message, self.buffers_cause(owner(name)))
        return None

    def gradient_fault(self) -> Divergence | None:
        expected = self.alignment.to_mine(self.reference.gradients)
        scale = magnitude([*expected.values(), *self.reference.calls[0].input_gradients])
        errors = {name: apart(self.mine.gradients[name], value, scale) for name, value in expected.items()}
        wrong = {name: error for name, error in errors.items() if error > self.tolerance}
        inputs = furthest(*(side.calls[0].input_gradients for side in (self.mine, self.reference)), scale)
        if max([inputs, *errors.values()]) <= SLIGHT * self.tolerance:
            return None
        shared = self.shared_parameters()
        for agreed, theirs in enumerate(reversed(self.reference.calls)):  # children come before what called them
            ours = self.partner(theirs)
            if ours is None or furthest(ours.output_gradients, theirs.output_gradients, scale) > self.tolerance:
                continue
            leaving = {f"its parameter `{n}`": e for n, e in wrong.items() if under(n, ours.name) and n not in shared}
            leaving["its input"] = furthest(ours.input_gradients, theirs.input_gradients, scale)
            part, error = max(leaving.items(), key=lambda item: item[1])
            if error > self.tolerance:
                message = f"all outputs agree, and so does the gradient that reaches {self.title(ours, theirs)}, but not that of"
                message = f"{message} {part}: {size(error)}. {self.context(ours, theirs, agreed)}"
                return self.fault("gradient", ours.name, error, message, self.gradients_cause(ours, theirs))
        if wrong:  # only the sum over several uses of a parameter is another
            name = max(wrong, key=wrong.get)
            message = f"all outputs agree, but the gradient of the parameter `{name}`, which is used more than once, does not"
            return self.fault("gradient", owner(name), wrong[name], f"{message}: {size(wrong[name])}.")
        return None

    def outputs_cause(self, ours: Call, theirs: Call) -> str:
        return cause_of_output(self.mine, self.reference, ours, theirs, self.partner, self.mode, self.tolerance, self.seed)

    def buffers_cause(self, place: str) -> str:
        theirs = next((theirs for theirs, ours in self.found.items() if ours == place), None)
        call = self.reference.at.get((theirs, 0))
        to_mine = self.alignment.to_mine
        return cause_of_buffer(self.mine, self.reference, call, to_mine, self.mode, self.tolerance, self.seed) if call else ""

    def gradients_cause(self, ours: Call, theirs: Call) -> str:
        to_mine = self.alignment.to_mine
        return cause_of_gradient(self.mine, self.reference, ours, theirs, to_mine, self.mode, self.tolerance, self.seed)

    def shared_parameters(self) -> set[str]:
        """The parameters whose gradient is a sum over several calls or names, and so says nothing of one call."""
        parameters = parameters_of(self.mine.module)
        uses = Counter(map(id, parameters.values()))
        return {name for name, value in parameters.items() if uses[id(value)] > 1 or (owner(name), 1) in self.mine.at}

    def title(self, ours: Call, theirs: Call) -> str:
        kind = type(self.mine.module.get_submodule(ours.name)).__name__
        name = f"`{ours.name}` ({kind})" if ours.name else f"the module itself ({kind})"
        if ours.name != theirs.name:
            name += f", in the reference `{theirs.name}`,"
        return f"{name} in its call number {ours.nth + 1}" if (ours.name, 1) in self.mine.at else name

    def difference(self, ours: Call, theirs: Call, error: float) -> str:
        if ours.outputs is None:
            return "mine gives none"
        if len(ours.outputs) != len(theirs.outputs):
            return f"mine returns {len(ours.outputs)} tensors, the reference {len(theirs.outputs)}"
        shapes = next(((a.shape, b.shape) for a, b in zip(ours.outputs, theirs.outputs) if a.shape != b.shape), None)
        if shapes:
            return f"its shape is {tuple(shapes[0])} in mine and {tuple(shapes[1])} in the reference"
        return size(error)

    def context(self, ours: Call, theirs: Call, agreed: int) -> str:
        """What is known of the calls before it and inside it."""
        inside = [name for name in self.reference.names() if name != theirs.name and under(name, theirs.name)]
        alone = [f"`{name}` of the reference" for name in inside if name not in self.found]
        added = [name for name in self.mine.names() if under(name, ours.name) and name not in self.found.values()]
        alone += [f"`{name}` of mine" for name in added]
        text = f"Calls of submodules that agreed before it: {agreed}."
        if alone:
            more = " and others" if len(alone) > 4 else ""
            text += f" It was compared as a whole, since {', '.join(alone[:4])}{more} found no counterpart."
        elif inside:
            text += " No submodule inside it is at fault, so it is what its own forward does between them."
        return text

    def fault(self, what: str, place: str, error: float, message: str, cause: str = "") -> Divergence:
        text = f"In {self.mode} mode {message} The weights were matched {self.alignment.how}."
        if self.mine.raised is not None:
            text += f" Mine raised {told(self.mine.raised)}"
        return Divergence(False, place, what, error if error < float("inf") else None, text, cause)
