"""`groundup list`."""

import json as json_format
from typing import Annotated

import typer

from groundup.cli.contents import KINDS
from groundup.cli.options import Json
from groundup.errors import unknown


def list_names(
    what: Annotated[str | None, typer.Argument(metavar=f"[{'|'.join(KINDS)}]", help="Which kind; all by default.")] = None,
    json: Json = False,
) -> None:
    """List what is here: models, recipes, data sets, the parts that they are made of, and lessons."""
    if what is not None and what not in KINDS:
        raise unknown("list", what, KINDS)
    rows = [row for kind in ([what] if what else KINDS) for row in KINDS[kind]()]
    if json:
        print(json_format.dumps(rows))
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for kind in dict.fromkeys(row["kind"] for row in rows):
        print(kind)
        for row in rows:
            if row["kind"] == kind:
                print(f"  {row['name']:<{width}}  {row['summary']}{reached(row)}")


def reached(row: dict) -> str:
    """What a recipe was measured to reach, in words."""
    if "measured" not in row:
        return ""
    if row["measured"] is None:
        return "  (not measured yet)"
    return "  (" + ", ".join(f"{name} {value['mean']:.4g}" for name, value in row["measured"]["metrics"].items()) + ")"
