"""`groundup verify NAME...`: hold things against their references, here and now."""

import json as json_format
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from groundup.cli.options import Json
from groundup.errors import UserError, unknown


def verify(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Ops, layers, losses, optimisers, models.")] = None,
    all: Annotated[bool, typer.Option("--all", help="Everything there is.")] = False,
    ledger: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the ledger of all results (with --all).")] = None,
    json: Json = False,
) -> None:
    """Prove things equal to their independent references: outputs and gradients, in float64, on every rung."""
    from groundup.cases.case import OpCase
    from groundup.cases.ledger import all_cases, table

    cases = all_cases()
    if bool(names) == all:
        raise UserError("name what to verify, such as conv2d or lenet5, or give --all")
    if ledger is not None and not all:
        raise UserError("--ledger is written from all results: add --all")
    for name in names or ():
        if name not in cases:
            raise unknown("case", name, cases)
    chosen = [cases[name] for name in (cases if all else names)]
    lacking = sorted({package for case in chosen for package in case.missing()})
    if lacking:
        raise UserError(f"the references need {', '.join(lacking)}: pip install 'groundup[reference]'")
    results = []
    for case in chosen:
        result = case.run()
        results.append(result)
        if json:
            continue
        print(
            f"{'ok  ' if result.passed else 'FAIL'} {result.kind:<9} {result.name:<34} level {result.level}  "
            f"outputs {shown(result.forward_error)}  gradients {shown(result.gradient_error)}  against {result.reference}"
        )
        if isinstance(case, OpCase) and not all:
            print_rungs(case)
    if json:
        print(json_format.dumps([asdict(result) for result in results]))
    if ledger is not None:
        ledger.write_text(table(results), encoding="utf-8")
    failed = [result.name for result in results if not result.passed]
    if not json:
        print(f"{len(results) - len(failed)} of {len(results)} hold" + (f"; not: {', '.join(failed)}" if failed else ""))
    raise typer.Exit(1 if failed else 0)


def shown(error: float | None) -> str:
    return "   -   " if error is None else f"{error:.1e}"


def print_rungs(case) -> None:
    """Each rung's errors, and what it costs here."""
    for name in case.rungs():
        errors, cost = case.measure_rung(name), case.cost(name)
        print(
            f"       {name:<8} outputs {shown(errors.forward)}  gradients {shown(errors.gradient)}  "
            f"{cost.milliseconds:9.2f} ms  {cost.megabytes:7.2f} MB"
        )
