"""Mistakes that people make in the parts of a network, and a way to make them on purpose.

A Mistake replaces one function (`softmax`, `layer_norm`) while a block runs. A reference that is run under the mistake and
then gives just what a learner's module gives has told what is wrong with that module.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import torch
import torch.nn.functional as F

from groundup.ops.ladder import Ladder, active_rung


@dataclass(frozen=True)
class Mistake:
    """`change(original, *args, **kwargs)` takes the place of torch's function of this name, and of the op of this name.

    `cause` completes the sentence "Likely cause: ...".
    """

    function: str
    cause: str
    change: Callable


def holders(function: str) -> Iterator[tuple[object, str]]:
    """Every place that a function of torch is called from: the object and the name of its attribute."""
    for owner in (F, torch, torch.Tensor, torch._VF):
        if hasattr(owner, function):
            yield owner, function
    for name, module in list(sys.modules.items()):
        if name.startswith("groundup.ops.") and isinstance(getattr(module, function, None), Ladder):
            yield getattr(module, function), active_rung()


@contextmanager
def made(mistake: Mistake) -> Iterator[None]:
    """Within the block the mistake is made by whoever calls the function. Not for several threads at once."""
    inside = False

    def mistaken(original: Callable) -> Callable:
        def call(*args, **kwargs):
            nonlocal inside
            if inside:  # the mistake itself may call the function
                return original(*args, **kwargs)
            inside = True
            try:
                return mistake.change(original, *args, **kwargs)
            finally:
                inside = False

        return call

    with ExitStack() as stack:
        for owner, name in holders(mistake.function):
            stack.enter_context(patch.object(owner, name, mistaken(getattr(owner, name))))
        yield
