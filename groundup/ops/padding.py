"""Padding: more pixels around a picture, made up from those that it has."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from groundup.ops.ladder import Ladder

MODES = ("constant", "reflect", "replicate", "circular")


def padded_places(size: int, before: int, after: int, mode: str, input: Tensor) -> Tensor:
    """Which pixel stands at each place of a padded direction: (before + size + after)."""
    most = {"reflect": size - 1, "circular": size, "replicate": math.inf if size else 0}[mode]
    if max(before, after) > most:
        raise ValueError(f"pad: {size} pixels cannot be padded by {before} and {after} in mode {mode!r}")
    places = torch.arange(-before, size + after, device=input.device)
    if mode == "reflect":
        return (size - 1) - ((size - 1) - places.abs()).abs()
    if mode == "replicate":
        return places.clamp(0, size - 1)
    first, kept = max(0, -before), size + min(0, before) + min(0, after)  # what is taken away does not come round again
    return first + (places - first) % kept


def pad_tensors(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """The input with more pixels around it, or fewer where `pad` is negative.

    `pad` is (before, after) for the last dimension, then for the one before it, and so on. The new pixels are `value` (0 if
    None), or by `mode` the picture mirrored at its border pixels ("reflect"), the border pixels repeated ("replicate"), or
    the picture's other end ("circular").

    Shapes: (..., size, ...) -> (..., before + size + after, ...).
    Raises: ValueError for an unknown mode, an odd number of paddings or more than there are dimensions, a value where the
    mode makes up its own, and a padding that the picture is too small for.
    Equals: torch.nn.functional.pad.
    """
    if mode not in MODES:
        raise ValueError(f"pad: no mode is called {mode!r}: choose one of {', '.join(MODES)}")
    if len(pad) % 2 or len(pad) > 2 * input.dim():
        raise ValueError(
            f"pad takes two numbers for each of the last dimensions that it pads; "
            f"it was given {tuple(pad)} for an input {tuple(input.shape)}"
        )
    sides = [(-1 - i, before, after) for i, (before, after) in enumerate(zip(pad[::2], pad[1::2]))]
    if any(min(0, before) + input.shape[dim] + min(0, after) < 0 for dim, before, after in sides):
        raise ValueError(f"pad: {tuple(pad)} takes away more than an input {tuple(input.shape)} has")
    if mode == "constant":
        return torch.constant_pad_nd(input, list(pad), value or 0)
    if value:
        raise ValueError(f"pad: mode {mode!r} takes no value; it was given {value}")
    for dim, before, after in sides:
        input = input.index_select(dim, padded_places(input.shape[dim], before, after, mode, input))
    return input


pad = Ladder(pad_tensors, fused=F.pad)
