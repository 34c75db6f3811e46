"""`groundup bench [NAME]`."""

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from groundup.errors import UserError, unknown

CHECKOUT = Path(__file__).parents[2]
NOT_BENCHES = {"__init__", "timing", "results", "ngram", "tables", "time_to_accuracy"}


def bench(name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One of them; all by default.")] = None) -> None:
    """Measure what groundup costs: ratios of CPU time, one thread, interleaved with the peer."""
    folder = CHECKOUT / "benchmarks"
    if not folder.is_dir():
        raise UserError("the benchmarks are part of a checkout (the folder benchmarks/), not of the installed package")
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem not in NOT_BENCHES)
    if name is not None and name not in names:
        raise unknown("benchmark", name, names)
    sys.path.insert(0, str(CHECKOUT))
    failed = False
    for chosen in [name] if name else names:
        for row in importlib.import_module(f"benchmarks.{chosen}").bench():
            failed |= row.bound is not None and row.value > row.bound
            print(row, flush=True)
    raise typer.Exit(1 if failed else 0)
