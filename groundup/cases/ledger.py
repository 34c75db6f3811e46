"""All cases together, and `docs/parity.md`, which the program writes from them."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

import groundup.cases
from groundup.cases.case import Case, Result

KINDS = ("op", "layer", "loss", "optimizer", "schedule", "model", "tokenizer", "sampler")

HEADER = """# The parity ledger

Written by `groundup verify --all --ledger docs/parity.md`; not to be edited by hand.

Each row is proven by the tests and, at any time, by `groundup verify NAME`. A row holds when the largest relative error
max|ours - theirs| / max|theirs|, of the outputs and of the gradients, in float64, on every rung and with every parameter
and buffer random, keeps the bound. Level A: a live independent implementation (`composed`: a network that the case builds
from `torch.nn` alone). B: golden numbers or equations worked by hand. C: self-consistency only.
"""


@cache
def all_cases() -> dict[str, Case]:
    """Every case of this folder by name."""
    found: dict[str, Case] = {}
    for module in modules():
        for case in getattr(importlib.import_module(module), "CASES", ()):
            if case.name in found:
                raise ValueError(f"two cases are called {case.name!r}; the second is in {module}")
            found[case.name] = case
    return dict(sorted(found.items(), key=lambda item: (KINDS.index(item[1].kind), item[0].lower())))


def modules() -> Iterator[str]:
    """The dotted names of the files that hold cases."""
    for info in pkgutil.walk_packages(groundup.cases.__path__, "groundup.cases."):
        if not info.ispkg and info.name.count(".") > 2:
            yield info.name


def table(results: list[Result]) -> str:
    """The ledger's text. Bounds stand in it, not the errors: those differ in the last digits from machine to machine."""
    lines = [HEADER]
    for kind in KINDS:
        rows = [row for row in results if row.kind == kind]
        if rows:
            lines += [
                f"## {kind.capitalize()}s",
                "",
                "| name | level | reference | outputs | gradients |",
                "|---|---|---|---|---|",
            ]
        for row in rows:
            errors = (shown(error, row.bound) for error in (row.forward_error, row.gradient_error))
            lines.append(f"| {row.name} | {row.level} | {row.reference} | {' | '.join(errors)} |")
        lines += [""] * bool(rows)
    return "\n".join(lines)


def shown(error: float | None, bound: float) -> str:
    if error is None:
        return "-"
    return f"<= {bound:.0e}" if error <= bound else "FAILS"
