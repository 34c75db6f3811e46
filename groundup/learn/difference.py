"""How a learner's result differs from the expected one, in a sentence: its kind, shape, type or values, and where."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from groundup.parity.compare import relative_error

TOLERANCE = 1e-6
Leaf = tuple[str, object]


def leaves(value: object, place: str = "") -> Iterator[Leaf]:
    """The single values of a nest of rows and mappings, each with the place where it stands, such as "gradient of x"."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from leaves(part, f"{place}, {key}" if place else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes | torch.Size):
        yield f"how many there are in {place}" if place else "how many there are", len(value)
        for number, part in enumerate(value):
            yield from leaves(part, f"{place}[{number}]")
    else:
        yield place, value


def kept(value: object) -> object:
    """The same nest, of copies that nothing changes any more."""
    if isinstance(value, Mapping):
        return {key: kept(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | torch.Size):
        return [kept(part) for part in value]
    if isinstance(value, Tensor):
        return value.detach().cpu().clone()
    return value.copy() if isinstance(value, np.ndarray) else value


def difference(mine: object, expected: object) -> str | None:
    """What is not as expected, in words; None where all is."""
    ours, theirs = dict(leaves(mine)), dict(leaves(expected))
    for place, value in theirs.items():
        if place not in ours:
            return f"{subject(place)} is missing: the result is of another kind ({kind(mine)}, expected {kind(expected)})"
        if found := leaf_difference(ours[place], value):
            return f"{subject(place)} {found}"
    more = [place for place in ours if place not in theirs]
    return f"{subject(more[0])} is there, and is not asked for" if more else None


def subject(place: str) -> str:
    if not place:
        return "the result"
    if place.startswith("["):
        return f"the result's {place}"
    return place if place.startswith("how many") else f"the {place}"


def kind(value: object) -> str:
    """What a value is, as one would say it."""
    if value is None:
        return "None"
    words = {Tensor: "a tensor", np.ndarray: "a NumPy array", dict: "a dict", list: "a list", tuple: "a tuple", str: "a string"}
    return words.get(type(value), f"of type {type(value).__name__}")


def leaf_difference(mine: object, expected: object) -> str | None:
    if isinstance(expected, Tensor | np.ndarray):
        if mine is None:
            return f"is None, where {kind(expected)} is expected: does every way through the function end in a return?"
        if type(mine) is not type(expected) and not (isinstance(mine, Tensor) and isinstance(expected, Tensor)):
            return f"is {kind(mine)}; expected is {kind(expected)} of shape {tuple(expected.shape)}"
        return tensor_difference(torch.as_tensor(mine), torch.as_tensor(expected))
    if isinstance(mine, Tensor | np.ndarray):
        return f"is {kind(mine)} of shape {tuple(mine.shape)}; expected is {shown(expected)}"
    if isinstance(expected, float) and isinstance(mine, int | float) and not isinstance(mine, bool):
        close = math.isclose(mine, expected, rel_tol=TOLERANCE, abs_tol=1e-9) or (math.isnan(mine) and math.isnan(expected))
        return None if close else f"is {mine:.6g}; expected is {expected:.6g}"
    if type(mine) is not type(expected) or mine != expected:
        return f"is {shown(mine)}; expected is {shown(expected)}"
    return None


def shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def tensor_difference(mine: Tensor, expected: Tensor) -> str | None:
    if mine.shape != expected.shape:
        return f"has shape {tuple(mine.shape)}; expected is {tuple(expected.shape)}"
    if mine.dtype != expected.dtype:
        return f"is of {mine.dtype}; expected is {expected.dtype}"
    if mine.is_complex() or not mine.is_floating_point():
        wrong = mine != expected
    elif relative_error(mine, expected) <= TOLERANCE:
        return None
    else:
        scale = expected[expected.isfinite()].abs().max().item() if expected.isfinite().any() else 1.0
        wrong = ~torch.isclose(mine, expected, rtol=0, atol=TOLERANCE * (scale or 1.0), equal_nan=True)
    if not wrong.any():
        return None
    gap = (mine.double() - expected.double()).abs().nan_to_num(math.inf) if not mine.is_complex() else (mine - expected).abs()
    place = np.unravel_index(int(gap.where(wrong, -1.0).flatten().argmax()), tuple(mine.shape)) if mine.dim() else ()
    yours, theirs = number(mine[tuple(place)]), number(expected[tuple(place)])
    if not mine.dim():
        return f"is {yours}; expected is {theirs}"
    where = ", ".join(str(int(index)) for index in place)
    count = f"all {wrong.numel()}" if wrong.all() else f"{int(wrong.sum())} of {wrong.numel()}"
    return f"is wrong in {count} numbers; the furthest is at [{where}]: it is {yours}, expected is {theirs}"


def number(value: Tensor) -> str:
    value = value.item()
    return f"{value:.6g}" if isinstance(value, float) else str(value)
