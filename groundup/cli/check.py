"""`groundup check RECIPE`."""

from typing import Annotated

import typer

from groundup.cli.options import Data


def check(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE|FILE.py:NAME", help="A recipe's name, or a function of your file.")],
    data: Data = None,
) -> None:
    """Look a recipe over before a long run: shapes, gradients, leaks, first loss, one batch learnt by heart, time."""
    from groundup.engine.preflight import check_recipe
    from groundup.engine.run import with_data
    from groundup.recipes.catalog import load_recipe

    plan, _ = load_recipe(recipe)
    failed = 0
    for finding in check_recipe(with_data(plan, data)):
        mark = {None: "    ", True: "ok  ", False: "FAIL"}[finding.good]
        failed += finding.good is False
        print(f"{mark} {finding.name:<13} {finding.message}", flush=True)
    raise typer.Exit(1 if failed else 0)
