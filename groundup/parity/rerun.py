"""The reference once more, with a mistake in it: what would it then have given?"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from unittest.mock import patch

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from groundup.parity import (
    mistakes_of_arithmetic,
    mistakes_of_attention,
    mistakes_of_layers,
    mistakes_of_losses,
    mistakes_of_norms,
)
from groundup.parity.compare import tensors_in
from groundup.parity.mistakes import Mistake, holders, made
from groundup.parity.trace import Call, Trace, buffers_of, parameters_of, watch


@cache
def all_mistakes() -> tuple[Mistake, ...]:
    files = (mistakes_of_attention, mistakes_of_norms, mistakes_of_layers, mistakes_of_losses, mistakes_of_arithmetic)
    return tuple(mistake for file in files for mistake in file.mistakes())


@dataclass(frozen=True)
class Outcome:
    """What a run of one submodule of the reference gave: outputs, and by full names its buffers and gradients."""

    outputs: list[Tensor]
    buffers: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor]
    input_gradients: list[Tensor | None]


def rerun(reference: Trace, call: Call, mode: str, seed: int, output_gradients: Sequence[Tensor | None] = ()) -> Outcome:
    """The call once more, on a fresh copy of the submodule, with the inputs it was given."""
    module = copy.deepcopy(reference.original.get_submodule(call.name)).train(mode == "training")
    values = iter(call.inputs)

    def given(value: object) -> object:
        if not isinstance(value, Tensor):
            return value
        value = next(values).clone()
        return value.requires_grad_().clone() if value.is_floating_point() else value

    args, kwargs = tree_map(given, (call.args, call.kwargs))
    live = tensors_in((args, kwargs))
    input_gradients = watch(live)
    torch.default_generator.manual_seed(seed)
    outputs = tensors_in(module(*args, **kwargs))
    pairs = [(a, b) for a, b in zip(outputs, output_gradients) if b is not None and a.requires_grad and a.shape == b.shape]
    if pairs:
        torch.autograd.backward(*zip(*pairs))

    def full(named: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {f"{call.name}.{name}".lstrip("."): value for name, value in named.items()}

    gradients = {n: torch.zeros_like(p) if p.grad is None else p.grad for n, p in parameters_of(module).items()}
    return Outcome([output.detach() for output in outputs], full(buffers_of(module)), full(gradients), input_gradients)


def called(names: Iterable[str], reference: Trace, call: Call, mode: str, seed: int) -> set[str]:
    """Which of these functions the submodule calls."""
    seen: set[str] = set()

    def spy(name: str, original):
        return lambda *args, **kwargs: (seen.add(name), original(*args, **kwargs))[1]

    with ExitStack() as stack:
        for name in set(names):
            for holder, attribute in holders(name):
                stack.enter_context(patch.object(holder, attribute, spy(name, getattr(holder, attribute))))
        rerun(reference, call, mode, seed)
    return seen


def outcomes(reference: Trace, call: Call, mode: str, seed: int, gradients: Sequence = ()) -> Iterator[tuple[Mistake, Outcome]]:
    """What the submodule gives under each mistake that could be made in it."""
    if any(tensor.is_complex() for tensor in call.live):
        return
    functions = called((mistake.function for mistake in all_mistakes()), reference, call, mode, seed)
    for mistake in all_mistakes():
        if mistake.function in functions:
            try:
                with made(mistake):
                    outcome = rerun(reference, call, mode, seed, gradients)
            except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
                continue  # the mistake does not go with these arguments
            yield mistake, outcome
