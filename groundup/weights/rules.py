"""Linear, invertible rules that turn a peer's state dict into ours and back; gradients map by the same rules.

A pattern is a dotted name in which each `{}` stands for any run of characters, the same ones on both sides:
`Rename("h.{}.ln_1.{}", "blocks.{}.attention_norm.{}")`. Rules are tried in order; the first that knows a name handles it,
and a name that no rule knows stays as it is.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

State = dict[str, Tensor]


def match(pattern: str, name: str) -> tuple[str, ...] | None:
    """What the `{}` of the pattern stand for in this name; None where the name is of another form."""
    found = re.fullmatch("(.+?)".join(map(re.escape, pattern.split("{}"))), name)
    return found.groups() if found else None


@dataclass(frozen=True)
class Rename:
    """Their tensor under our name."""

    theirs: str
    ours: str

    def into(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        parts = match(self.theirs, name)
        return None if parts is None else {self.ours.format(*parts): state[name]}

    def out(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        parts = match(self.ours, name)
        return None if parts is None else {self.theirs.format(*parts): state[name]}


@dataclass(frozen=True)
class Transpose:
    """Their tensor with its two dimensions swapped, under our name (GPT-2's `Conv1D` keeps its weights as (in, out))."""

    theirs: str
    ours: str

    def into(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        parts = match(self.theirs, name)
        return None if parts is None else {self.ours.format(*parts): state[name].mT.contiguous()}

    def out(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        parts = match(self.ours, name)
        return None if parts is None else {self.theirs.format(*parts): state[name].mT.contiguous()}


@dataclass(frozen=True)
class Unsqueeze:
    """Their tensor with `dims` dimensions of 1 in front (a table of positions that they keep without a batch)."""

    theirs: str
    ours: str
    dims: int = 1

    def into(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        parts = match(self.theirs, name)
        return None if parts is None else {self.ours.format(*parts): state[name][(None,) * self.dims]}

    def out(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        parts = match(self.ours, name)
        if parts is None:
            return None
        if state[name].shape[: self.dims] != (1,) * self.dims:
            raise ValueError(f"{name} of shape {tuple(state[name].shape)} has not {self.dims} dimensions of 1 in front")
        return {self.theirs.format(*parts): state[name][(0,) * self.dims]}


@dataclass(frozen=True)
class Reshape:
    """Their neighbouring dimensions, from `dim` on, laid out as one (a linear layer that they hold as a convolution).

    `sizes` are what they are on their side; one of them may be -1, whatever it is.
    """

    theirs: str
    ours: str
    sizes: tuple[int, ...]
    dim: int = 0

    def into(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        parts = match(self.theirs, name)
        if parts is None:
            return None
        shape = tuple(state[name].shape)
        found = shape[self.dim : self.dim + len(self.sizes)]
        if len(found) < len(self.sizes) or any(asked not in (-1, size) for asked, size in zip(self.sizes, found, strict=True)):
            raise ValueError(f"{name} of shape {shape} has not the sizes {self.sizes} from dimension {self.dim} on")
        return {self.ours.format(*parts): state[name].flatten(self.dim, self.dim + len(self.sizes) - 1).contiguous()}

    def out(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        parts = match(self.ours, name)
        if parts is None:
            return None
        shape, known = tuple(state[name].shape), math.prod(size for size in self.sizes if size != -1)
        if shape[self.dim] % known or (-1 not in self.sizes and shape[self.dim] != known):
            raise ValueError(f"{name} of shape {shape} does not divide into the sizes {self.sizes} at dimension {self.dim}")
        return {self.theirs.format(*parts): state[name].unflatten(self.dim, self.sizes).contiguous()}


@dataclass(frozen=True)
class Split:
    """Their one tensor, cut into equal parts along a dimension, one for each of our names; `transpose` swaps first."""

    theirs: str
    ours: tuple[str, ...]
    dim: int = 0
    transpose: bool = False

    def into(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        parts = match(self.theirs, name)
        if parts is None:
            return None
        whole = state[name].mT if self.transpose else state[name]
        if whole.shape[self.dim] % len(self.ours):
            raise ValueError(f"{name} of shape {tuple(state[name].shape)} does not divide into {len(self.ours)} parts")
        pieces = whole.chunk(len(self.ours), self.dim)
        return {ours.format(*parts): piece.contiguous() for ours, piece in zip(self.ours, pieces, strict=True)}

    def out(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        for position, pattern in enumerate(self.ours):
            parts = match(pattern, name)
            if parts is None:
                continue
            if position:  # the first part carries the others out
                return {}
            whole = torch.cat([state[ours.format(*parts)] for ours in self.ours], self.dim)
            return {self.theirs.format(*parts): (whole.mT if self.transpose else whole).contiguous()}
        return None


@dataclass(frozen=True)
class Tie:
    """Their second name for a tensor that we hold once, as `ours`: dropped on the way in, written again on the way out."""

    theirs: str
    ours: str

    def into(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        return None if match(self.theirs, name) is None else {}

    def again(self, name: str, state: Mapping[str, Tensor]) -> State:
        parts = match(self.ours, name)
        return {} if parts is None else {self.theirs.format(*parts): state[name]}


@dataclass(frozen=True)
class Drop:
    """Their constant (a mask, a table of positions) that we do not keep: `constant()` makes it again on the way out.

    It is written once for each of our names that matches `beside`.
    """

    theirs: str
    beside: str
    constant: Callable[[], Tensor]

    def into(self, name: str, state: Mapping[str, Tensor]) -> State | None:
        return None if match(self.theirs, name) is None else {}

    def again(self, name: str, state: Mapping[str, Tensor]) -> State:
        parts = match(self.beside, name)
        return {} if parts is None else {self.theirs.format(*parts): self.constant()}


Rule = Rename | Transpose | Unsqueeze | Reshape | Split | Tie | Drop


def rename(state: Mapping[str, Tensor], rules: Sequence[Rule]) -> State:
    """Their state (or gradients) under our names and in our layout."""
    ours: State = {}
    for name in state:
        handled = next((found for rule in rules if (found := rule.into(name, state)) is not None), {name: state[name]})
        twice = ours.keys() & handled.keys()
        if twice:
            raise ValueError(f"two of their tensors claim {', '.join(sorted(twice))}; the second is {name}")
        ours |= handled
    return ours


def restore(state: Mapping[str, Tensor], rules: Sequence[Rule]) -> State:
    """Our state under their names and in their layout: the inverse of `rename`."""
    moving = [rule for rule in rules if isinstance(rule, Rename | Transpose | Unsqueeze | Reshape | Split)]
    adding = [rule for rule in rules if isinstance(rule, Tie | Drop)]
    theirs: State = {}
    for name in state:
        theirs |= next((found for rule in moving if (found := rule.out(name, state)) is not None), {name: state[name]})
        for rule in adding:
            theirs |= rule.again(name, state)
    return theirs
